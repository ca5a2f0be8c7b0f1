// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
)

// watchTokenEvery is how often it is looked whether a request that is still running may
// go on, and how late it is cut.
const watchTokenEvery = 5 * time.Second

// errTokenEnded is the cause with which the context of a request is cancelled when its
// token is worth nothing any more.
var errTokenEnded = errors.New("access token ended")

// tokenWatch cuts what runs for long by a token when the token has ended, or its person is
// shut out or may not open it any more.
type tokenWatch struct {
	visit visit

	ctx    context.Context
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer
}

// watchToken begins to watch a request, which goes on under the context of the watch.
func watchToken(v *visit) *tokenWatch {
	w := &tokenWatch{visit: *v}
	w.ctx, w.cancel = context.WithCancelCause(v.r.Context())
	w.mu.Lock() // so that the timer is there when it ends
	defer w.mu.Unlock()
	w.timer = time.AfterFunc(watchTokenEvery, w.look)
	return w
}

// look cuts the request, or looks again later. A store that cannot answer cuts nothing.
func (w *tokenWatch) look() {
	w.visit.now = time.Now().Round(0)
	_, user, err := w.visit.grant(w.ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ctx.Err() != nil:
	case errors.Is(err, accesstoken.ErrNone), errors.Is(err, errDisabled):
		w.cancel(errTokenEnded)
	case err == nil && !w.visit.App.Policy.Decide(user, w.visit.asked).Identify:
		w.cancel(errNotAllowed)
	default:
		w.timer.Reset(watchTokenEvery)
	}
}

// release ends the watch. Again does nothing.
func (w *tokenWatch) release() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.timer.Stop()
	w.cancel(context.Canceled)
}
