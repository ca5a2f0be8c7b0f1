// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/live"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

// paramToken is where an app writes its word into an address.
const paramToken = "token"

// bringsWord reports whether an address brings the word of an app.
func bringsWord(address *url.URL) bool { return address.Query().Has(paramToken) }

// holdsWord reports whether an app's word might stand in a query, however it is written.
func holdsWord(address *url.URL) bool {
	query := address.RawQuery
	if plain, err := url.QueryUnescape(query); err == nil {
		query = plain
	}
	// Beside what cannot be decoded a name may be written in escapes, and is heard.
	return strings.Contains(query, paramToken) || bringsWord(address)
}

// orWord is a step at an address to which apps may send people with their word. It
// arrives in the address of a GET and in no other way (docs/decisions/0009).
func orWord(next step) step {
	return func(v *visit) {
		if len(v.Vouchers) == 0 || !bringsWord(v.r.URL) {
			next(v)
			return
		}
		v.hear()
	}
}

// hear takes the word of an app for who somebody is. It signs nobody in: where it counts,
// the person is asked, at an address without the token.
func (v *visit) hear() {
	if v.r.Method != http.MethodGet || !handoff.Began(v.r) || !fillsTab(v.r.Header) {
		// A prefetch, an image or a frame must not use up what was made for a person.
		pages.Plain(v.w, http.StatusForbidden, v.arrival.ID)
		return
	}
	s, signedIn, err := v.current()
	if err != nil {
		v.stuck(err)
		return
	}
	// Counted before it is looked at, so that nobody finds out a key by trying.
	trial, err := v.Throttle.BeginWord(v.r.Context(), v.arrival.Client)
	if err != nil {
		v.wordRefused(voucher.Word{}, nil, err)
		return
	}
	defer trial.Close()
	word, user, err := v.read()
	if err == nil {
		err = v.take(word, user, s, signedIn)
	}
	if !isWrong(err) {
		if undo := trial.Forgive(v.r.Context()); undo != nil {
			v.failed(undo)
		}
	}
	if err != nil {
		v.wordRefused(word, user, err)
	}
}

// fillsTab reports whether the browser will show the answer by itself, as far as it says so.
func fillsTab(h http.Header) bool {
	dest := h["Sec-Fetch-Dest"]
	return len(dest) == 0 || dest[0] == "document"
}

// errWord is why the word of an app does not count. Its text is for the log.
type errWord string

func (e errWord) Error() string { return string(e) }

// isWrong reports whether the word of an app does not count, for whatever reason; other
// errors are ours.
func isWrong(err error) bool {
	_, wrong := errors.AsType[errWord](err)
	return wrong || errors.Is(err, voucher.ErrSpent) || errors.Is(err, voucher.ErrTooMany)
}

// read returns whom an app has sent. What it returns beside an error is for the log.
func (v *visit) read() (voucher.Word, *identity.User, error) {
	tokens := v.r.URL.Query()[paramToken]
	if len(tokens) != 1 {
		return voucher.Word{}, nil, errWord("more than one token in the address")
	}
	_, host, _ := strings.Cut(v.Origin, "://")
	word, err := v.Vouchers.Read(tokens[0], host, v.now)
	if err != nil {
		return word, nil, errWord(err.Error())
	}
	user, err := v.named(v.r.Context(), word.Username)
	switch {
	case errors.Is(err, identity.ErrUnknown):
		return word, nil, errWord("token names nobody who has an account here")
	case err != nil:
		return word, nil, err
	}
	return word, user, v.vouched(word.App, user)
}

// named returns the person of that name. Nobody is made by an app's word.
func (v *visit) named(ctx context.Context, name string) (*identity.User, error) {
	if v.Users == nil {
		return nil, identity.ErrUnknown
	}
	user, err := v.Users.ByName(ctx, name)
	if errors.Is(err, local.ErrRemoved) {
		err = identity.ErrUnknown
	}
	return user, err
}

// vouched returns why an app may not sign somebody in now, or nil.
func (v *visit) vouched(app string, user *identity.User) error {
	switch {
	case user.Disabled:
		return errWord("user is disabled")
	case !v.Vouchers.Vouches(app, user):
		return errWord("app may not sign this user in")
	}
	return nil
}

// take spends the token and asks the person, unless the browser has a live session, which
// stays whoever's it is.
func (v *visit) take(word voucher.Word, user *identity.User, s *live.Session, signedIn *identity.User) error {
	arrival := voucher.Arrival{UserID: user.ID, App: word.App, ReturnTo: v.knownReturnTo()}
	binding := v.presented.Token
	if s == nil {
		var err error
		if binding, err = v.binding(); err != nil {
			return err
		}
		arrival.Challenge = binding.Challenge()
	}
	id, err := v.Arrivals.Accept(v.r.Context(), v.r.URL.Query().Get(paramToken), word, arrival, v.now)
	if err != nil {
		return err
	}
	v.record(audit.Event{Kind: audit.WordTaken, App: word.App}, user)
	if s != nil && signedIn.ID == user.ID {
		v.dispatch(s.State(), arrival.ReturnTo)
		return nil
	}
	if binding != v.presented.Token {
		v.cookies.Set(v.w.Header(), binding)
	}
	v.dispatchArrival(id)
	return nil
}

// binding returns what ties the arrival to this browser: a nonce of an arrival in another
// tab, or a good token of a session that is over, which both stay; or a fresh nonce.
func (v *visit) binding() (session.Token, error) {
	held, err := v.held()
	if err != nil {
		return session.Token{}, err
	}
	token := v.presented.Token
	if !v.presented.OK || !token.IsNonce() && held.IsZero() {
		token = session.NewNonce()
	}
	return token, nil
}

// wordRefused says that nobody is signed in. What was wrong is for the log alone: whoever
// has found an app's key must not learn here who has an account.
func (v *visit) wordRefused(word voucher.Word, user *identity.User, err error) {
	refuse := func(status int, page pages.NotContinued) {
		page.Site, page.ReturnTo, page.RequestID = v.site(), v.knownReturnTo(), v.arrival.ID
		v.show(status, page)
	}
	var throttled *throttle.Refused
	switch {
	case errors.As(err, &throttled):
		// Without a line for each, which would fill the log.
		refuse(http.StatusTooManyRequests, pages.NotContinued{Problem: pages.ContinueThrottled, RetryAfter: throttled.RetryAfter})
	case isWrong(err):
		v.record(audit.Event{Kind: audit.WordRefused, App: word.App, Reason: err.Error()}, user)
		refuse(http.StatusForbidden, pages.NotContinued{})
	default:
		v.unavailable(err)
	}
}
