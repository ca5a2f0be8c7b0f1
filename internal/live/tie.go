// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
)

// ErrEnded is the cause with which the context of a request is cancelled when
// its session ends.
var ErrEnded = errors.New("session ended")

// Tie binds a running request to its session, so that the session's end also
// cuts a stream that was opened before.
type Tie struct {
	// Context is done when the request is over or its session has ended.
	Context context.Context

	cancel  context.CancelCauseFunc
	session *Session
	index   int
}

// Tie binds a request. It answers false when the session has ended or has left
// memory in the meantime: find it again.
func (s *Session) Tie(parent context.Context) (*Tie, bool) {
	t := new(Tie)
	if !s.TieTo(t, parent) {
		return nil, false
	}
	return t, true
}

// TieTo is Tie with the caller's memory. The Tie is of use only when the answer is true.
func (s *Session) TieTo(t *Tie, parent context.Context) bool {
	t.session = s
	t.Context, t.cancel = context.WithCancelCause(parent)
	s.mu.Lock()
	defer s.mu.Unlock()
	// ended is set before the ties are collected under mu, so that no tie can
	// slip in between.
	if s.evicted || s.ended.Load() {
		t.cancel(ErrEnded)
		return false
	}
	t.index = len(s.ties)
	s.ties = append(s.ties, t)
	return true
}

// Release ends the bond when the request is over. It must be called.
func (t *Tie) Release() {
	t.Detach()
	t.cancel(context.Canceled)
}

// Detach lets the request outlive the session, for the one by which a person ends
// it. Release is called as ever.
func (t *Tie) Detach() {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.index < len(s.ties) && s.ties[t.index] == t {
		last := len(s.ties) - 1
		s.ties[t.index] = s.ties[last]
		s.ties[t.index].index = t.index
		s.ties[last] = nil
		s.ties = s.ties[:last]
	}
}

// Running returns how many requests run under the session.
func (s *Session) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ties)
}
