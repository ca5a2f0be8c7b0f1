// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// tokensOn lets scripts in.
func tokensOn(a *gate.App) { a.Tokens = true }

// accessToken makes one of a user for apps, the wiki if none is named.
func (d *door) accessToken(u *identity.User, apps ...string) accesstoken.Token {
	d.tb.Helper()
	if len(apps) == 0 {
		apps = []string{"wiki"}
	}
	_, token, err := d.Tokens.Make(context.Background(), accesstoken.Wish{
		UserID: u.ID, Name: "script", Apps: apps, Lifetime: 30 * 24 * time.Hour,
	}, time.Now())
	d.must(err)
	return token
}

func bearing(t accesstoken.Token) func(*http.Request) {
	return with("Authorization", "Bearer "+t.Text())
}

func basicPassword(t accesstoken.Token) func(*http.Request) {
	return with("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte("whoever:"+t.Text())))
}

// script asks a real server, and follows nothing.
func (d *door) script(server, path string, edits ...func(*http.Request)) (status int, body string, h http.Header) {
	d.tb.Helper()
	r, err := http.NewRequest(http.MethodGet, server+path, nil)
	d.must(err)
	for _, edit := range edits {
		edit(r)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	d.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	d.must(err)
	return res.StatusCode, string(text), res.Header
}

// tells is an app that says what it was told, and wants to be remembered.
func tells(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: "app", Value: "1"})
	fmt.Fprintf(w, "user=%s groups=%s authorization=%q cookie=%q jwt=%t", r.Header.Get("Remote-User"), r.Header.Get("Remote-Groups"),
		r.Header["Authorization"], r.Header["Cookie"], r.Header.Get("X-Gatehouse-Jwt") != "")
}

// A script comes as the token's owner, with all that an app is told of a person, and the
// app never sees the token, however the app treats Authorization. Nothing is set in a jar.
func TestAScriptComesAsItsOwner(t *testing.T) {
	for _, keep := range []bool{false, true} {
		d := newGate(t, tokensOn, func(a *gate.App) { a.KeepAuthorization = keep })
		token := d.accessToken(d.anna)
		server := d.serve(http.HandlerFunc(tells))
		for what, edit := range map[string]func(*http.Request){"bearer": bearing(token), "basic": basicPassword(token)} {
			status, body, h := d.script(server.URL, "/", edit, with("Cookie", "app=of-somebody-else"), with("Remote-User", "admin"), with("Accept", "text/html"))
			if want := `user=anna groups=staff authorization=[] cookie=[] jwt=true`; status != http.StatusOK || body != want {
				t.Errorf("%s: %d %s, want %s", what, status, body, want)
			}
			if got := h["Set-Cookie"]; got != nil || h.Get("Cache-Control") != "private" {
				t.Errorf("%s: Set-Cookie %q, Cache-Control %q", what, got, h.Get("Cache-Control"))
			}
		}
	}
}

// The assertion of a script says that it is one, and of no session.
func TestAssertionOfAScript(t *testing.T) {
	d := newGate(t, tokensOn)
	p := d.passed(ask(wiki+"/", bearing(d.accessToken(d.anna))))
	claims := d.verify(p)
	if claims.Subject != d.anna.ID || claims.SessionID != "" || !claims.AuthTime.IsZero() || fmt.Sprint(claims.AMR) != "[token]" {
		t.Errorf("%+v", claims)
	}
	if p.Session != nil || p.Told.Name != "anna" || p.Request.Header["X-Gatehouse-Session-Expires"] != nil {
		t.Errorf("session %v, told %v", p.Session, p.Told)
	}
}

