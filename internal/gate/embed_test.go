// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

const intranet = "https://intranet.example.org"

func embedded(a *gate.App) { a.Embedders = gate.Embedders{intranet} }

// says sets what browsers say of a request (Fetch Metadata).
func says(site, mode, dest string) func(*http.Request) {
	return func(r *http.Request) {
		r.Header.Set("Sec-Fetch-Site", site)
		r.Header.Set("Sec-Fetch-Mode", mode)
		r.Header.Set("Sec-Fetch-Dest", dest)
	}
}

func from(origin string) func(*http.Request) { return with("Origin", origin) }

// all is several edits in one.
func all(edits ...func(*http.Request)) func(*http.Request) {
	return func(r *http.Request) {
		for _, edit := range edits {
			edit(r)
		}
	}
}

// TestEmbeddedCookieCounts: the cookie comes with every request from a page in which the
// app is shown, and from whatever else that page shows. It counts where a Lax cookie would
// have come, and in frames; nobody else acts in the person's name (threats 27, 44).
func TestEmbeddedCookieCounts(t *testing.T) {
	l := listen(t, embedded)
	_, token := l.door.signIn()
	const evil = "https://ads.example.net"
	for what, test := range map[string]struct {
		method string
		edit   func(*http.Request)
		status int // 0 when the app gets it from anna
	}{
		"the frame":                            {http.MethodGet, says("cross-site", "navigate", "iframe"), 0},
		"the frame of an old kind":             {http.MethodGet, says("cross-site", "navigate", "frame"), 0},
		"a link from anywhere":                 {http.MethodGet, says("cross-site", "navigate", "document"), 0},
		"the app's own script":                 {http.MethodPost, all(says("same-origin", "cors", "empty"), from(wiki)), 0},
		"the app's own form":                   {http.MethodPost, all(says("same-origin", "navigate", "iframe"), from(wiki)), 0},
		"the address bar":                      {http.MethodGet, says("none", "navigate", "document"), 0},
		"a script without a browser":           {http.MethodPost, func(*http.Request) {}, 0},
		"a form of the embedder":               {http.MethodPost, all(says("cross-site", "navigate", "iframe"), from(intranet)), 0},
		"a form of the embedder, old browser":  {http.MethodPost, from(intranet), 0},
		"a sibling's picture, as with Lax":     {http.MethodGet, says("same-site", "no-cors", "image"), 0},
		"a script of the embedder":             {http.MethodPost, all(says("cross-site", "cors", "empty"), from(intranet)), http.StatusForbidden},
		"a script of the embedder, not asking": {http.MethodPost, all(says("cross-site", "no-cors", "empty"), from(intranet)), http.StatusForbidden},
		"a form of the embedder to the top":    {http.MethodPost, all(says("cross-site", "navigate", "document"), from(intranet)), http.StatusForbidden},
		"an advertisement's form":              {http.MethodPost, all(says("cross-site", "navigate", "iframe"), from(evil)), http.StatusForbidden},
		"a form from a sandbox":                {http.MethodPost, all(says("cross-site", "navigate", "iframe"), from("null")), http.StatusForbidden},
		"a form at the top":                    {http.MethodPost, all(says("cross-site", "navigate", "document"), from(evil)), http.StatusForbidden},
		"a form of a sibling":                  {http.MethodPost, all(says("same-site", "navigate", "document"), from("https://evil.example.com")), http.StatusForbidden},
		"a form without an origin":             {http.MethodPost, says("cross-site", "navigate", "iframe"), http.StatusForbidden},
		"two origins":                          {http.MethodPost, with("Origin", intranet, evil), http.StatusForbidden},
		"a form, old browser":                  {http.MethodPost, from(evil), http.StatusForbidden},
		"a deletion":                           {http.MethodDelete, all(says("cross-site", "cors", "empty"), from(evil)), http.StatusForbidden},
		"a script element":                     {http.MethodGet, says("cross-site", "no-cors", "script"), http.StatusUnauthorized},
		"a picture":                            {http.MethodGet, says("cross-site", "no-cors", "image"), http.StatusUnauthorized},
		"a fetch":                              {http.MethodGet, all(says("cross-site", "cors", "empty"), from(intranet)), http.StatusUnauthorized},
		"an object":                            {http.MethodGet, says("cross-site", "navigate", "object"), http.StatusUnauthorized},
		"a WebSocket":                          {http.MethodGet, all(says("cross-site", "websocket", "empty"), from(evil), with("Upgrade", "websocket"), with("Connection", "upgrade")), http.StatusUnauthorized},
		"another word than browsers have":      {http.MethodGet, says("elsewhere", "no-cors", "script"), http.StatusUnauthorized},
	} {
		res, h := l.send(test.method, "/page", holding(token), test.edit)
		switch {
		case test.status == 0 && (h == nil || h.Get("Remote-User") != "anna"):
			t.Errorf("%s: %s, arrives as %q", what, res.Status, h.Get("Remote-User"))
		case test.status != 0 && (h != nil || res.StatusCode != test.status):
			t.Errorf("%s: %s, arrives %t; want %d", what, res.Status, h != nil, test.status)
		}
		if test.status != 0 && slices.ContainsFunc(res.Cookies(), func(c *http.Cookie) bool { return c.Name == cookie }) {
			t.Errorf("%s: loses the cookie of whoever is signed in", what)
		}
	}
}

