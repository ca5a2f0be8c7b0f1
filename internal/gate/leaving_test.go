// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

// logoutOn says where the app's logout button leads.
func logoutOn(addresses ...string) func(*gate.App) {
	return func(a *gate.App) {
		for _, address := range addresses {
			a.LogoutOn = append(a.LogoutOn, must(gate.ParseLogoutAddress(address)))
		}
	}
}

// click is what a browser says when a person follows a link of the page they are on.
func click(r *http.Request) {
	navigating(r)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Sec-Fetch-User", "?1")
}

// goneTo is where a person who has signed out of the wiki finds themselves.
var goneTo = portal + "/logout?" + url.Values{"return_to": {wiki + "/"}}.Encode()

// send sends a request to a server, without following where it leads.
func send(t *testing.T, server *httptest.Server, target string, edits ...func(*http.Request)) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, edit := range edits {
		edit(r)
	}
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res
}

// stands reports whether a session is in the store.
func (d *door) stands(s *session.Session) bool {
	_, err := d.store.Store.Get(d.tb.Context(), session.Kind, s.ID)
	return err == nil
}

// oldApp is an app with a session of its own, which its logout button ends.
func oldApp(t *testing.T, seen *int) http.Handler {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("do") == "logout" || r.URL.Path == "/out" {
			*seen++
			http.SetCookie(w, &http.Cookie{Name: "PHPSESSID", MaxAge: -1})
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Location", "/start")
			w.WriteHeader(http.StatusFound)
		}
		io.WriteString(w, "welcome, "+r.Header.Get("Remote-User"))
	}))
	t.Cleanup(app.Close)
	to, err := url.Parse(app.URL)
	if err != nil {
		t.Fatal(err)
	}
	return httputil.NewSingleHostReverseProxy(to)
}

// TestLogoutButtonOfTheApp: the app sees its own logout first, its cookies reach the
// browser, every session and stream of this login is over, and the person is told so
// by the portal.
func TestLogoutButtonOfTheApp(t *testing.T) {
	d := newGate(t, logoutOn("/doku.php?do=logout"))
	seen := 0
	server := d.serve(oldApp(t, &seen))
	s, token := d.signIn()
	running := d.passed(ask(wiki+"/stream", holding(token)))
	send(t, server, "/doku.php?id=start", click, holding(token))
	if !d.stands(s) {
		t.Fatal("an ordinary page signs out")
	}
	res := send(t, server, "/doku.php?id=start&do=logout&sectok=1", click, holding(token))
	if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != goneTo {
		t.Errorf("%s to %q", res.Status, res.Header.Get("Location"))
	}
	if seen != 1 {
		t.Errorf("the app has seen %d logouts", seen)
	}
	var cookies []string
	for _, c := range res.Cookies() {
		if c.MaxAge >= 0 && !strings.Contains(c.Name, "~owner") {
			t.Errorf("the cookie %s is set", c.Name)
		}
		cookies = append(cookies, c.Name)
	}
	if diff := cmp.Diff([]string{"PHPSESSID", cookie}, unlabelled(cookies)); diff != "" {
		t.Error(diff)
	}
	if res.Header.Get("ETag") != "" || res.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the app's answer is mixed up with ours: %v", res.Header)
	}
	if running.Request.Context().Err() == nil {
		t.Error("a stream goes on")
	}
	if d.stands(s) {
		t.Error("the session stands")
	}
	if got := d.audit.last(); got != "logout: " {
		t.Errorf("audited %q", got)
	}
	d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
}

// TestScriptOfTheAppSignsOut: a script gets the app's own answer, and everything has
// ended when it does.
func TestScriptOfTheAppSignsOut(t *testing.T) {
	d := newGate(t, logoutOn("/out"))
	seen := 0
	server := d.serve(oldApp(t, &seen))
	s, token := d.signIn()
	res := send(t, server, "/out", by(http.MethodPost), with("Sec-Fetch-Site", "same-origin"), with("Sec-Fetch-Mode", "cors"),
		with("Sec-Fetch-Dest", "empty"), holding(token))
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusFound || res.Header.Get("Location") != "/start" || string(body) != "welcome, anna" {
		t.Errorf("%s %q, %v", res.Status, body, err)
	}
	if got := len(unlabelled(res.Header["Set-Cookie"])); got != 2 || seen != 1 || d.stands(s) {
		t.Errorf("%d cookies, the app saw %d, the session stands: %t", got, seen, d.stands(s))
	}
}

