// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
)

// pair is what one round measured, in requests per second.
type pair struct{ plain, gated float64 }

func (p pair) ratio() float64 { return p.gated / p.plain }

// summary states the median of the ratios and how far they spread. The ratio of
// a pair is compared, since the machine drifts more between rounds than within.
func summary(pairs []pair) string {
	ratios := make([]float64, len(pairs))
	for i, p := range pairs {
		ratios[i] = p.ratio()
	}
	slices.Sort(ratios)
	if len(ratios) == 0 {
		return "no rounds"
	}
	return fmt.Sprintf("gated/plain: median %.3f, from %.3f to %.3f in %d rounds",
		median(ratios), ratios[0], ratios[len(ratios)-1], len(ratios))
}

func median(sorted []float64) float64 {
	half := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[half]
	}
	return (sorted[half-1] + sorted[half]) / 2
}
