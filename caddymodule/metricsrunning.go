// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// runningMetrics shows the metrics of the configuration that runs, on whatever
// registry. Caddy gives its admin endpoint the registry of a configuration before it
// is known whether that can run at all, and does not take it back.
type runningMetrics struct{}

// Describe implements prometheus.Collector. A registry takes this collector and the
// house's own for the same one, and keeps whichever came first.
func (runningMetrics) Describe(to chan<- *prometheus.Desc) { newMetrics().Describe(to) }

// Collect implements prometheus.Collector.
func (runningMetrics) Collect(to chan<- prometheus.Metric) {
	module, err := caddy.ActiveContext().AppIfConfigured("gatehouse")
	if err != nil {
		return
	}
	if app := module.(*App); app.ready() == nil {
		app.operator.house.metrics.Collect(to)
	}
}
