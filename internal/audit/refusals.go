// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"sync"
	"time"
)

// MaxRefusals is how many refusals are kept.
const MaxRefusals = 1000

// Refusal is what is known of a request that was refused.
type Refusal struct {
	Time    time.Time `json:"time"`
	Kind    Kind      `json:"kind"`
	Request string    `json:"request"`
	User    string    `json:"user,omitempty"`
	App     string    `json:"app,omitempty"`
	Address string    `json:"address,omitempty"`
	Reason  string    `json:"reason,omitempty"`
}

// Refusals is a sink that keeps the last [MaxRefusals] requests that were refused or
// failed, so that somebody who reads an ID out to the operator can be told why. The zero
// value is ready. What it keeps lives in memory; a log has all.
type Refusals struct {
	mu   sync.Mutex
	kept []Refusal
	next int
}

// Record implements [Sink].
func (r *Refusals) Record(e Event) {
	switch e.Kind {
	case Denied, HandoffRefused, LoginFailed, WordRefused, Failure:
	default:
		return
	}
	if e.Request == "" {
		return
	}
	kept := Refusal{
		Time: time.Now().UTC().Truncate(time.Second), Kind: e.Kind, Request: e.Request,
		User: line(e.User), App: e.App, Reason: line(e.Reason),
	}
	if e.Address.IsValid() {
		kept.Address = e.Address.String()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.kept) < MaxRefusals {
		r.kept = append(r.kept, kept)
		return
	}
	r.kept[r.next] = kept
	r.next = (r.next + 1) % MaxRefusals
}

// Find returns what is known of a request, the last of it when there are several, and
// false when nothing is known any more.
func (r *Refusals) Find(request string) (Refusal, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := range r.kept {
		// From the newest on.
		at := (r.next + len(r.kept) - 1 - i) % len(r.kept)
		if r.kept[at].Request == request {
			return r.kept[at], true
		}
	}
	return Refusal{}, false
}