// TestLogoutNobodyAskedFor: images, frames, scripts and forms of others, pages that are
// fetched ahead, and images that somebody has put into a page of the app sign nobody
// out. The app alone sees the request (threat 27).
func TestLogoutNobodyAskedFor(t *testing.T) {
	fetched := func(site, mode, dest string) func(*http.Request) {
		return func(r *http.Request) {
			with("Sec-Fetch-Site", site)(r)
			with("Sec-Fetch-Mode", mode)(r)
			with("Sec-Fetch-Dest", dest)(r)
		}
	}
	old := with("Accept", "text/html,*/*;q=0.8")
	all := func(edits ...func(*http.Request)) func(*http.Request) {
		return func(r *http.Request) {
			for _, edit := range edits {
				edit(r)
			}
		}
	}
	post := by(http.MethodPost)
	for what, c := range map[string]struct {
		request func(*http.Request)
		ends    bool
	}{
		"image of another site":       {fetched("cross-site", "no-cors", "image"), false},
		"image of a sibling":          {fetched("same-site", "no-cors", "image"), false},
		"image in the app":            {fetched("same-origin", "no-cors", "image"), false},
		"style sheet in the app":      {fetched("same-origin", "no-cors", "style"), false},
		"frame in another site":       {fetched("cross-site", "navigate", "iframe"), false},
		"frame a person clicked in":   {all(fetched("cross-site", "navigate", "iframe"), with("Sec-Fetch-User", "?1")), false},
		"script of another site":      {fetched("cross-site", "cors", "empty"), false},
		"script of a sibling":         {fetched("same-site", "cors", "empty"), false},
		"redirected by a script":      {fetched("cross-site", "navigate", "document"), false},
		"form of another site":        {all(post, fetched("cross-site", "navigate", "document"), with("Sec-Fetch-User", "?1"), with("Origin", "https://evil.example")), false},
		"form of a sibling":           {all(post, fetched("same-site", "navigate", "document"), with("Sec-Fetch-User", "?1"), with("Origin", tickets)), false},
		"prefetch":                    {all(click, with("Sec-Purpose", "prefetch")), false},
		"prerender":                   {all(click, with("Sec-Purpose", "prefetch;prerender")), false},
		"old prefetch":                {all(old, with("X-Moz", "prefetch"), with("Referer", wiki+"/")), false},
		"two minds":                   {all(click, with("Sec-Fetch-Site", "same-origin", "cross-site")), false},
		"HEAD":                        {all(click, by(http.MethodHead)), false},
		"OPTIONS":                     {all(click, by(http.MethodOptions)), false},
		"old browser, no sender":      {old, false},
		"old browser, foreign page":   {all(old, with("Referer", "https://evil.example/?"+wiki+"/")), false},
		"old browser, foreign form":   {all(old, post, with("Origin", "https://evil.example"), with("Referer", wiki+"/")), false},
		"old browser, nobody's form":  {all(old, post, with("Origin", "null")), false},
		"old browser, image":          {all(with("Accept", "image/png,*/*"), with("Referer", wiki+"/")), false},
		"old browser, bad page":       {all(old, with("Referer", "%")), false},
		"link":                        {click, true},
		"link of another site":        {all(fetched("cross-site", "navigate", "document"), with("Sec-Fetch-User", "?1")), true},
		"typed":                       {fetched("none", "navigate", "document"), true},
		"form":                        {all(post, click, with("Origin", wiki)), true},
		"script":                      {fetched("same-origin", "cors", "empty"), true},
		"old browser, link":           {all(old, with("Referer", wiki+"/page?x=1")), true},
		"old browser, form":           {all(old, post, with("Origin", wiki)), true},
		"old browser, script":         {all(with("X-Requested-With", "XMLHttpRequest"), with("Referer", wiki+"/")), true},
		"old browser, spelt its way":  {all(old, with("Referer", "HTTPS://Wiki.Example.com:443/")), true},
		"frame of the app":            {fetched("same-origin", "navigate", "iframe"), true},
		"script that the person left": {all(post, fetched("same-origin", "no-cors", "empty"), with("Origin", wiki)), true},
	} {
		t.Run(what, func(t *testing.T) {
			d := newGate(t, logoutOn("/out"))
			seen := 0
			server := d.serve(oldApp(t, &seen))
			s, token := d.signIn()
			res := send(t, server, "/out", c.request, holding(token))
			if seen != 1 {
				t.Errorf("the app saw it %d times", seen)
			}
			if d.stands(s) == c.ends {
				t.Errorf("%s: the session stands: %t", res.Status, !c.ends)
			}
			for _, set := range res.Cookies() {
				if session.Ours(set.Name) && !c.ends {
					t.Error("our cookie is taken away")
				}
			}
		})
	}
}

