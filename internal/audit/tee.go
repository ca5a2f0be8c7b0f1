// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package audit

// Tee returns a sink that hands each event to all of these, in this order.
func Tee(sinks ...Sink) Sink { return tee(sinks) }

type tee []Sink

// Record implements [Sink].
func (t tee) Record(e Event) {
	for _, s := range t {
		s.Record(e)
	}
}
