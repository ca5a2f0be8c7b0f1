// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// tickets is a second host, on a domain of its own.
const tickets = "https://tickets.example.org"

// step is the address of a reserved step at the wiki.
func step(name string, query url.Values) string {
	return wiki + handoff.Reserved + name + "?" + query.Encode()
}

func begin(returnTo string) string { return step("begin", url.Values{"return_to": {returnTo}}) }
func land(code string) string      { return step("land", url.Values{"code": {code}}) }

// sent fails the test unless the request is answered with a redirect there that no
// cache keeps and no Referer tells of.
func (d *door) sent(r *http.Request, to string) *httptest.ResponseRecorder {
	d.tb.Helper()
	w := d.answered(r, http.StatusSeeOther)
	if got := w.Header().Get("Location"); got != to {
		d.tb.Errorf("%s: sent to\n%s, want\n%s", r.URL.Path, got, to)
	}
	if got := w.Header().Get("Referrer-Policy"); got != "no-referrer" {
		d.tb.Errorf("%s: Referrer-Policy %q", r.URL.Path, got)
	}
	return w
}

// TestBegin: what the browser holds is told to the portal as a hash, whether it is a
// nonce or the token of a session that is over.
func TestBegin(t *testing.T) {
	d := newGate(t)
	page := wiki + "/doku.php?id=a:b&x=%20"
	for _, holds := range []session.Token{session.NewNonce(), session.NewToken(store.NewID(time.Now()))} {
		w := d.sent(ask(begin(page), navigating, holding(holds)), handoff.Code(portal, holds.Challenge(), page))
		if got := w.Header()["Set-Cookie"]; got != nil {
			t.Errorf("Set-Cookie %q", got)
		}
		if strings.Contains(w.Header().Get("Location"), holds.Text()[store.IDLength+1:]) {
			t.Error("the secret itself is in the address")
		}
	}
	w := d.sent(ask(begin(page), navigating), handoff.BeginAgain(target(wiki), page))
	if nonce, ok := session.ParseToken(cookieSet(w)); !ok || !nonce.IsNonce() {
		t.Errorf("no nonce, but %q", cookieSet(w))
	}
}

// TestCookiesThatDoNotHold end on a page that names the cause, at the second step and
// never in a loop (threat 52).
func TestCookiesThatDoNotHold(t *testing.T) {
	d := newGate(t)
	page := wiki + "/x"
	again := func() string { return handoff.BeginAgain(target(wiki), page) }
	w := d.answered(ask(again(), navigating), http.StatusBadRequest)
	if !strings.Contains(w.Body.String(), "does not send back the cookie") || !strings.Contains(w.Body.String(), page) {
		t.Errorf("the page is %s", w.Body)
	}
	twice := with("Cookie", cookie+"=a; "+cookie+"=b")
	if w = d.answered(ask(begin(page), navigating, twice), http.StatusBadRequest); !strings.Contains(w.Body.String(), "two sign-in cookies") {
		t.Errorf("the page is %s", w.Body)
	}
	if got := d.audit.last(); !strings.HasPrefix(got, "handoff_refused: ") {
		t.Errorf("audited %q", got)
	}

	// A browser on plain http says nothing of what it does.
	html := with("Accept", "text/html")
	insecurely := ask(again(), html)
	insecurely.TLS = nil
	if w = d.answered(insecurely, http.StatusBadRequest); !strings.Contains(w.Body.String(), "https://") {
		t.Errorf("the page is %s", w.Body)
	}
	// On a host that is on plain http for good, the scheme is not the cause.
	plain := newGate(t, at("http://wiki.localhost:8080"))
	w = plain.answered(ask("http://wiki.localhost:8080/.gatehouse/begin?again=1&return_to=http://wiki.localhost:8080/", html), http.StatusBadRequest)
	if !strings.Contains(w.Body.String(), "does not send back the cookie") {
		t.Errorf("the page is %s", w.Body)
	}
}

