// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
)

// busyRetry is when a browser may try again whose password could not be checked
// because too many were being checked.
const busyRetry = 2 * time.Second

// loginForm is the sign-in page. Whoever is signed in goes straight on.
func (v *visit) loginForm() {
	s, _, err := v.current()
	switch {
	case err != nil:
		v.stuck(err)
	case s != nil:
		v.dispatch(s.State(), v.returnTo())
	case !v.plainAddress():
		v.dispatch(nil, v.returnTo())
	default:
		v.showLogin(http.StatusOK, pages.Login{Notice: v.notice()})
	}
}

// notice returns why somebody who wanted to go on is asked to sign in, where they may
// not expect it. Whoever has signed out in an app still shows the portal's cookie here,
// and knows: of a session that was ended nothing is held.
func (v *visit) notice() pages.LoginNotice {
	if v.Setup != nil && v.Setup.Pending(v.r.Context()) {
		return pages.LoginNobody
	}
	if id, err := v.held(); err != nil || id.IsZero() || v.Live.IsEnding(id) {
		return ""
	}
	return pages.LoginEnded
}

// plainAddress reports whether the address of the sign-in page holds where to go
// and nothing else, so that it may be kept, shared and opened elsewhere.
func (v *visit) plainAddress() bool {
	if v.r.URL.RawQuery == "" {
		return true
	}
	query, err := url.ParseQuery(v.r.URL.RawQuery)
	_, _, known := v.destination(query.Get(handoff.ParamReturnTo))
	return err == nil && known && len(query) == 1 && len(query[handoff.ParamReturnTo]) == 1
}

// showLogin fills in what every sign-in page has in common.
func (v *visit) showLogin(status int, page pages.Login) {
	page.Site = v.siteTo(v.returnTo())
	page.Remember, page.Remembered = v.Limits.Remember, v.asksToRemember()
	if target, address, ok := v.destination(v.returnTo()); ok {
		page.ReturnTo = address
		page.Destination = target.App
	}
	v.show(status, page)
}

// login checks name and password and starts a session.
func (v *visit) login() {
	if !v.form() {
		return
	}
	name, password := v.r.PostForm.Get("username"), v.r.PostForm.Get("password")
	if name == "" || password == "" {
		v.refuse(http.StatusUnprocessableEntity, pages.Login{Problem: pages.LoginIncomplete}, name)
		return
	}
	user, err := v.authenticate(name, password)
	var throttled *throttle.Refused
	switch {
	case err == nil:
		v.start(user, []string{"pwd"}, v.returnTo())
	case errors.As(err, &throttled):
		v.note(name, "too many attempts")
		v.refuse(http.StatusTooManyRequests, pages.Login{Problem: pages.LoginThrottled, RetryAfter: throttled.RetryAfter}, name)
	case errors.Is(err, identity.ErrWrong):
		v.note(name, "wrong name or password")
		v.refuse(http.StatusUnauthorized, pages.Login{Problem: pages.LoginWrong}, name)
	case errors.Is(err, identity.ErrDisabled):
		v.note(name, "user is disabled")
		v.refuse(http.StatusForbidden, pages.Login{Problem: pages.LoginDisabled}, name)
	case errors.Is(err, identity.ErrBusy):
		v.note(name, "too many sign-ins at once")
		v.refuse(http.StatusServiceUnavailable, pages.Login{Problem: pages.LoginBusy, RetryAfter: busyRetry}, name)
	default:
		v.failed(err)
		v.refuse(http.StatusServiceUnavailable, pages.Login{Problem: pages.LoginUnavailable}, name)
	}
}

func (v *visit) refuse(status int, page pages.Login, name string) {
	page.Username = name
	v.showLogin(status, page)
}

// note records a sign-in that failed. What was typed is written down only when it
// is a user's name: people type their password into the wrong field.
func (v *visit) note(name, reason string) {
	canonical, err := local.Canonical(name)
	if err != nil || !v.Known(v.r.Context(), canonical) {
		canonical = ""
	}
	v.record(audit.Event{Kind: audit.LoginFailed, User: canonical, Reason: reason}, nil)
}