// TestStrictAppInAFrame: an app that takes nothing from other origins takes nothing from
// embedders.
func TestStrictAppInAFrame(t *testing.T) {
	l := listen(t, embedded, func(a *gate.App) { a.StrictOrigin = true })
	_, token := l.door.signIn()
	if res, h := l.send(http.MethodPost, "/", holding(token), says("cross-site", "navigate", "iframe"), from(intranet)); h != nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("%s", res.Status)
	}
}

// TestPublicPathOfAnEmbeddedApp: what anybody may send is still anybody's, as it was with
// a cookie that did not come.
func TestPublicPathOfAnEmbeddedApp(t *testing.T) {
	l := listen(t, embedded, ruled(policy.Rules{Public: []string{"/hook"}}))
	_, token := l.door.signIn()
	_, h := l.send(http.MethodPost, "/hook", holding(token), says("cross-site", "navigate", "document"), from("https://pay.example.net"))
	l.isNobody("a form of another site", h)
}

// TestAppsSessionOfAnEmbeddedApp: the app's own cookies come with what other pages send, as
// ours do, since they were made to come into frames. Where anybody may send something they
// do not arrive with it, or its pages could be made to act in the name of whoever has a
// session at the app (threats 27, 44).
func TestAppsSessionOfAnEmbeddedApp(t *testing.T) {
	const kept = "SID=1"
	sent := func(l *listener, path, method string, edit func(*http.Request)) (arrives bool, cookies []string) {
		_, h := l.send(method, path, with("Cookie", kept), edit)
		return h != nil, h["Cookie"]
	}
	for _, path := range []string{"/hook", "/api"} {
		l := listen(t, embedded, func(a *gate.App) { a.SharedCookies = true }, ruled(policy.Rules{Public: []string{"/hook"}, OwnAuth: []string{"/api"}}))
		for what, test := range map[string]struct {
			method string
			edit   func(*http.Request)
			comes  bool
		}{
			"the app's own form":         {http.MethodPost, all(says("same-origin", "navigate", "iframe"), from(wiki)), true},
			"a frame":                    {http.MethodGet, says("cross-site", "navigate", "iframe"), true},
			"a form of the embedder":     {http.MethodPost, all(says("cross-site", "navigate", "iframe"), from(intranet)), true},
			"an advertisement's form":    {http.MethodPost, all(says("cross-site", "navigate", "iframe"), from("https://ads.example.net")), false},
			"a script of the embedder":   {http.MethodPost, all(says("cross-site", "cors", "empty"), from(intranet)), false},
			"a form of a sibling":        {http.MethodPost, all(says("same-site", "navigate", "document"), from("https://evil.example.com")), false},
			"a picture":                  {http.MethodGet, says("cross-site", "no-cors", "image"), false},
			"a script element":           {http.MethodGet, says("cross-site", "no-cors", "script"), false},
			"a form of an old browser's": {http.MethodPost, from("https://ads.example.net"), false},
		} {
			arrives, cookies := sent(l, path, test.method, test.edit)
			if !arrives || (len(cookies) > 0) != test.comes {
				t.Errorf("%s, %s: arrives %t, with %q", path, what, arrives, cookies)
			}
		}
		// Without embed_in the browser decides, by what the app has said of its cookies.
		plain := listen(t, func(a *gate.App) { a.SharedCookies = true }, public(path))
		if arrives, cookies := sent(plain, path, http.MethodPost, all(says("cross-site", "cors", "empty"), from(intranet))); !arrives || len(cookies) != 1 {
			t.Errorf("%s, not embedded: arrives %t, with %q", path, arrives, cookies)
		}
	}
}