// TestForeignReturnTo: nobody is sent where no app is (threat 22).
func TestForeignReturnTo(t *testing.T) {
	d := newGate(t, at(wiki, tickets))
	for _, to := range []string{
		"", "/", "//evil.example", `/\evil.example`, "https:evil.example", "https://evil.example/", wiki + ".evil.example/", wiki + "@evil.example/",
		"javascript:alert(1)", wiki + "/\r\nX: y", "http://wiki.example.com/", "https://wiki.example.com:8443/",
	} {
		w := d.answered(ask(begin(to), navigating, holding(session.NewNonce())), http.StatusBadRequest)
		if got := w.Header().Get("Location"); got != "" {
			t.Errorf("%q: sent to %q", to, got)
		}
		if strings.Contains(w.Body.String(), "evil.example") {
			t.Errorf("%q: the page repeats it", to)
		}
	}
	// What belongs to another host of the app begins there.
	d.sent(ask(begin(tickets+"/x"), navigating, holding(session.NewNonce())), tickets+"/x")
}

// TestLand: a code gives this browser a token for this host, in place of the nonce
// or of another person's token (threats 13, 31), and works once (threat 30).
func TestLand(t *testing.T) {
	d := newGate(t)
	_, others := d.signIn()
	bert := d.login(d.user("bert"))
	for _, holds := range []session.Token{session.NewNonce(), others} {
		code := d.code(bert, holds, wiki, wiki+"/page?x=1")
		w := d.answered(ask(land(code), navigating, holding(holds)), http.StatusSeeOther)
		token, ok := session.ParseToken(cookieSet(w))
		if !ok || token.ID != bert.ID {
			t.Fatalf("no token of the session, but %q", cookieSet(w))
		}
		if token.Secret == holds.Secret {
			t.Error("the planted secret counts")
		}
		if p := d.passed(ask(wiki+"/", holding(token))); p.User.Name != "bert" {
			t.Errorf("landed as %s", p.User.Name)
		}
		// Again by the back button: there is nothing left to get.
		w = d.sent(ask(land(code), navigating, holding(holds)), wiki+"/")
		if got := w.Header()["Set-Cookie"]; got != nil {
			t.Errorf("a spent code gives %q", got)
		}
		if d.audit.holds(code) || d.audit.holds(token.Text()) {
			t.Error("a secret was audited")
		}
	}
}

// TestCookieAttributes: the browser is given one cookie, for this host alone.
func TestCookieAttributes(t *testing.T) {
	d := newGate(t)
	nonce := session.NewNonce()
	s := d.login(d.anna)
	w := d.answered(ask(land(d.code(s, nonce, wiki, wiki+"/")), navigating, holding(nonce)), http.StatusSeeOther)
	lines := w.Header()["Set-Cookie"]
	if len(lines) != 1 {
		t.Fatalf("%q", lines)
	}
	_, attributes, _ := strings.Cut(lines[0], "; ")
	if want := "Path=/; HttpOnly; Secure; SameSite=Lax"; attributes != want {
		t.Errorf("%s, want %s", attributes, want)
	}
}

// TestForeignBrowserLands: a code that another browser was given signs nobody in,
// and is spent by the attempt; that browser begins anew, as itself (threat 30).
func TestForeignBrowserLands(t *testing.T) {
	d := newGate(t)
	s := d.login(d.anna)
	nonce := session.NewNonce()
	for what, edits := range map[string][]func(*http.Request){
		"another nonce": {navigating, holding(session.NewNonce())},
		"no cookie":     {navigating},
		"two cookies":   {navigating, with("Cookie", cookie+"="+nonce.Text()+"; "+cookie+"=x")},
	} {
		code := d.code(s, nonce, wiki, wiki+"/page")
		w := d.sent(ask(land(code), edits...), wiki+"/page")
		if got := w.Header()["Set-Cookie"]; got != nil {
			t.Errorf("%s: is given %q", what, got)
		}
		if got := d.audit.last(); !strings.HasPrefix(got, "handoff_refused: ") {
			t.Errorf("%s: audited %q", what, got)
		}
		w = d.sent(ask(land(code), navigating, holding(nonce)), wiki+"/")
		if got := w.Header()["Set-Cookie"]; got != nil {
			t.Errorf("%s: a code that was refused still gives %q", what, got)
		}
	}
}

// TestCodeOfAnotherHost is worth nothing here, and its page is not visited.
func TestCodeOfAnotherHost(t *testing.T) {
	d := newGate(t)
	nonce := session.NewNonce()
	code := d.code(d.login(d.anna), nonce, tickets, tickets+"/page")
	if w := d.sent(ask(land(code), navigating, holding(nonce)), wiki+"/"); w.Header()["Set-Cookie"] != nil {
		t.Error("a code of another host signs in here")
	}
}