// authenticate asks the source, unless there have been too many wrong attempts.
func (v *visit) authenticate(name, password string) (*identity.User, error) {
	ctx := v.r.Context()
	trial, err := v.Throttle.Begin(ctx, v.attempt(name))
	if err != nil {
		return nil, err
	}
	defer trial.Close()
	user, err := v.Source.Authenticate(ctx, name, password)
	if errors.Is(err, identity.ErrWrong) {
		return nil, err
	}
	// Whatever else has happened, it was no wrong guess.
	if undo := trial.Forgive(ctx); undo != nil {
		v.failed(undo)
	}
	return user, err
}

// attempt is what is counted for a try to sign in under this name.
func (v *visit) attempt(name string) throttle.Attempt {
	canonical, err := local.Canonical(name)
	if err != nil {
		canonical = ""
	}
	a := throttle.Attempt{Name: canonical, Address: v.arrival.Client}
	if b := v.browser(); canonical != "" && b.Knows(canonical) {
		a.KnownBrowser = b.ID
	}
	return a
}

// start signs in somebody who has proven who they are.
func (v *visit) start(user *identity.User, amr []string, returnTo string) {
	s, err := v.begin(user, session.Login{
		AMR:      amr,
		Remember: v.asksToRemember(),
		Resume:   true,
		PerUser:  v.PerUser,
		Displaced: func(id store.ID) {
			v.record(audit.Event{Kind: audit.SessionsEnded, Session: id, Reason: "made room for a newer one", Count: 1}, user)
		},
	})
	switch {
	case err == nil:
		v.dispatch(s, returnTo)
	case errors.Is(err, session.ErrTooMany):
		v.record(audit.Event{Kind: audit.LoginFailed, Reason: "too many sessions"}, user)
		v.refuse(http.StatusForbidden, pages.Login{Problem: pages.LoginTooMany}, user.Name)
	default:
		v.failed(err)
		v.refuse(http.StatusServiceUnavailable, pages.Login{Problem: pages.LoginUnavailable}, user.Name)
	}
}

// begin starts a session for somebody who has proven who they are and gives the
// browser its token. Whatever session the browser had is over with the same commit.
func (v *visit) begin(user *identity.User, login session.Login) (*session.Session, error) {
	replaces, err := v.held()
	if err != nil {
		return nil, err
	}
	browser := v.browser()
	login.UserID, login.Origin, login.Limits, login.Replaces = user.ID, v.Origin, v.Limits, replaces
	login.Browser, login.Agent, login.Address = browser.ID, clip(v.r.UserAgent()), v.address()
	s, token, err := v.Sessions.Start(v.r.Context(), login, v.now)
	if err == nil {
		err = v.confirm(user, s)
	}
	if err != nil {
		return nil, err
	}
	v.record(audit.Event{Kind: audit.Login, Session: s.ID, App: login.Via}, user)
	v.cookies.SetFor(v.w.Header(), token, s.Keep(v.Limits, v.now))
	if login.Via == "" {
		v.remember(browser, user)
	}
	return s, nil
}

// asksToRemember reports whether the person wants to stay signed in at this
// browser. Whether they may is for the limits to say.
func (v *visit) asksToRemember() bool { return v.r.PostForm.Get("remember") != "" }

// address is where the browser is, or nothing where that is not known.
func (v *visit) address() string {
	if !v.arrival.Client.IsValid() {
		return ""
	}
	return v.arrival.Client.String()
}

// errChanged means that the person was changed while they signed in.
var errChanged = errors.New("user was changed during the sign-in")

// confirm looks at the person once more after their session is in the store. A
// password change or a disabling ends all sessions that it finds; this catches
// the session that was on its way at that moment.
func (v *visit) confirm(user *identity.User, s *session.Session) error {
	now, err := v.Source.User(v.r.Context(), user.ID)
	if err == nil && now.Version == user.Version && !now.Disabled {
		return nil
	}
	if err == nil {
		err = errChanged
	}
	return errors.Join(err, v.Sessions.End(v.r.Context(), s.ID))
}

// browser returns what is known of this browser, or a new name for it.
func (v *visit) browser() throttle.Browser {
	if b, ok := throttle.ParseBrowser(v.Seal, v.browserText); ok {
		return b
	}
	return throttle.NewBrowser()
}

// remember notes that this person has signed in at this browser, where nobody
// can lock them out from now on.
func (v *visit) remember(b throttle.Browser, user *identity.User) {
	b.Remember(user.Name)
	v.cookies.SetBrowser(v.w.Header(), b.Text(v.Seal))
}

// clip bounds what a browser says about itself.
func clip(agent string) string {
	const most = 512
	if len(agent) > most {
		return agent[:most]
	}
	return agent
}