// TestSignOutFromAnotherPage: nobody is signed out by a page in which the app is shown.
func TestSignOutFromAnotherPage(t *testing.T) {
	l := listen(t, embedded, func(a *gate.App) {
		a.LogoutOn = []gate.LogoutAddress{must(gate.ParseLogoutAddress("/bye"))}
	})
	s, token := l.door.signIn()
	for _, path := range []string{"/bye", "/.gatehouse/logout"} {
		for _, edit := range []func(*http.Request){
			all(says("cross-site", "navigate", "iframe"), from(intranet)),
			all(says("cross-site", "no-cors", "image")),
		} {
			l.send(http.MethodPost, path, holding(token), edit)
			l.send(http.MethodGet, path, holding(token), edit)
		}
	}
	if _, err := l.door.Sessions.Get(t.Context(), s.ID); err != nil {
		t.Errorf("the session: %v", err)
	}
}

// TestAppInAFrame: its answers may be shown by the embedders and by nobody else, whatever
// it says itself, and its cookies are kept in their frames; the rest of its policy stands.
func TestAppInAFrame(t *testing.T) {
	for what, said := range map[string]struct{ policy, want []string }{
		"nothing": {nil, nil},
		"its own": {
			[]string{"default-src 'self'; Frame-Ancestors 'none' ; img-src *", "frame-ancestors 'self',script-src 'self'", " ;frame-ancestors\t'none';"},
			[]string{"default-src 'self'; img-src *", "script-src 'self'"},
		},
	} {
		for _, shared := range []bool{true, false} {
			d := newGate(t, embedded, func(a *gate.App) { a.SharedCookies = shared })
			_, token := d.signIn()
			server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				h := w.Header()
				h["Content-Security-Policy"] = said.policy
				h.Set("X-Frame-Options", "SAMEORIGIN")
				h.Add("Set-Cookie", "SID=1; Path=/; HttpOnly; SameSite=Strict")
				h.Add("Set-Cookie", "theme=2; samesite=lax; secure")
				io.WriteString(w, "page")
			}))
			res := get(t, server.URL+"/", token)
			want := append(slices.Clone(said.want), "frame-ancestors 'self' "+intranet)
			if diff := cmp.Diff(want, res.Header["Content-Security-Policy"]); diff != "" || res.Header["X-Frame-Options"] != nil {
				t.Errorf("%s: %q, %s", what, res.Header["X-Frame-Options"], diff)
			}
			if len(res.Cookies()) < 2 {
				t.Errorf("%s: the cookies are lost: %q", what, res.Header["Set-Cookie"])
			}
			for _, c := range res.Cookies() {
				if c.MaxAge >= 0 && (c.SameSite != http.SameSiteNoneMode || !c.Secure || !c.Partitioned) {
					t.Errorf("%s: no frame keeps %s", what, c.Raw)
				}
			}
		}
	}
}