// TestNobodyAskedForIt: HEAD, prefetch and scripts neither spend a code nor begin a
// walk (threats 27, 30).
func TestNobodyAskedForIt(t *testing.T) {
	d := newGate(t)
	nonce := session.NewNonce()
	code := d.code(d.login(d.anna), nonce, wiki, wiki+"/page")
	before := d.writes()
	for _, address := range []string{land(code), begin(wiki + "/"), step("landed", nil)} {
		d.answered(ask(address, by(http.MethodHead), navigating, holding(nonce)), http.StatusMethodNotAllowed)
		d.answered(ask(address, by(http.MethodPost), navigating, holding(nonce)), http.StatusMethodNotAllowed)
		d.answered(ask(address, navigating, with("Sec-Purpose", "prefetch;prerender"), holding(nonce)), http.StatusForbidden)
		d.answered(ask(address, navigating, with("Purpose", "prefetch"), holding(nonce)), http.StatusForbidden)
		d.answered(ask(address, with("Sec-Fetch-Mode", "no-cors"), holding(nonce)), http.StatusForbidden)
	}
	if got := d.writes() - before; got != 0 {
		t.Errorf("%d writes", got)
	}
	if w := d.sent(ask(land(code), navigating, holding(nonce)), wiki+"/page"); cookieSet(w) == "" {
		t.Error("the code was spent by somebody who had not asked for it")
	}
}

// TestTabsThatLandTogether: who has landed keeps the token; a second landing within
// a moment is checked once for whether the cookie came back, and if not the cause is
// named (threat 52).
func TestTabsThatLandTogether(t *testing.T) {
	d := newGate(t)
	s := d.login(d.anna)
	nonce := session.NewNonce()
	codes := []string{d.code(s, nonce, wiki, wiki+"/1"), d.code(s, nonce, wiki, wiki+"/2"), d.code(s, nonce, wiki, wiki+"/3")}
	first, _ := session.ParseToken(cookieSet(d.sent(ask(land(codes[0]), navigating, holding(nonce)), wiki+"/1")))

	if w := d.sent(ask(land(codes[1]), navigating, holding(first)), wiki+"/2"); w.Header()["Set-Cookie"] != nil {
		t.Error("a good token is replaced")
	}
	landed := handoff.Landed(target(wiki), wiki+"/3")
	third, _ := session.ParseToken(cookieSet(d.sent(ask(land(codes[2]), navigating, holding(nonce)), landed)))
	for _, token := range []session.Token{first, third} {
		d.sent(ask(landed, navigating, holding(token)), wiki+"/3")
		d.passed(ask(wiki+"/", holding(token)))
	}
	w := d.answered(ask(landed, navigating), http.StatusBadRequest)
	if !strings.Contains(w.Body.String(), "does not send back the cookie") {
		t.Errorf("the page is %s", w.Body)
	}
	d.sent(ask(step("landed", url.Values{"return_to": {"https://evil.example/"}}), navigating, holding(first)), wiki+"/")
}

// TestLandWithoutStore: 503, no cookie, and the code still stands (threat 20).
func TestLandWithoutStore(t *testing.T) {
	d := newGate(t)
	nonce := session.NewNonce()
	code := d.code(d.login(d.anna), nonce, wiki, wiki+"/page")
	for _, err := range []error{store.ErrFull, store.ErrUnavailable} {
		d.store.Break(err)
		w := d.answered(ask(land(code), navigating, holding(nonce)), http.StatusServiceUnavailable)
		if got := w.Header()["Set-Cookie"]; got != nil {
			t.Errorf("Set-Cookie %q", got)
		}
	}
	d.store.Break(nil)
	d.sent(ask(land(code), navigating, holding(nonce)), wiki+"/page")
	d.store.blind.Store(true)
	d.answered(ask(land(code), navigating, holding(nonce)), http.StatusServiceUnavailable)
	d.answered(ask(step("landed", nil), navigating, holding(session.NewToken(store.NewID(time.Now())))), http.StatusServiceUnavailable)
}

