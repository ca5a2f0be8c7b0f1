// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// view is what one session looks like to one app: the headers, ready to be set.
// It is reused until something that it was made of has changed, or half of the
// assertion's life is over.
type view struct {
	// What the view was made of, compared at each use. The app itself stands for
	// its policy, its audience and its headers: a changed configuration has
	// another App.
	app   *App
	state *session.Session
	user  *identity.User
	kid   string
	// The assertion is used from and until.
	from, until time.Time

	// told is the user as the app knows them.
	told   *identity.User
	names  []string
	values []string
	// tags are those of the person's cookies, by place; nil where cookies are shared.
	tags []*appcookie.Tag

	// expires is the last text made for the header of that name: the same for all
	// requests of a second.
	expires atomic.Pointer[expiry]
}

// expiry is the end of a session in seconds since 1970, and the text for it.
type expiry struct {
	seconds int64
	text    string
}

// maxLines is how many lines a view has at most: one for each name in Headers, and
// Authorization.
const maxLines = 7

// backwards is how far the clock may go back before an assertion counts as one
// from the future. It is less than the time for which an assertion counts before
// it was made.
const backwards = 10 * time.Second

// view returns the session's view of the app, and signs a new assertion only
// when the one at hand will not do.
func (v *visit) view(s *live.Session, user *identity.User) (*view, error) {
	state := s.State()
	kid := v.Keys.Current(v.App.Signer.Algorithm)
	old, ok := s.Prepared(v.App.Name).(*view)
	if ok && old.fits(v.App, state, user, kid, v.now) {
		return old, nil
	}
	fresh, err := v.newView(keyring.Claims{SessionID: state.ID.String(), AuthTime: state.AuthTime, AMR: state.AMR}, user, kid)
	if err != nil {
		return nil, err
	}
	fresh.state = state
	fresh.tags = v.tags(state, old)
	s.Prepare(v.App.Name, fresh)
	return fresh, nil
}

func (w *view) fits(app *App, state *session.Session, user *identity.User, kid string, now time.Time) bool {
	return w.app == app && w.state == state && w.user == user && w.kid == kid &&
		!now.Before(w.from) && now.Before(w.until)
}

// newView signs an assertion about a user. The claims say how it is known who they are;
// the rest is filled in.
func (v *visit) newView(claims keyring.Claims, user *identity.User, kid string) (*view, error) {
	told, err := v.App.Naming.Of(user)
	if err != nil {
		return nil, err
	}
	claims.Issuer, claims.Audience = v.Portal, v.App.Name
	claims.Subject, claims.Name, claims.FullName = told.ID, told.Name, told.FullName
	claims.Email, claims.Groups = told.Email, told.Groups
	token, _, err := v.Keys.Sign(v.App.Signer, claims, v.now, v.App.Lifetime)
	if err != nil {
		return nil, err
	}
	w := &view{app: v.App, user: user, told: told, kid: kid, from: v.now.Add(-backwards), until: v.now.Add(v.App.Lifetime / 2)}
	w.names, w.values = v.App.Headers.Lines(told, token)
	authorization, err := v.App.authorization(user)
	if err != nil {
		return nil, err
	}
	if authorization != "" {
		w.names, w.values = append(w.names, "Authorization"), append(w.values, authorization)
	}
	return w, fit(w.names, w.values)
}

// CanTell returns why the app cannot be told who the user is, as it will be when they
// come: an [UnnamedError], or nil. The length of an assertion is not known before.
func (a *App) CanTell(u *identity.User) error {
	told, err := a.Naming.Of(u)
	if err != nil {
		return err
	}
	if _, err := a.authorization(u); err != nil {
		return err
	}
	return fit(a.Headers.Lines(told, ""))
}

// apply sets the headers for a session that ends at end; the zero time is never. The slices that go into the header belong to this
// request alone, since handlers further on may change a header in place.
func (w *view) apply(h http.Header, lines *[maxLines]string, end time.Time) {
	copy(lines[:], w.values)
	for i, name := range w.names {
		h[name] = lines[i : i+1 : i+1]
	}
	if name := w.app.Headers.Expires; name != "" && !end.IsZero() {
		i := len(w.names)
		lines[i] = w.expiry(end.Unix())
		h[name] = lines[i : i+1 : i+1]
	}
}

func (w *view) expiry(seconds int64) string {
	if last := w.expires.Load(); last != nil && last.seconds == seconds {
		return last.text
	}
	fresh := &expiry{seconds, strconv.FormatInt(seconds, 10)}
	w.expires.Store(fresh)
	return fresh.text
}