// TestLogoutButtonThatIsNotStored must not look like a logout, to a person or to a
// script, and the end is retried (threat 19).
func TestLogoutButtonThatIsNotStored(t *testing.T) {
	for what, asked := range map[string]func(*http.Request){
		"person": click,
		"script": func(r *http.Request) {
			r.Method = http.MethodPost
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := newGate(t, logoutOn("/out"))
			seen := 0
			server := d.serve(oldApp(t, &seen))
			_, token := d.signIn()
			d.store.Break(store.ErrFull)
			res := send(t, server, "/out", asked, holding(token))
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != http.StatusServiceUnavailable || strings.Contains(string(body), "welcome") || strings.Contains(string(body), "You are signed out") {
				t.Errorf("%s: %s", res.Status, body)
			}
			if cookies := unlabelled(res.Header["Set-Cookie"]); len(cookies) != 1 || !strings.HasPrefix(cookies[0], "PHPSESSID=") {
				t.Errorf("cookies %v", cookies)
			}
			d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
		})
	}
}

// TestLogoutOfAnAppThatDoesNotAnswer: nobody stays signed in because an app is down,
// talks without end, or has nothing to say; nor when they close the tab at once.
func TestLogoutOfAnAppThatDoesNotAnswer(t *testing.T) {
	var stop chan struct{}
	for what, app := range map[string]http.HandlerFunc{
		"nothing": func(http.ResponseWriter, *http.Request) {},
		"flushes": func(w http.ResponseWriter, _ *http.Request) { http.NewResponseController(w).Flush() },
		"endless": func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "bye")
			http.NewResponseController(w).Flush()
			<-stop
		},
		"long": func(w http.ResponseWriter, _ *http.Request) {
			io.Copy(w, strings.NewReader(strings.Repeat("x", 1<<20)))
		},
		"broken": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"twice": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			w.WriteHeader(http.StatusBadGateway)
		},
		"hints": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusOK)
		},
	} {
		t.Run(what, func(t *testing.T) {
			d := newGate(t, logoutOn("/out"))
			server := d.serve(app)
			stop = make(chan struct{})
			defer close(stop)
			s, token := d.signIn()
			res := send(t, server, "/out", click, holding(token))
			if res.StatusCode != http.StatusSeeOther || res.Header.Get("Location") != goneTo || d.stands(s) {
				t.Errorf("%s to %q, the session stands: %t", res.Status, res.Header.Get("Location"), d.stands(s))
			}
			if body, err := io.ReadAll(res.Body); err != nil || len(body) > 0 {
				t.Errorf("body of %d bytes, %v", len(body), err)
			}
		})
	}
	t.Run("down", func(t *testing.T) {
		d := newGate(t, logoutOn("/out"))
		for _, c := range []struct {
			asked    func(*http.Request)
			answered bool
		}{{click, true}, {func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "same-origin") }, false}} {
			s, token := d.signIn()
			pass, w := d.admit(ask(wiki+"/out", c.asked, holding(token)))
			if got := d.Failed(pass, requestID, errors.New("dial tcp: refused")); got != c.answered {
				t.Errorf("answered: %t, %d", got, w.Code)
			}
			if d.stands(s) {
				t.Error("the session stands")
			}
			if d.Failed(pass, requestID, errors.New("again")) {
				t.Error("answered twice")
			}
		}
		s, token := d.signIn()
		if d.Failed(d.passed(ask(wiki+"/page", click, holding(token))), requestID, errors.New("refused")) || !d.stands(s) {
			t.Error("an ordinary page that fails signs out")
		}
	})
	t.Run("tab closed", func(t *testing.T) {
		arrived, gone := make(chan struct{}), make(chan struct{})
		d := newGate(t, logoutOn("/out"))
		server := d.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			close(arrived)
			<-r.Context().Done()
			close(gone)
		}))
		s, token := d.signIn()
		go func() {
			<-arrived
			server.CloseClientConnections()
		}()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/out", nil)
		click(r)
		holding(token)(r)
		if res, err := http.DefaultTransport.RoundTrip(r); err == nil {
			t.Errorf("answered %s", res.Status)
		}
		<-gone
		for deadline := time.Now().Add(time.Minute); d.stands(s); time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the session stands")
			}
		}
	})
}