// TestCodeRunsOut after a minute, and the login may end before that.
func TestCodeRunsOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t)
		s := d.login(d.anna)
		nonce := session.NewNonce()
		late, orphan := d.code(s, nonce, wiki, wiki+"/late"), ""
		time.Sleep(handoff.Lifetime)
		if w := d.sent(ask(land(late), navigating, holding(nonce)), wiki+"/"); w.Header()["Set-Cookie"] != nil {
			t.Error("a code from a minute ago signs in")
		}
		orphan = d.code(s, nonce, wiki, wiki+"/orphan")
		if err := d.Sessions.End(t.Context(), s.ID); err != nil {
			t.Fatal(err)
		}
		if w := d.sent(ask(land(orphan), navigating, holding(nonce)), wiki+"/orphan"); w.Header()["Set-Cookie"] != nil {
			t.Error("the code of a session that has ended signs in")
		}
	})
}

// TestLogout: GET asks at the portal and ends nothing; a POST of the app's own page
// ends the session everywhere; a foreign page can do neither (threat 27).
func TestLogout(t *testing.T) {
	d := newGate(t)
	s, token := d.signIn()
	there := d.handOff(s, tickets)
	asks := portal + "/logout?" + url.Values{"return_to": {wiki + "/"}}.Encode()
	logout := wiki + "/.gatehouse/logout"
	post := by(http.MethodPost)

	d.sent(ask(logout, navigating, holding(token)), asks)
	d.answered(ask(logout, by(http.MethodHead), holding(token)), http.StatusMethodNotAllowed)
	for _, foreign := range []func(*http.Request){
		with("Sec-Fetch-Site", "cross-site"), with("Sec-Fetch-Site", "same-site"), with("Origin", "https://evil.example.com"), with("Origin", "null"),
	} {
		d.answered(ask(logout, post, navigating, foreign, holding(token)), http.StatusForbidden)
	}
	d.passed(ask(wiki+"/", holding(token)))

	running := d.passed(ask(wiki+"/stream", holding(token)))
	w := d.sent(ask(logout, post, navigating, with("Origin", wiki), with("Sec-Fetch-Site", "same-origin"), holding(token)), asks)
	if got := w.Result().Cookies(); len(got) != 1 || got[0].MaxAge >= 0 || got[0].Name != cookie {
		t.Errorf("Set-Cookie %q", w.Header()["Set-Cookie"])
	}
	if running.Request.Context().Err() == nil {
		t.Error("a stream goes on")
	}
	if got := d.audit.last(); got != "logout: " {
		t.Errorf("audited %q", got)
	}
	d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
	if state, err := d.Sessions.Get(t.Context(), s.ID); err == nil {
		t.Errorf("the session stands, with tokens for %v, %v among them", state.Origins(), there)
	}
	// Twice is as good as once, and so is a browser that was never signed in.
	d.sent(ask(logout, post, navigating, holding(token)), asks)
	d.sent(ask(logout, post, navigating), asks)
}

// TestLogoutOfWhatIsRefused: a session that was idle for too long, or whose person is
// disabled, is still there, and a longer limit or an enabled account would open it
// again. Whoever signs out ends it. A selector without its secret ends nothing.
func TestLogoutOfWhatIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t)
		post := func(token session.Token) {
			t.Helper()
			d.answered(ask(wiki+"/.gatehouse/logout", by(http.MethodPost), navigating, with("Origin", wiki), holding(token)), http.StatusSeeOther)
		}
		stands := func(s *session.Session) bool {
			_, err := d.Sessions.Get(t.Context(), s.ID)
			return err == nil
		}
		d.Limits = session.Limits{Lifetime: 12 * time.Hour}
		idle, token := d.signIn()
		d.Limits = session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour}
		time.Sleep(2 * time.Hour)
		post(session.NewToken(idle.ID))
		if !stands(idle) {
			t.Error("whoever knows a selector ends its session")
		}
		post(token)
		if stands(idle) {
			t.Error("an idle session outlives its logout")
		}

		disabled, token := d.signIn()
		_, err := d.house.Users.Disable(t.Context(), "anna")
		d.must(err)
		post(token)
		if stands(disabled) {
			t.Error("the session of a disabled person outlives its logout")
		}
		if got := d.audit.last(); got != "logout: " {
			t.Errorf("audited %q", got)
		}
	})
}