// TestAppThatIsNotEmbedded says itself who may show it, and its cookies stay as they are.
func TestAppThatIsNotEmbedded(t *testing.T) {
	d := newGate(t)
	_, token := d.signIn()
	server := d.serve(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Frame-Options", "DENY")
		w.Header().Set("Content-Security-Policy", "frame-ancestors 'none'")
		w.Header().Add("Set-Cookie", "theme=2; SameSite=Lax")
	}))
	h := get(t, server.URL+"/", token).Header
	if h.Get("X-Frame-Options") != "DENY" || h.Get("Content-Security-Policy") != "frame-ancestors 'none'" || strings.Contains(strings.Join(h["Set-Cookie"], ""), "Partitioned") {
		t.Errorf("%v", h)
	}
	for _, step := range []string{"frame?challenge=" + session.NewNonce().Challenge() + "&return_to=" + url.QueryEscape(wiki+"/"), "door"} {
		d.answered(ask(wiki+"/.gatehouse/"+step, holding(token), navigating), http.StatusNotFound)
	}
	w := d.answered(ask(wiki+"/", says("cross-site", "navigate", "iframe")), http.StatusUnauthorized)
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'") || cookieSet(w) != "" {
		t.Errorf("a frame that nobody wants: %v", w.Header())
	}
}

var inFrame = says("cross-site", "navigate", "iframe")

// link returns where the link of a page with a target leads.
func link(t *testing.T, page, target string) string {
	t.Helper()
	found := regexp.MustCompile(`href="([^"]*)"[^>]* target="` + target + `"`).FindStringSubmatch(page)
	if found == nil {
		t.Fatalf("no link to %s:\n%s", target, page)
	}
	return html.UnescapeString(found[1])
}

// held returns the token that an answer leaves in a browser, after all its lines.
func held(t *testing.T, w *httptest.ResponseRecorder) (token session.Token, line *http.Cookie) {
	t.Helper()
	for _, c := range w.Result().Cookies() {
		if c.Name == cookie {
			line = c
		}
	}
	if line == nil {
		t.Fatalf("no cookie: %v", w.Header())
	}
	token, ok := session.ParseToken(line.Value)
	if !ok {
		t.Fatalf("no token: %s", line.Raw)
	}
	return token, line
}

// frame is a frame on its way to a session.
type frame struct {
	door   *door
	nonce  session.Token
	signIn string // opened in a tab
	name   string // of the door
}

// newFrame opens the page in a frame, and looks at what is shown there.
func newFrame(d *door) *frame {
	d.tb.Helper()
	t := d.tb.(*testing.T)
	w := d.answered(ask(wiki+"/page?q=1", inFrame), http.StatusUnauthorized)
	body := w.Body.String()
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'self' "+intranet+";") || w.Header().Get("X-Frame-Options") != "" {
		t.Errorf("the page may not be shown: %v", w.Header())
	}
	if !strings.Contains(body, "Sign in") || strings.Contains(body, "<script") {
		t.Errorf("the page:\n%s", body)
	}
	f := &frame{door: d, signIn: link(t, body, "_blank")}
	var line *http.Cookie
	f.nonce, line = held(t, w)
	if !f.nonce.IsNonce() || line.SameSite != http.SameSiteNoneMode || !line.Secure || !line.Partitioned || !line.HttpOnly {
		t.Errorf("the cookie: %s", line.Raw)
	}
	f.name = regexp.MustCompile(`<iframe class="door" name="([^"]+)"`).FindStringSubmatch(body)[1]
	return f
}

// land returns where the link in the tab of whoever holds the token leads.
func (f *frame) land(token session.Token) string {
	f.door.tb.Helper()
	w := f.door.answered(ask(f.signIn, holding(token), navigating), http.StatusOK)
	if policy := w.Header().Get("Content-Security-Policy"); !strings.Contains(policy, "frame-ancestors 'none'") {
		f.door.tb.Errorf("the tab may be shown in a frame, where somebody is made to click: %s", policy)
	}
	return link(f.door.tb.(*testing.T), w.Body.String(), f.name)
}

