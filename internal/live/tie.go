// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// ErrEnded is the cause with which the context of a request is cancelled when
// its session ends.
var ErrEnded = errors.New("session ended")

// ErrExpired is the cause with which the context of a stream is cancelled when
// nobody has ended its session, but its time is over.
var ErrExpired = errors.New("session expired")

// Tie binds a running request to its session, so that the session's end also
// cuts a stream that was opened before. It is the request's context, which is done
// when the request is over or has been cut.
type Tie struct {
	// Terms are set before the bond is made.
	Terms Terms

	cuttable
	session *Session
	index   int
	bits    atomic.Uint32
}

// Terms say what a request is to its session.
type Terms struct {
	// Limits are those of the configuration under which the request came.
	Limits session.Limits
	// Passive says that nothing it moves is a use of the session.
	Passive bool
	// Active says that the session is in use as long as the request is a stream.
	Active bool
	// Waits says that the request is a stream until its answer begins: one that
	// waits for news.
	Waits bool
}

// What a Tie knows of its request.
const (
	moved     uint32 = 1 << iota // bytes have moved since somebody looked
	begun                        // the answer has begun
	streaming                    // it goes on until somebody ends it
	cut                          // it may not go on
	noticed                      // it runs for so long that somebody has looked at it
)

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
	t.parent = parent
	if !s.add(t) {
		return false
	}
	if t.Terms.Passive {
		// Whatever counts as a use is watched on that account.
		s.live.watch(s)
	}
	return true
}

func (s *Session) add(t *Tie) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// ended is set before the ties are collected under mu, so that no tie can
	// slip in between.
	if s.evicted || s.ended.Load() {
		return false
	}
	t.index = len(s.ties)
	s.ties = append(s.ties, t)
	return true
}

// Move notes that bytes of the request or its answer are on their way, and reports
// whether they may be.
func (t *Tie) Move() bool {
	bits := t.bits.Load()
	if bits&moved == 0 {
		t.bits.Or(moved)
	}
	return bits&cut == 0
}

// Begin notes that the answer begins, and whether it is a stream: one that goes on
// until somebody ends it, such as a WebSocket or an event stream, and that ends with
// the session's time. Everything else may finish.
func (t *Tie) Begin(stream bool) {
	if !stream {
		t.bits.Or(begun)
		return
	}
	t.bits.Or(begun | streaming)
	t.session.live.watch(t.session)
}

// IsCut reports whether the request was cut on the session's account.
func (t *Tie) IsCut() bool { return t.bits.Load()&cut != 0 }

// isStream reports whether the session's time is the request's.
func (t *Tie) isStream() bool {
	bits := t.bits.Load()
	return bits&streaming != 0 || t.Terms.Waits && bits&begun == 0
}

// Session returns the session that the request runs under.
func (t *Tie) Session() *Session { return t.session }

// Cut cuts the request, as the end of its session does.
func (t *Tie) Cut(cause error) {
	t.bits.Or(cut)
	t.cut(cause)
}

// Release ends the bond when the request is over. It must be called.
func (t *Tie) Release() {
	if t.Detach() && t.bits.Load()&noticed != 0 {
		t.session.live.lastUse(t, time.Now().Round(0))
	}
	t.close()
}

// Detach lets the request outlive the session, for the one by which a person ends
// it, and reports whether there was a bond. Release is called as ever.
func (t *Tie) Detach() bool {
	s := t.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if t.index >= len(s.ties) || s.ties[t.index] != t {
		return false
	}
	last := len(s.ties) - 1
	s.ties[t.index] = s.ties[last]
	s.ties[t.index].index = t.index
	s.ties[last] = nil
	s.ties = s.ties[:last]
	return true
}

// Running returns how many requests run under the session.
func (s *Session) Running() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.ties)
}