// Attacks: tokens that are forged, cut, of nobody, and in places where none belongs. None
// is led to a sign-in, and none arrives at the app.
func TestForgedAccessTokens(t *testing.T) {
	d := newGate(t, tokensOn)
	good := d.accessToken(d.anna)
	flipped := good
	flipped.Secret[0] ^= 1
	server := d.serve(http.HandlerFunc(tells))
	for what, edit := range map[string]func(*http.Request){
		"flipped":        bearing(flipped),
		"flipped, basic": basicPassword(flipped),
		"unknown":        bearing(accesstoken.Token{ID: store.NewID(time.Now()), Secret: good.Secret}),
		"cut":            with("Authorization", "Bearer "+good.Text()[:40]),
		"the prefix":     with("Authorization", "Bearer gatehouse_"),
		"another scheme": with("Authorization", "Token "+good.Text()),
		"twice":          with("Authorization", "Bearer "+good.Text(), "Bearer "+good.Text()),
	} {
		status, _, h := d.script(server.URL, "/", edit, with("Accept", "text/html"))
		if want := `Bearer realm="` + portal + `", error="invalid_token"`; status != http.StatusUnauthorized || h.Get("WWW-Authenticate") != want {
			t.Errorf("%s: %d %q", what, status, h.Get("WWW-Authenticate"))
		}
	}
	text := good.Text()
	for what, edit := range map[string]func(*http.Request){
		"in our cookie":         with("Cookie", cookie+"="+text),
		"its bare rest":         with("Cookie", cookie+"="+strings.TrimPrefix(text, accesstoken.Prefix)),
		"in another header":     with("X-Authorization", "Bearer "+text),
		"a session's as bearer": with("Authorization", "Bearer "+session.NewToken(good.ID).Text()),
	} {
		if status, _, h := d.script(server.URL, "/?access_token="+text, edit); status != http.StatusUnauthorized || h["Set-Cookie"] != nil {
			t.Errorf("%s: %d", what, status)
		}
	}
	if d.audit.holds(text) || d.audit.holds(flipped.Text()) {
		t.Error("a token is in the log")
	}
}

// Attacks: a good token at an app it was not made for, and at one that takes none. Neither app
// gets to see it.
func TestAccessTokenOfAnotherApp(t *testing.T) {
	d := newGate(t, tokensOn)
	token := d.accessToken(d.anna, "tickets")
	w := d.answered(ask(wiki+"/", bearing(token)), http.StatusForbidden)
	if got := w.Header().Get("WWW-Authenticate"); !strings.Contains(got, "insufficient_scope") || d.audit.last() != "denied: access token for other apps" {
		t.Errorf("%q, audit %q", got, d.audit.last())
	}
	d.reload(public("/open"), func(a *gate.App) { a.KeepAuthorization = true })
	token = d.accessToken(d.anna)
	d.answered(ask(wiki+"/", bearing(token)), http.StatusUnauthorized)
	if got := d.passed(ask(wiki+"/open", basicPassword(token))).Request.Header["Authorization"]; got != nil {
		t.Errorf("an app that takes no tokens gets %q", got)
	}
	other := d.passed(ask(wiki+"/open", with("Authorization", "Bearer of.the.app")))
	if got := other.Request.Header.Get("Authorization"); got != "Bearer of.the.app" {
		t.Errorf("the app's own token arrives as %q", got)
	}
}

// Revoked, expired, disabled, removed: the next request is refused, also while the
// person has a live session and is in memory; enabled again, the token counts again.
func TestAccessTokenAfterItsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t, tokensOn)
		_, warm := d.signIn()
		d.passed(ask(wiki+"/", holding(warm))).Release()
		revoked, token := d.accessToken(d.anna), d.accessToken(d.anna)
		try := func(token accesstoken.Token, want int) {
			t.Helper()
			if want == http.StatusOK {
				d.passed(ask(wiki+"/", bearing(token))).Release()
				return
			}
			d.answered(ask(wiki+"/", bearing(token)), want)
		}
		try(revoked, http.StatusOK)
		_, err := d.Tokens.Revoke(t.Context(), d.anna.ID, revoked.ID)
		d.must(err)
		try(revoked, http.StatusUnauthorized)
		try(token, http.StatusOK)
		_, err = d.house.Users.Disable(t.Context(), "anna")
		d.must(err)
		try(token, http.StatusUnauthorized)
		if got := d.audit.last(); got != "denied: access token of somebody who is disabled" {
			t.Errorf("audit: %q", got)
		}
		_, _, err = d.house.Users.Enable(t.Context(), "anna")
		d.must(err)
		try(token, http.StatusOK)
		time.Sleep(30 * 24 * time.Hour)
		try(token, http.StatusUnauthorized)
		bert := d.user("bert")
		token = d.accessToken(bert)
		try(token, http.StatusOK)
		_, err = d.house.Users.Remove(t.Context(), "bert")
		d.must(err)
		try(token, http.StatusUnauthorized)
	})
}

