// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"sync"
	"time"
)

// watchEvery is how often it is looked whether a request that is still running may go on,
// and how late it is cut.
const watchEvery = 5 * time.Second

// rounds look at a request that is still running, again and again.
type rounds struct {
	mu    sync.Mutex
	timer *time.Timer
	over  bool
}

// begin starts the rounds. look returns what cuts the request, or nil while it may go on;
// a request that is over by then is not cut.
func (r *rounds) begin(look func() (cut func())) {
	r.mu.Lock() // so that the timer is there when it ends
	defer r.mu.Unlock()
	r.timer = time.AfterFunc(watchEvery, func() {
		cut := look()
		r.mu.Lock()
		defer r.mu.Unlock()
		switch {
		case r.over:
		case cut != nil:
			r.over = true
			cut()
		default:
			r.timer.Reset(watchEvery)
		}
	})
}

// release ends the rounds. Again does nothing.
func (r *rounds) release() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	r.timer.Stop()
}