// TestSignInForAFrame: the frame that has shown the page, and whose nonce the link is
// about, is signed in, beside the tab; each is good on its own, and one session ends both.
func TestSignInForAFrame(t *testing.T) {
	d := newGate(t, embedded)
	s, tab := d.signIn()
	f := newFrame(d)
	land := f.land(tab)
	w := d.answered(ask(land, holding(f.nonce), says("same-origin", "navigate", "iframe")), http.StatusSeeOther)
	if to := w.Header().Get("Location"); to != handoff.Door(target(wiki), wiki+"/page?q=1") {
		t.Errorf("on to %s", to)
	}
	inside, line := held(t, w)
	if inside.ID != s.ID || !line.Partitioned {
		t.Fatalf("%s", line.Raw)
	}
	door := d.answered(ask(w.Header().Get("Location"), holding(inside), inFrame), http.StatusOK)
	if to := link(t, door.Body.String(), "_parent"); to != wiki+"/page?q=1" || !strings.Contains(door.Body.String(), "You are signed in") {
		t.Errorf("the door leads to %s", to)
	}
	// A landing in a tab, long after, does not sign out the frame, nor the other way round.
	for range 3 {
		tab = d.handOff(s, wiki)
	}
	for what, token := range map[string]session.Token{"tab": tab, "frame": inside} {
		if pass := d.passed(ask(wiki+"/", holding(token), inFrame)); pass.User == nil || pass.User.Name != "anna" {
			t.Errorf("%s: %v", what, pass.User)
		}
	}
	d.must(d.Sessions.End(t.Context(), s.ID))
	for _, token := range []session.Token{tab, inside} {
		d.answered(ask(wiki+"/", holding(token), inFrame), http.StatusUnauthorized)
	}
}

// TestSignInForAnotherFrame: a link that somebody has sent gives its sender nothing. The
// code is in the page of the one who clicks and is worth something only in a frame of
// theirs (threat 30).
func TestSignInForAnotherFrame(t *testing.T) {
	d := newGate(t, embedded)
	_, tab := d.signIn()
	attacker := newFrame(d)
	frames := newFrame(d)
	for what, edit := range map[string]func(*http.Request){
		"anna's own frame": func(r *http.Request) { holding(frames.nonce)(r) },
		"no cookie":        func(*http.Request) {},
	} {
		land := attacker.land(tab) // anna follows the attacker's link, and clicks
		w := d.answered(ask(land, edit, says("same-origin", "navigate", "iframe")), http.StatusSeeOther)
		if c := cookieSet(w); c != "" {
			t.Errorf("%s: signed in with the code for another frame", what)
		}
		door := d.answered(ask(w.Header().Get("Location"), edit, inFrame), http.StatusOK)
		if !strings.Contains(door.Body.String(), "did not work") {
			t.Errorf("%s: the door says\n%s", what, door.Body)
		}
		if w := d.answered(ask(land, holding(attacker.nonce), inFrame), http.StatusSeeOther); cookieSet(w) != "" {
			t.Errorf("%s: the code was not spent", what)
		}
	}
	// In a tab, where she is signed in already, it is the page and nothing else.
	w := d.answered(ask(attacker.land(tab), holding(tab), navigating), http.StatusSeeOther)
	if w.Header().Get("Location") != wiki+"/page?q=1" || cookieSet(w) != "" {
		t.Errorf("in a tab: %v", w.Header())
	}
}

