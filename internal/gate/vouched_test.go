// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

// vouched signs anna in at the wiki by the word of the app orders.
func (d *door) vouched() session.Token {
	d.tb.Helper()
	s, _, err := d.Sessions.Start(context.Background(), session.Login{
		UserID: d.anna.ID, AMR: []string{voucher.AMR}, Via: "orders", Origin: portal, Limits: d.Limits,
	}, time.Now())
	d.must(err)
	return d.handOff(s, wiki)
}

// terms lets orders sign the staff in, to these apps.
func (d *door) terms(apps ...string) {
	d.tb.Helper()
	d.Vouchers = voucher.Book{{App: "orders", Apps: apps, People: rules(d.tb, policy.Rules{Rules: []policy.Rule{{Groups: []string{"staff"}}}})}}
}

// A session that an app has begun opens what the app may open, says so in the assertion, and
// opens nothing else: what is configured now counts, also for the assertion that was
// made a moment before (threat 16).
func TestASessionByAnAppOpensItsListOnly(t *testing.T) {
	d := newGate(t)
	d.terms("wiki")
	token := d.vouched()
	for range 2 {
		p := d.passed(ask(wiki+"/", holding(token)))
		if claims := d.verify(p); p.User == nil || claims.Name != "anna" || !cmp.Equal(claims.AMR, []string{"app"}) {
			t.Errorf("%+v", claims)
		}
	}
	d.terms("tickets")
	w := d.answered(ask(wiki+"/x", holding(token), navigating), http.StatusForbidden)
	if !strings.Contains(w.Body.String(), "wants your password") || !strings.Contains(w.Body.String(), portal+"/logout?return_to=") {
		t.Errorf("the page says\n%s", w.Body)
	}
	if got := d.audit.last(); got != "denied: the session was begun by the app orders, whose word is not enough here" {
		t.Errorf("the log says %q", got)
	}
	d.answered(ask(wiki+"/x", holding(token)), http.StatusForbidden)
	d.answered(ask(wiki+"/.gatehouse/whoami", holding(token)), http.StatusUnauthorized)
	d.terms("tickets", "wiki")
	d.passed(ask(wiki+"/", holding(token)))
	// A session of their own is no concern of the list.
	d.Vouchers = nil
	_, own := d.signIn()
	d.passed(ask(wiki+"/", holding(own)))
}

// On a public path such a session is nobody's.
func TestASessionByAnAppIsNobodysOnPublicPaths(t *testing.T) {
	d := newGate(t, public("/open/*"))
	d.terms("tickets")
	token := d.vouched()
	p := d.passed(ask(wiki+"/open/x", holding(token)))
	if p.User != nil || p.Session != nil || p.Request.Header["Remote-User"] != nil || p.Request.Header["X-Gatehouse-Jwt"] != nil {
		t.Errorf("arrives as %+v with %v", p.User, p.Request.Header)
	}
	d.terms("wiki")
	if p := d.passed(ask(wiki+"/open/x", holding(token))); p.User == nil {
		t.Error("arrives as nobody where the app is listed")
	}
}

// Whom an app may not sign in any more is not signed in any more, at the next request
// (threat 17): by their groups, by the configuration, or because they are disabled. The
// browser is led to the sign-in page, and not round and round.
func TestASessionByAnAppEndsWithItsTerms(t *testing.T) {
	d := newGate(t)
	d.terms("wiki")
	token := d.vouched()
	out := func(what string) {
		t.Helper()
		d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
		w := d.answered(ask(wiki+"/x", holding(token), navigating), http.StatusSeeOther)
		if to := w.Header().Get("Location"); !strings.HasPrefix(to, portal+"/login?") || cookieSet(w) == "" {
			t.Errorf("%s: led to %q", what, to)
		}
	}
	groups := func(names ...string) {
		t.Helper()
		_, err := d.house.Users.Set(context.Background(), "anna", local.Edit{Groups: &names})
		d.must(err)
	}
	d.passed(ask(wiki+"/", holding(token)))
	groups("others")
	out("off the list")
	groups("staff")
	d.passed(ask(wiki+"/", holding(token)))
	d.Vouchers = nil
	out("without the option")
	d.terms("wiki")
	_, err := d.house.Users.Disable(context.Background(), "anna")
	d.must(err)
	out("disabled")
}

// Signing out works with it everywhere, also at an app that it does not open.
func TestASessionByAnAppCanBeEnded(t *testing.T) {
	d := newGate(t)
	d.terms("tickets")
	token := d.vouched()
	d.answered(ask(wiki+"/.gatehouse/logout", by(http.MethodPost), with("Sec-Fetch-Site", "same-origin"), holding(token)), http.StatusSeeOther)
	if _, err := d.Sessions.Get(context.Background(), token.ID); err == nil {
		t.Error("the session is there")
	}
}

