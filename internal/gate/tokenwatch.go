// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
)

// errTokenEnded is the cause with which the context of a request is cancelled when its
// token is worth nothing any more.
var errTokenEnded = errors.New("access token ended")

// tokenWatch cuts what runs for long by a token when the token has ended, or its person is
// shut out or may not open it any more.
type tokenWatch struct {
	visit visit

	ctx    context.Context
	cancel context.CancelCauseFunc
	rounds
}

// watchToken begins to watch a request, which goes on under the context of the watch.
func watchToken(v *visit) *tokenWatch {
	w := &tokenWatch{visit: *v}
	w.ctx, w.cancel = context.WithCancelCause(v.r.Context())
	w.begin(w.look)
	return w
}

// look is for rounds. A store that cannot answer cuts nothing.
func (w *tokenWatch) look() (cut func()) {
	w.visit.now = time.Now().Round(0)
	_, user, err := w.visit.grant(w.ctx)
	switch {
	case errors.Is(err, accesstoken.ErrNone), errors.Is(err, errDisabled):
		return func() { w.cancel(errTokenEnded) }
	case err == nil && !w.visit.App.Policy.Decide(user, w.visit.asked).Identify:
		return func() { w.cancel(errNotAllowed) }
	}
	return nil
}

// release ends the watch. Again does nothing.
func (w *tokenWatch) release() {
	w.rounds.release()
	w.cancel(context.Canceled)
}