// TestLogoutThatIsNotStored must not say "signed out", neither at the first try nor
// at the second, though the session is refused from the first on (threat 19).
func TestLogoutThatIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t)
		s, token := d.signIn()
		d.store.Break(store.ErrFull)
		post := func() *http.Request {
			return ask(wiki+"/.gatehouse/logout", by(http.MethodPost), navigating, with("Origin", wiki), holding(token))
		}
		for range 2 {
			w := d.answered(post(), http.StatusServiceUnavailable)
			if w.Header()["Set-Cookie"] != nil || strings.Contains(w.Body.String(), "You are signed out") {
				t.Error("a logout that is not stored looks like one that is")
			}
			d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
		}
		d.store.Break(nil)
		time.Sleep(time.Minute) // the end is retried
		if _, err := d.store.Store.Get(t.Context(), session.Kind, s.ID); err == nil {
			t.Error("the session is still in the store")
		}
		d.answered(post(), http.StatusSeeOther)
	})
}

// TestWhoami tells the app's own pages who is signed in, and others nothing.
func TestWhoami(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	address := wiki + "/.gatehouse/whoami"
	w := d.answered(ask(address, holding(token)), http.StatusOK)
	var got gate.Identity
	expires := time.Now().Add(d.Limits.Idle).Unix()
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Expires < expires-60 || got.Expires > expires {
		t.Errorf("expires at %d, want about %d", got.Expires, expires)
	}
	got.Expires = 0
	want := gate.Identity{Subject: d.anna.ID, Name: "anna", Full: "The anna", Email: "anna@example.com", Groups: []string{"staff"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got := w.Header().Get("Access-Control-Allow-Origin"); got != "" {
		t.Errorf("other origins may read it: %q", got)
	}
	d.answered(ask(address), http.StatusUnauthorized)
	d.answered(ask(address, by(http.MethodPost), holding(token)), http.StatusMethodNotAllowed)
	d.store.blind.Store(true)
	d.answered(ask(address, holding(session.NewToken(store.NewID(time.Now())))), http.StatusServiceUnavailable)
}

// TestReservedNeverReachesTheApp, in whatever spelling the server decodes to it, and
// though everything is public.
func TestReservedNeverReachesTheApp(t *testing.T) {
	d := newGate(t, public("/*"))
	_, token := d.signIn()
	for _, path := range []string{"/.gatehouse", "/.gatehouse/", "/.gatehouse/x", "/%2egatehouse/x", "/.gatehouse%2fx", "/.gatehouse/../.gatehouse/x"} {
		d.answered(ask(wiki+path, navigating, holding(token)), http.StatusNotFound)
		d.answered(ask(wiki+path, with("Sec-Fetch-Mode", "cors"), holding(token)), http.StatusForbidden)
	}
	d.passed(ask(wiki+"/.gatehousekeeping", holding(token)))
	d.passed(ask(wiki+"/x/.gatehouse/x", holding(token)))
}

// TestAssets of the pages that a gate shows come from the app's own host.
func TestAssets(t *testing.T) {
	d := newGate(t)
	pass, w := d.admit(ask(wiki + "/.gatehouse/assets/" + pages.Stylesheet().Name))
	if pass != nil || w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/css") {
		t.Errorf("%d %s", w.Code, w.Header().Get("Content-Type"))
	}
	d.answered(ask(wiki+"/.gatehouse/assets/x.css"), http.StatusNotFound)
	page := d.answered(ask(wiki+"/.gatehouse/x", navigating), http.StatusNotFound)
	if !strings.Contains(page.Body.String(), "/.gatehouse/assets/"+pages.Stylesheet().Name) {
		t.Error("the page does not refer to it")
	}
}

// Nobody hides from the access log behind an address that only ends like one of ours:
// whatever stands behind the name of a script is the app's (threat 40).
func TestOnlyLandingsAreNotLogged(t *testing.T) {
	const below = "https://apps.example.com/wiki"
	d := newGate(t, at(wiki, below))
	for address, kept := range map[string]bool{
		wiki + "/.gatehouse/land?code=x":                 true,
		wiki + "/%2egatehouse/land?code=x":               true,
		below + "/.gatehouse/land?code=x":                true,
		wiki + "/index.php/.gatehouse/land?do=delete":    false,
		wiki + "/admin/x/.gatehouse/land":                false,
		wiki + "/.gatehouse/landed?return_to=x":          false,
		below + "/index.php/.gatehouse/land?code=x":      false,
		"https://apps.example.com/other/.gatehouse/land": false,
	} {
		if got := d.KeepsSecret(ask(address).URL); got != kept {
			t.Errorf("%s: kept from the log %t, want %t", address, got, kept)
		}
	}
}
