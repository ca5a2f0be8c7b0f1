// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import "testing"

// TestSummaryComparesWithinPairs: the machine drifts between rounds, so ratios
// are taken within a round and only then put in order.
func TestSummaryComparesWithinPairs(t *testing.T) {
	for name, test := range map[string]struct {
		pairs []pair
		want  string
	}{
		"none": {nil, "no rounds"},
		"odd": {
			[]pair{{1000, 900}, {100, 100}, {2000, 1600}},
			"gated/plain: median 0.900, from 0.800 to 1.000 in 3 rounds",
		},
		"even": {
			[]pair{{1000, 900}, {100, 100}},
			"gated/plain: median 0.950, from 0.900 to 1.000 in 2 rounds",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := summary(test.pairs); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}