// TestFrameStepIsForTabs: what lets a frame in is made for who goes there, in a tab, and
// for nobody else; nor does it lead anywhere else.
func TestFrameStepIsForTabs(t *testing.T) {
	d := newGate(t, embedded)
	_, token := d.signIn()
	f := newFrame(d)
	writes := d.writes()
	for what, edit := range map[string]func(*http.Request){
		"in a frame":   inFrame,
		"a script":     says("same-origin", "cors", "empty"),
		"a prefetch":   all(navigating, with("Sec-Purpose", "prefetch")),
		"the embedder": says("cross-site", "no-cors", "image"),
	} {
		d.answered(ask(f.signIn, holding(token), edit), http.StatusForbidden)
		if d.writes() != writes {
			t.Errorf("%s: a code was made", what)
		}
	}
	challenge := f.nonce.Challenge()
	for _, query := range []url.Values{
		{}, {"challenge": {challenge}}, {"return_to": {wiki + "/"}},
		{"challenge": {challenge[1:]}, "return_to": {wiki + "/"}},
		{"challenge": {challenge}, "return_to": {"https://evil.test/"}},
		{"challenge": {`"><script>`}, "return_to": {wiki + "/"}},
	} {
		d.answered(ask(wiki+"/.gatehouse/frame?"+query.Encode(), holding(token), navigating), http.StatusBadRequest)
	}
	// Who is not signed in comes back to it, and a link that has been changed does not count.
	w := d.answered(ask(f.signIn, navigating), http.StatusSeeOther)
	if to, err := url.Parse(w.Header().Get("Location")); err != nil || to.Query().Get("return_to") != f.signIn {
		t.Errorf("leads to %v", to)
	}
	for _, changed := range []string{f.signIn + "&x=1", strings.Replace(f.signIn, challenge, challenge[1:], 1), strings.Replace(f.signIn, "q%3D1", "q%3D1%23", 1)} {
		if _, to, err := d.App.Targets.Parse(changed); err != nil || to != wiki+"/" && !strings.HasPrefix(to, wiki+"/.gatehouse/frame?challenge="+challenge+"&return_to=") {
			t.Errorf("%s becomes %s", changed, to)
		}
	}
}

// TestTwoCookiesOfAnEmbeddedHost: a browser may hold one from before the host was
// embedded. The new one takes its place, and whoever is left with both gets rid of both.
func TestTwoCookiesOfAnEmbeddedHost(t *testing.T) {
	d := newGate(t, embedded)
	w := d.answered(ask(wiki+"/", navigating), http.StatusSeeOther)
	var lines []string
	for _, c := range w.Result().Cookies() {
		lines = append(lines, fmt.Sprintf("%d %t", c.MaxAge, c.Partitioned))
	}
	if diff := cmp.Diff([]string{"-1 false", "0 true"}, lines); diff != "" {
		t.Error(diff)
	}
	twice := func(r *http.Request) { r.Header.Set("Cookie", cookie+"=x; "+cookie+"=y") }
	if nonce, _ := held(t, d.answered(ask(wiki+"/", inFrame, twice), http.StatusUnauthorized)); !nonce.IsNonce() {
		t.Error("in a frame the two stay")
	}
	for _, change := range []func(*gate.App){embedded, func(*gate.App) {}} {
		d.reload(change)
		w := d.answered(ask(wiki+"/", navigating, twice), http.StatusBadRequest)
		lines = nil
		for _, c := range w.Result().Cookies() {
			lines = append(lines, fmt.Sprintf("%d %t", c.MaxAge, c.Partitioned))
		}
		if diff := cmp.Diff([]string{"-1 false", "-1 true"}, lines); diff != "" {
			t.Error(diff)
		}
	}
}

// TestErrorsInAFrame may be shown there, in words, and nowhere else.
func TestErrorsInAFrame(t *testing.T) {
	d := newGate(t, embedded, ruled(policy.Rules{Rules: []policy.Rule{{Groups: []string{"others"}}}}))
	_, token := d.signIn()
	w := d.answered(ask(wiki+"/", holding(token), inFrame), http.StatusForbidden)
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'self' "+intranet) {
		t.Errorf("%v", w.Header())
	}
	w = d.answered(ask(wiki+"/", holding(token), navigating), http.StatusForbidden)
	if !strings.Contains(w.Header().Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("in a tab: %v", w.Header())
	}
}