// A token in an address goes no further than the first answer: not into the address bar,
// not to the portal with whoever has to sign in, and not into a log. Nobody but those who
// have the key can keep a request out of one.
func TestATokenLeavesTheAddress(t *testing.T) {
	d := newGate(t, runs, func(a *gate.App) { a.SharedCookies = true })
	_, token := d.signIn()
	signed := runnerToken(t)
	for query, want := range map[string]string{
		"token=" + signed: "", "a=1&token=" + signed + "&b=%2F": "?a=1&b=%2F", "%74oken=" + signed: "", "a=1&token=x." + "eyJleHRlcm5hbCI6dHJ1ZX0" + ".y": "?a=1",
	} {
		for _, edits := range [][]func(*http.Request){{navigating}, {navigating, holding(token)}} {
			r := ask(wiki+"/a?"+query, edits...)
			if got := d.KeepsSecret(r.URL); got != strings.Contains(query, signed) {
				t.Errorf("%s: kept out of the log: %v", query, got)
			}
			w := d.answered(r, http.StatusSeeOther)
			if to := w.Header().Get("Location"); to != wiki+"/a"+want || cookieSet(w) != "" || w.Header().Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s leads to %q", query, to)
			}
		}
		// What fills no tab loses it on the way.
		if got := d.passed(ask(wiki+"/a?"+query, holding(token))).Request.URL.RawQuery; "?"+got != want && got != want {
			t.Errorf("%s becomes %q", query, got)
		}
	}
	for to, want := range map[string]bool{
		"https://tickets.example.com/?a=1&token=" + signed + "#b": true, "/x?token=" + signed: true, "/x?token=reset": false, "/x#?token=": false, "": false,
	} {
		if got := d.LeadsToSecret(http.Header{"Location": {to}}); got != want {
			t.Errorf("an answer that leads to %q is kept out of the log: %v", to, got)
		}
	}
	for _, address := range []string{"/a?token=reset", "/a?x=token"} {
		r := ask(wiki+address, navigating, holding(token))
		if d.KeepsSecret(r.URL) {
			t.Errorf("%s is kept out of the log", address)
		}
		d.passed(r)
	}
	plain := newGate(t)
	_, token = plain.signIn()
	if r := ask(wiki+"/a?token="+signed, navigating, holding(token)); plain.KeepsSecret(r.URL) || plain.passed(r).Request.URL.RawQuery != "token="+signed {
		t.Error("an app without the option loses its own token")
	}
}

// A form that somebody has sent before their session with a password ran out is neither
// shown, nor sent, nor dropped by a session that does not open the app, also on a public path.
func TestASessionByAnAppSendsNoForms(t *testing.T) {
	for what, change := range map[string]func(*gate.App){"closed": func(*gate.App) {}, "public": public("/save")} {
		d := newFormGate(t)
		before, token := d.signIn()
		d.lunch()
		id := d.kept(form(holding(token)))
		d.limit(time.Hour)
		s, _, err := d.Sessions.Start(context.Background(), session.Login{
			UserID: d.anna.ID, AMR: []string{voucher.AMR}, Via: "orders", Origin: portal, Limits: d.Limits, Resume: true, Replaces: before.ID,
		}, time.Now())
		d.must(err)
		d.reload(change, func(a *gate.App) { a.KeepPosts = true })
		d.terms("tickets")
		vouched := d.handOff(s, wiki)
		d.answered(ask(resendPage(id), navigating, holding(vouched)), http.StatusForbidden)
		d.answered(confirm(id, holding(vouched)), http.StatusForbidden)
		drop := post(wiki+"/.gatehouse/resend", urlEncoded, strings.NewReader("gatehouse_form="+id), holding(vouched))
		d.answered(drop, http.StatusForbidden)
		if d.forms() != 1 {
			t.Errorf("%s: the form is gone", what)
		}
		d.terms("wiki")
		d.passed(confirm(id, holding(vouched)))
	}
}

// Nor does it open the app in a frame: there is no code for one.
func TestASessionByAnAppOpensNoFrame(t *testing.T) {
	d := newGate(t, embedded)
	d.terms("wiki")
	token, f := d.vouched(), newFrame(d)
	d.answered(ask(f.signIn, holding(token), navigating), http.StatusOK)
	d.terms("tickets")
	writes := d.writes()
	d.answered(ask(f.signIn, holding(token), navigating), http.StatusForbidden)
	if d.writes() != writes {
		t.Error("a code was made")
	}
}
