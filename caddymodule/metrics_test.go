// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// Every metric is in docs/metrics.md, with its labels.
func TestEveryMetricIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/metrics.md")
	if err != nil {
		t.Fatal(err)
	}
	described := make(chan *prometheus.Desc)
	go func() {
		defer close(described)
		newMetrics().Describe(described)
	}()
	form := regexp.MustCompile(`fqName: "(\w+)".*variableLabels: \{([\w,]*)\}`)
	seen := 0
	for d := range described {
		found := form.FindStringSubmatch(d.String())
		if found == nil {
			t.Fatalf("%s has another form", d)
		}
		row := "| `" + found[1] + "{" + found[2] + "}` |"
		if found[2] == "" {
			row = "| `" + found[1] + "` |"
		}
		if seen++; !strings.Contains(string(page), row) {
			t.Errorf("docs/metrics.md has no %s", row)
		}
	}
	if seen == 0 {
		t.Error("no metrics")
	}
}