// A group that is taken away counts at the next request, and rules are the person's
// (threat 17). On a public path a script goes on as nobody where its person may not.
func TestRulesHoldForScripts(t *testing.T) {
	d := newGate(t, tokensOn, ruled(policy.Rules{Public: []string{"/open"}, Rules: []policy.Rule{{Groups: []string{"staff"}}}}))
	bert := d.accessToken(d.user("bert", "others"))
	d.answered(ask(wiki+"/", bearing(bert)), http.StatusForbidden)
	p := d.passed(ask(wiki+"/open", bearing(bert), with("Cookie", "app=1")))
	if p.User != nil || p.Request.Header["X-Gatehouse-Jwt"] != nil || p.Request.Header["Cookie"] != nil {
		t.Errorf("comes as %v with %v", p.User, p.Request.Header)
	}
	p.Writer.Header().Set("Set-Cookie", "app=1")
	p.Writer.WriteHeader(http.StatusOK)
	if got := p.Writer.Header()["Set-Cookie"]; got != nil {
		t.Errorf("gets %q", got)
	}
	d.answered(ask(wiki+"/a/%2e%2e/b", bearing(bert)), http.StatusBadRequest)
}

// Attack: two people in one request. A cookie of ours makes it a browser's, which goes by
// its session or has none; the token neither helps nor harms.
func TestAccessTokenBesideAnotherPersonsSession(t *testing.T) {
	d := newGate(t, tokensOn)
	s, held := d.signIn()
	mallory := d.accessToken(d.user("mallory"))
	p := d.passed(ask(wiki+"/", holding(held), bearing(mallory)))
	if p.User.ID != d.anna.ID || p.Session == nil || p.Request.Header["Authorization"] != nil {
		t.Errorf("comes as %v with %q", p.User, p.Request.Header["Authorization"])
	}
	p.Release()
	d.must(d.Sessions.End(t.Context(), s.ID))
	d.answered(ask(wiki+"/", holding(held), bearing(mallory)), http.StatusUnauthorized)
	d.answered(ask(wiki+"/", with("Cookie", cookie+"="+held.Text()+"; "+cookie+"="+held.Text()), bearing(mallory)), http.StatusUnauthorized)
	// A link with an account in it signs nobody in as its author.
	if w := d.answered(ask(wiki+"/", basicPassword(mallory), navigating), http.StatusSeeOther); !strings.HasPrefix(w.Header().Get("Location"), portal) {
		t.Errorf("led to %s", w.Header().Get("Location"))
	}
}

// Nothing of ours can be reached by a token, and signing out of the app by one ends
// nobody's session.
func TestAccessTokenReachesNothingOfOurs(t *testing.T) {
	d := newGate(t, tokensOn, func(a *gate.App) { a.LogoutOn = []gate.LogoutAddress{must(gate.ParseLogoutAddress("/out"))} })
	s, held := d.signIn()
	token := d.accessToken(d.anna)
	d.answered(ask(wiki+"/.gatehouse/whoami", bearing(token)), http.StatusUnauthorized)
	d.passed(ask(wiki+"/out", bearing(token))).Release()
	d.passed(ask(wiki+"/", holding(held))).Release()
	if _, err := d.Sessions.Get(t.Context(), s.ID); err != nil {
		t.Errorf("the session: %v", err)
	}
}

