// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package house

import (
	"context"
	"sync"
	"sync/atomic"

	"go.uber.org/zap"
)

// firstUser remembers whether it was noted that users exist.
type firstUser struct {
	note  func() error
	mu    sync.Mutex
	noted atomic.Bool
}

// lookForFirstUser is told that a user may have been changed. A commit that failed
// has made nobody: were that noted, the store would count as lost from then on.
func (h *House) lookForFirstUser() {
	if h.first.noted.Load() {
		return
	}
	known, err := h.Users.Any(context.Background())
	switch {
	case err != nil:
		h.logger.Error("cannot find out whether there are users", zap.Error(err))
	case known:
		h.noteFirstUser()
	}
}

// noteFirstUser leaves the mark that users have existed. One that could not be
// left is tried again with the next change of a user.
func (h *House) noteFirstUser() {
	h.first.mu.Lock()
	defer h.first.mu.Unlock()
	if h.first.noted.Load() {
		return
	}
	if h.first.note != nil {
		if err := h.first.note(); err != nil {
			h.logger.Error("cannot note that users exist", zap.Error(err))
			return
		}
	}
	h.first.noted.Store(true)
}