// TestLogoutButtonWithoutSession: who is not signed in any more is not asked to sign
// in, to be signed out on arrival. A script is told 401 as ever.
func TestLogoutButtonWithoutSession(t *testing.T) {
	d := newGate(t, logoutOn("/out"))
	s, token := d.signIn()
	d.Limits = session.Limits{Lifetime: time.Nanosecond}
	d.sent(ask(wiki+"/out", click, holding(token)), goneTo)
	if d.stands(s) {
		t.Error("what was refused stands")
	}
	d.sent(ask(wiki+"/out", click), goneTo)
	d.answered(ask(wiki+"/out", with("Sec-Fetch-Site", "same-origin"), with("Sec-Fetch-Mode", "cors")), http.StatusUnauthorized)
}

// TestLogoutButtonOnAPublicPath ends the session of who is signed in, also of who is
// not let into the rest of the app.
func TestLogoutButtonOnAPublicPath(t *testing.T) {
	for _, group := range []string{"staff", "others"} {
		d := newGate(t, logoutOn("/out"), ruled(policy.Rules{Public: []string{"/out"}, Rules: []policy.Rule{{Groups: []string{group}}}}))
		s, token := d.signIn()
		seen := 0
		server := d.serve(oldApp(t, &seen))
		if res := send(t, server, "/out", click, holding(token)); res.Header.Get("Location") != goneTo || d.stands(s) || seen != 1 {
			t.Errorf("%s: %s, the session stands: %t", group, res.Status, d.stands(s))
		}
		if res := send(t, server, "/out", click); res.StatusCode != http.StatusFound {
			t.Errorf("%s: a stranger gets %s", group, res.Status)
		}
	}
}

// TestLogoutAddress is read as it is meant, and what would sign out by surprise is
// refused.
func TestLogoutAddress(t *testing.T) {
	for address, requests := range map[string]map[string]bool{
		"/out":             {"/out": true, "/out?x=1": true, "/out/": false, "/Out": false, "/": false},
		"/out/*":           {"/out": true, "/out/now": true, "/outer": false},
		"*?do=logout":      {"/": false, "/a/b?x=1&do=logout": true, "/?do=logout": true, "/?do=show": false},
		"/x?do=logout&now": {"/x?now&do=logout": true, "/x?do=logout": false, "/x?do=logout&now=": true, "/x?do=logout&now=1": false},
		"/x?a=b%26c+d":     {"/x?a=b%26c%20d": true, "/x?%61=b%26c+d": true, "/x?a=b&c+d": false, "/x?a=%zz": false},
	} {
		for request, want := range requests {
			d := newGate(t, logoutOn(address))
			s, token := d.signIn()
			d.passed(ask(wiki+request, click, holding(token))).Release()
			if got := !d.stands(s); got != want {
				t.Errorf("%s: %s signs out: %t", address, request, got)
			}
		}
	}
	for _, wrong := range []string{"", "out", "*", "/*", "/out?", "*?", "*?&", "/out?%zz", "/out?=x", "/out?a=b#c", "/o*t", "/../out", "*?a;b"} {
		if a, err := gate.ParseLogoutAddress(wrong); err == nil {
			t.Errorf("%q is an address: %v", wrong, a)
		}
	}
}

// FuzzLogoutAddress: nothing panics, and an address that is read covers itself.
func FuzzLogoutAddress(f *testing.F) {
	for _, seed := range []string{"/doku.php?do=logout", "*?action=logout&x", "/out/*", "/x?a=%41+b", "*", "/?", "?&="} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		a, err := gate.ParseLogoutAddress(text)
		if err != nil {
			return
		}
		path, query, _ := strings.Cut(text, "?")
		if !a.Covers(strings.TrimSuffix(path, "/*"), query) {
			t.Errorf("%q does not cover itself", text)
		}
	})
}