// A script that runs all night keeps nobody signed in.
func TestAScriptKeepsNobodySignedIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t, tokensOn)
		_, held := d.signIn()
		token := d.accessToken(d.anna)
		for range 60 {
			time.Sleep(time.Minute)
			d.passed(ask(wiki+"/", bearing(token))).Release()
		}
		d.answered(ask(wiki+"/", holding(held)), http.StatusUnauthorized)
		all, err := d.Tokens.ByUser(t.Context(), d.anna.ID)
		if d.must(err); len(all) != 1 || time.Since(all[0].Used) > time.Minute {
			t.Errorf("%+v", all)
		}
		d.must(d.Tokens.Flush(t.Context()))
	})
}

// Attack: guessing. Wrong tokens from one address are refused after a while without a line
// each in the log; right ones from there, and signing in from there, go on.
func TestGuessedAccessTokensAreThrottled(t *testing.T) {
	// The window of the counter does not end meanwhile.
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t, tokensOn)
		good := d.accessToken(d.anna)
		wrong := good
		for i := range 300 {
			wrong.Secret[0], wrong.Secret[1] = byte(i), byte(i>>8)+1
			d.answered(ask(wiki+"/", bearing(wrong)), http.StatusUnauthorized)
		}
		noted := len(d.audit.events)
		pass, answer := d.admit(ask(wiki+"/", bearing(wrong)))
		if pass != nil || answer.Code != http.StatusTooManyRequests || answer.Header().Get("Retry-After") == "" || len(d.audit.events) != noted {
			t.Errorf("%d, Retry-After %q, %d more lines", answer.Code, answer.Header().Get("Retry-After"), len(d.audit.events)-noted)
		}
		d.passed(ask(wiki+"/", bearing(good))).Release()
		if got := d.audit.events[0]; got.Kind != audit.Denied || got.App != "wiki" || !got.Address.IsValid() {
			t.Errorf("audit: %+v", got)
		}
	})
}

// A store that cannot answer lets nobody in and takes nothing for a wrong token.
func TestAccessTokenWithoutAStore(t *testing.T) {
	d := newGate(t, tokensOn)
	token := d.accessToken(d.anna)
	d.store.blind.Store(true)
	d.answered(ask(wiki+"/", bearing(token)), http.StatusServiceUnavailable)
	d.store.blind.Store(false)
	d.passed(ask(wiki+"/", bearing(token))).Release()
}

// A stream that was opened by a token is cut soon after the token has ended or its person
// is disabled or has lost the group that lets them in, and not before (threats 14, 17). A store that cannot answer cuts nothing.
func TestStreamOfARevokedAccessToken(t *testing.T) {
	want := map[string]string{
		"revoked": "access token ended", "disabled": "access token ended", "out of the group": "person may not open this any more",
	}
	for what, end := range map[string]func(*door, accesstoken.Token) error{
		"revoked": func(d *door, token accesstoken.Token) error {
			_, err := d.Tokens.Revoke(context.Background(), d.anna.ID, token.ID)
			return err
		},
		"disabled": func(d *door, _ accesstoken.Token) error {
			_, err := d.house.Users.Disable(context.Background(), "anna")
			return err
		},
		"out of the group": func(d *door, _ accesstoken.Token) error {
			_, err := d.house.Users.Set(context.Background(), "anna", local.Edit{Groups: &[]string{"others"}})
			return err
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t, tokensOn, ruled(policy.Rules{Rules: []policy.Rule{{Groups: []string{"staff"}}}}))
				token := d.accessToken(d.anna)
				p := d.passed(ask(wiki+"/events", bearing(token)))
				over := d.passed(ask(wiki+"/", bearing(token)))
				over.Release()
				d.store.blind.Store(true)
				time.Sleep(time.Minute)
				d.store.blind.Store(false)
				if err := p.Request.Context().Err(); err != nil {
					t.Fatalf("cut before: %v", err)
				}
				d.must(end(d, token))
				time.Sleep(6 * time.Second)
				if err := context.Cause(p.Request.Context()); err == nil || err.Error() != want[what] {
					t.Errorf("afterwards: %v", err)
				}
				p.Release()
			})
		})
	}
}
