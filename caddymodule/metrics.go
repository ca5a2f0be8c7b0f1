// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/house"
	"github.com/gatehouse-sso/gatehouse/store"
)

// metrics are what Gatehouse tells Prometheus. They live in the house, so that a
// reload does not set counters back; each configuration shows them on its registry.
type metrics struct {
	house *house.House

	logins    *prometheus.CounterVec
	decisions *prometheus.CounterVec
	commits   prometheus.Histogram
}

func newMetrics() *metrics {
	return &metrics{
		logins: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_logins_total",
			Help: "Sign-ins at the portal, by result.",
		}, []string{"result"}),
		decisions: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "gatehouse_gate_decisions_total",
			Help: "Requests at the gates, by app and by what became of them: passed on to the app, answered by the gate, or denied (which are answered too).",
		}, []string{"app", "decision"}),
		commits: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name:    "gatehouse_store_commit_seconds",
			Help:    "How long a durable write took, waiting included.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 8),
		}),
	}
}

// The rest is read from the store when somebody asks.
var (
	liveDescription     = prometheus.NewDesc("gatehouse_sessions_live", "Sessions in the store. Those that have expired since the last sweep, half a minute ago at most, are among them.", nil, nil)
	sessionsDescription = prometheus.NewDesc("gatehouse_sessions_warm", "Sessions in memory: all that were used lately.", nil, nil)
	endingDescription   = prometheus.NewDesc("gatehouse_sessions_ending", "Sessions that are refused and whose end is not stored yet. Other than 0 means that the store fails.", nil, nil)
	writesDescription   = prometheus.NewDesc("gatehouse_store_writes_total", "Changes, touches and counted reads written to the store.", nil, nil)
	sizeDescription     = prometheus.NewDesc("gatehouse_store_size_bytes", "Size of the store's file.", nil, nil)
	freeDescription     = prometheus.NewDesc("gatehouse_store_free_bytes", "How much of the store's file is free for reuse.", nil, nil)
	toldDescription     = prometheus.NewDesc("gatehouse_backchannel_logouts_total", "Logouts that apps were to be told of, by app and by what became of them: told, refused by the app, or lost, since it did not answer for too long or too many waited.", []string{"app", "result"}, nil)
	untoldDescription   = prometheus.NewDesc("gatehouse_backchannel_failures_total", "Attempts to tell an app of a logout that had no good answer, by app. Each is made again.", []string{"app"}, nil)
	waitingDescription  = prometheus.NewDesc("gatehouse_backchannel_waiting", "Logouts that an app has not taken yet, by app.", []string{"app"}, nil)
)

// Describe implements prometheus.Collector.
func (m *metrics) Describe(to chan<- *prometheus.Desc) {
	m.logins.Describe(to)
	m.decisions.Describe(to)
	m.commits.Describe(to)
	for _, d := range []*prometheus.Desc{
		liveDescription, sessionsDescription, endingDescription, writesDescription, sizeDescription, freeDescription,
		toldDescription, untoldDescription, waitingDescription,
	} {
		to <- d
	}
}

// show shows metrics on a configuration's registry, where they may be already.
func show(m prometheus.Collector, registry *prometheus.Registry) error {
	err := registry.Register(m)
	if errors.As(err, new(prometheus.AlreadyRegisteredError)) {
		return nil
	}
	return err
}

// Collect implements prometheus.Collector.
func (m *metrics) Collect(to chan<- prometheus.Metric) {
	m.logins.Collect(to)
	m.decisions.Collect(to)
	m.commits.Collect(to)
	gauge := func(d *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, kind, value, labels...)
	}
	gauge(sessionsDescription, prometheus.GaugeValue, float64(m.house.Live.Warm()))
	gauge(endingDescription, prometheus.GaugeValue, float64(len(m.house.Live.Ending())))
	if n, known := m.house.Count(context.Background()); known {
		gauge(liveDescription, prometheus.GaugeValue, float64(n))
	}
	stats := m.house.Stats()
	gauge(writesDescription, prometheus.CounterValue, float64(stats.Writes))
	gauge(sizeDescription, prometheus.GaugeValue, float64(stats.Size))
	gauge(freeDescription, prometheus.GaugeValue, float64(stats.Free))
	for _, s := range m.house.Backchannel.Stats() {
		gauge(toldDescription, prometheus.CounterValue, float64(s.Told), s.App, "told")
		gauge(toldDescription, prometheus.CounterValue, float64(s.Refused), s.App, "refused")
		gauge(toldDescription, prometheus.CounterValue, float64(s.Lost), s.App, "lost")
		gauge(untoldDescription, prometheus.CounterValue, float64(s.Failed), s.App)
		gauge(waitingDescription, prometheus.GaugeValue, float64(s.Waiting), s.App)
	}
}

// Record implements audit.Sink.
func (m *metrics) Record(e audit.Event) {
	switch e.Kind {
	case audit.Login:
		m.logins.WithLabelValues("ok").Inc()
	case audit.LoginFailed:
		m.logins.WithLabelValues(e.Reason).Inc()
	case audit.WordRefused:
		// Not by reason, so that tokens are told from passwords.
		m.logins.WithLabelValues(string(e.Kind)).Inc()
	case audit.Denied:
		m.decisions.WithLabelValues(e.App, "denied").Inc()
	}
}

// appMetrics are the counters that a request touches.
type appMetrics struct {
	passed, answered prometheus.Counter
}

func (m *metrics) app(name string) *appMetrics {
	return &appMetrics{
		passed:   m.decisions.WithLabelValues(name, "passed"),
		answered: m.decisions.WithLabelValues(name, "answered"),
	}
}

// time returns the store with its commits timed.
func (m *metrics) time(s store.Store) store.Store { return &timed{Store: s, commits: m.commits} }

type timed struct {
	store.Store
	commits prometheus.Histogram
}

func (t *timed) Commit(ctx context.Context, changes ...store.Change) error {
	begun := time.Now()
	err := t.Store.Commit(ctx, changes...)
	t.commits.Observe(time.Since(begun).Seconds())
	return err
}

// Healthy implements store.Health where the store does.
func (t *timed) Healthy(ctx context.Context) error {
	if h, ok := t.Store.(store.Health); ok {
		return h.Healthy(ctx)
	}
	return nil
}

// Count implements store.Counter where the store does.
func (t *timed) Count(ctx context.Context, kind store.Kind, at time.Time) (int, error) {
	if c, ok := t.Store.(store.Counter); ok {
		return c.Count(ctx, kind, at)
	}
	return 0, errors.ErrUnsupported
}

// Scrub implements store.Scrubber where the store does.
func (t *timed) Scrub(ctx context.Context) error {
	if s, ok := t.Store.(store.Scrubber); ok {
		return s.Scrub(ctx)
	}
	return nil
}

// Stats implements store.Meter where the store does.
func (t *timed) Stats() store.Stats {
	if m, ok := t.Store.(store.Meter); ok {
		return m.Stats()
	}
	return store.Stats{}
}
