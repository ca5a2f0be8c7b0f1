// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
)

// orderKey is the key of an app whose word counts for the group clerks, at the wiki.
const orderKey = "0123456789abcdefghij"

func vouching(t *testing.T) func(*portal.Portal) {
	return func(p *portal.Portal) {
		p.Vouchers = voucher.Book{{
			App: "orders", Keys: [][]byte{[]byte(orderKey)}, Apps: []string{"wiki"},
			People: rules(t, policy.Rule{Groups: []string{"clerks"}}),
		}}
	}
}

// word returns what the app says of somebody. No two are the same.
func (w *town) word(name string) string {
	w.t.Helper()
	return w.sign(keyring.PHPRunnerClaims{Username: name, Host: "LOGIN.example.com", Origin: "https://orders.example.com/" + fmt.Sprint(words.Add(1))})
}

var words atomic.Int64

func (w *town) sign(c keyring.PHPRunnerClaims) string {
	w.t.Helper()
	token, err := keyring.SignPHPRunner([]byte(orderKey), c, time.Now())
	if err != nil {
		w.t.Fatal(err)
	}
	w.secrets.add(token)
	return token
}

// follow goes to an address as a link of another site's page leads there.
func (b *browser) follow(address string, headers ...string) *answer {
	b.t.Helper()
	return b.get(address, append([]string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Dest", "document"}, headers...)...)
}

// arrive comes with an app's word, which must count, and returns what names the arrival.
func (b *browser) arrive(name, returnTo string) string {
	b.t.Helper()
	a := b.follow("/login?" + url.Values{"token": {b.town.word(name)}, "return_to": {returnTo}}.Encode())
	arrival, ok := strings.CutPrefix(a.location(), origin+"/continue?arrival=")
	if a.status != http.StatusSeeOther || !ok {
		b.t.Fatalf("%d to %q\n%s", a.status, a.location(), a.body)
	}
	return arrival
}

// goOn says that it is them.
func (b *browser) goOn(arrival string, headers ...string) *answer {
	b.t.Helper()
	return b.post("/continue", url.Values{"arrival": {arrival}}, headers...)
}

// signInByWord must work.
func (b *browser) signInByWord(name string) {
	b.t.Helper()
	if a := b.goOn(b.arrive(name, "")); a.status != http.StatusSeeOther || a.cookie(cookieName) == nil {
		b.t.Fatalf("signing in %s: %d %s", name, a.status, a.body)
	}
}

// TestAnAppSignsAPersonIn: the token is gone from the address with the first answer, the
// person is asked, and then goes where they were going, with a session that says how it
// came about. At the front page it is the same.
func TestAnAppSignsAPersonIn(t *testing.T) {
	w := newPortal(t, vouching(t))
	clerk := w.add(anna, "clerks")
	for _, at := range []string{"/login", "/"} {
		b := w.browser()
		token := w.word("Anna")
		a := b.follow(at + "?" + url.Values{"token": {token}, "return_to": {wiki + "/a?b=c"}}.Encode())
		if a.status != http.StatusSeeOther || a.header.Get("Referrer-Policy") != "no-referrer" || a.header.Get("Cache-Control") != "no-store" {
			t.Fatalf("%s: %d %v", at, a.status, a.header)
		}
		if strings.Contains(a.location()+a.body, token) {
			t.Errorf("the token goes on to %q", a.location())
		}
		if _, in := b.signedIn(); in || len(w.records(session.Kind)) != 0 {
			t.Fatal("signed in before anybody was asked")
		}
		page := b.follow(a.location())
		if page.status != http.StatusOK || !strings.Contains(page.body, "Continue as") || !strings.Contains(page.body, "<bdi>wiki</bdi>") {
			t.Fatalf("%d %s", page.status, page.body)
		}
		_, arrival, _ := strings.Cut(a.location(), "arrival=")
		on := b.goOn(arrival)
		if on.status != http.StatusSeeOther || on.location() != wiki+"/.gatehouse/begin?return_to="+url.QueryEscape(wiki+"/a?b=c") {
			t.Fatalf("%d to %q\n%s", on.status, on.location(), on.body)
		}
		ids := w.records(session.Kind)
		s, err := w.house.Sessions.Get(t.Context(), ids[0])
		if err != nil || len(ids) != 1 || s.UserID != clerk.ID || s.Via != "orders" || !cmp.Equal(s.AMR, []string{"app"}) || s.Remembered {
			t.Fatalf("%+v, %v", s, err)
		}
		// A second click, a reload and the way back lead on as well.
		for _, again := range []*answer{b.goOn(arrival), b.get("/continue?arrival=" + arrival)} {
			if again.location() != on.location() || len(w.records(session.Kind)) != 1 {
				t.Errorf("again: %d to %q", again.status, again.location())
			}
		}
		b.post("/logout", url.Values{})
	}
	for kind, want := range map[audit.Kind]int{audit.WordTaken: 2, audit.Login: 2, audit.WordRefused: 0} {
		events := w.secrets.of(kind)
		if len(events) != want {
			t.Errorf("%d times %s", len(events), kind)
		}
		for _, e := range events {
			if e.App != "orders" || e.User != anna || !e.Address.IsValid() {
				t.Errorf("%+v", e)
			}
		}
	}
}

// forge signs any claims.
func forge(claims string) string {
	encode := base64.RawURLEncoding.EncodeToString
	text := encode([]byte(`{"typ":"JWT","alg":"HS256"}`)) + "." + encode([]byte(claims))
	mac := hmac.New(sha256.New, []byte(orderKey))
	mac.Write([]byte(text))
	return text + "." + encode(mac.Sum(nil))
}

// TestWordsThatDoNotCount: nobody is signed in, nothing is stored, everybody sees the
// same page, whoever has an account, and the log says why.
func TestWordsThatDoNotCount(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	w.add(bert, "staff")
	w.add("gone", "clerks")
	if _, err := w.house.Users.Remove(t.Context(), "gone"); err != nil {
		t.Fatal(err)
	}
	w.add("off", "clerks")
	if _, err := w.house.Users.Disable(t.Context(), "off"); err != nil {
		t.Fatal(err)
	}
	// Each is made when it is sent, since none is good for long.
	with := func(old, fresh string, after time.Duration) func() string {
		return func() string {
			claims := fmt.Sprintf(`{"username":"anna","host":"login.example.com","external":true,"origin":"x","exp":%d}`, time.Now().Add(after).Unix())
			return forge(strings.Replace(claims, old, fresh, 1))
		}
	}
	of := func(name string) func() string { return func() string { return w.word(name) } }
	const soon = 30 * time.Second
	var page string
	for what, test := range map[string]struct {
		token  func() string
		reason string
	}{
		"for an app":      {with("login.", "wiki.", soon), "token is for another host"},
		"for a port":      {with(`.com"`, `.com:8443"`, soon), "token is for another host"},
		"remember me":     {with("{", `{"checksum":"x",`, soon), "token remembers somebody (checksum), and signs nobody in"},
		"not external":    {with(`"external":true,`, "", soon), "token has no external that counts"},
		"without a host":  {with(`"host":"login.example.com",`, "", soon), "token has no host that counts"},
		"over":            {with("", "", -time.Second), "token has expired"},
		"for too long":    {with("", "", time.Hour), "token is good for more than 1m0s"},
		"another key":     {func() string { return w.word(anna) + "x" }, "token is signed with no key that counts"},
		"nothing":         {func() string { return "" }, "token is signed with no key that counts"},
		"a stranger":      {of("eve"), "token names nobody who has an account here"},
		"no name":         {of("\x00 "), "token names nobody who has an account here"},
		"removed":         {of("gone"), "token names nobody who has an account here"},
		"disabled":        {of("off"), "user is disabled"},
		"not on the list": {of(bert), "app may not sign this user in"},
		"twice":           {func() string { return w.word(anna) + "&token=" + w.word(anna) }, "more than one token in the address"},
	} {
		b := w.browser()
		a := b.follow("/login?token=" + test.token())
		refused := w.secrets.of(audit.WordRefused)
		last := refused[len(refused)-1]
		if a.status != http.StatusForbidden || a.location() != "" || a.header.Get("Set-Cookie") != "" || last.Reason != test.reason || last.Request == "" {
			t.Errorf("%s: %d, %q, %+v", what, a.status, a.header, last)
		}
		body := strings.ReplaceAll(a.body, last.Request, "ID")
		if page == "" {
			page = body
		}
		if body != page {
			t.Errorf("%s: another page\n%s", what, cmp.Diff(page, body))
		}
	}
	// It arrives in no other way: not in a form, which another site may send, in a cookie, which
	// a sibling host may set, or as an authorization.
	b := w.browser()
	token := w.word(anna)
	b.plant("token", token)
	for _, a := range []*answer{
		b.follow("/login"), b.follow("/"), b.get("/login", "Authorization", "Bearer "+token),
		b.post("/login", url.Values{"token": {token}}), b.post("/continue", url.Values{"token": {token}}),
		b.post("/login?token="+token, url.Values{}), b.post("/login", url.Values{"token": {token}}, "Sec-Fetch-Site", "cross-site", "Origin", wiki),
		b.get("/account?token=" + token), b.get("/continue?token=" + token),
	} {
		if a.cookie(cookieName) != nil || strings.Contains(a.location(), "arrival") {
			t.Errorf("%d to %q", a.status, a.location())
		}
	}
	if n := len(w.records(session.Kind)) + len(w.records(voucher.Kind)); n != 0 {
		t.Errorf("%d records", n)
	}
	// Where no app may sign anybody in, the address is like any other.
	plain := newPortal(t)
	if a := plain.browser().follow("/login?token=" + token); a.status != http.StatusSeeOther || a.location() != origin+"/login" {
		t.Errorf("without the option: %d to %q", a.status, a.location())
	}
}

// TestAWordCountsOnce: of 100 browsers with one token one may go on, once, and none after
// a restart.
func TestAWordCountsOnce(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	token := w.word(anna)
	browsers := make([]*browser, 100)
	answers := make([]*answer, len(browsers))
	at := func(do func(i int)) {
		var all sync.WaitGroup
		for i := range browsers {
			all.Go(func() { do(i) })
		}
		all.Wait()
	}
	for i := range browsers {
		browsers[i] = w.browser()
	}
	at(func(i int) { answers[i] = browsers[i].follow("/login?token=" + token) })
	winner := -1
	for i, a := range answers {
		switch {
		case a.status == http.StatusSeeOther && winner < 0:
			winner = i
		case a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "":
			t.Errorf("another one gets %d to %q", a.status, a.location())
		}
	}
	if winner < 0 {
		t.Fatal("nobody has got in")
	}
	if got := len(w.secrets.of(audit.WordRefused)); got != 99 {
		t.Errorf("%d refusals are in the log", got)
	}
	_, arrival, _ := strings.Cut(answers[winner].location(), "arrival=")
	// The same page, sent a hundred times with the cookie that it had.
	nonce := browsers[winner].token(cookieName)
	at(func(i int) {
		browsers[i] = w.browser()
		browsers[i].plant(cookieName, nonce)
		answers[i] = browsers[i].goOn(arrival)
	})
	in := 0
	for _, a := range answers {
		if a.cookie(cookieName) != nil {
			in++
		} else if a.status != http.StatusGone {
			t.Errorf("another one gets %d", a.status)
		}
	}
	if in != 1 || len(w.records(session.Kind)) != 1 {
		t.Errorf("%d are in, with %d sessions", in, len(w.records(session.Kind)))
	}
	if a := w.again(vouching(t)).browser().follow("/login?token=" + token); a.status != http.StatusForbidden {
		t.Errorf("after a restart: %d", a.status)
	}
}

// TestGuessedWordsAreThrottled: whoever tries keys is slowed down, and then the right one
// does not count either. Nobody is kept from signing in with a password.
func TestGuessedWordsAreThrottled(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	b := w.browser()
	for i := range 301 {
		a := b.follow(fmt.Sprintf("/login?token=a.b.%d", i))
		if want := i >= 300; (a.status == http.StatusTooManyRequests) != want || want != (a.header.Get("Retry-After") != "") {
			t.Fatalf("attempt %d: %d", i, a.status)
		}
	}
	word := w.word(anna)
	if a := b.follow("/login?token=" + word); a.status != http.StatusTooManyRequests || a.location() != "" {
		t.Errorf("the right one: %d", a.status)
	}
	if n := len(w.secrets.of(audit.WordRefused)); n != 300 {
		t.Errorf("%d lines in the log", n)
	}
	if a := w.browser().follow("/login?token="+word, "Test-Client", "192.0.2.8"); a.status != http.StatusSeeOther {
		t.Errorf("from elsewhere: %d", a.status)
	}
	b.signIn(anna)
	// Right ones are not counted.
	other := w.browser()
	from := func(token string) int {
		return other.follow("/login?token="+token, "Test-Client", "192.0.2.9").status
	}
	for range 295 {
		from("x")
	}
	for range 10 {
		if status := from(w.word(anna)); status != http.StatusSeeOther {
			t.Fatalf("a right one among wrong ones: %d", status)
		}
	}
	spent := w.word(anna)
	from(spent)
	for range 5 { // those that were used before are
		if status := from(spent); status != http.StatusForbidden {
			t.Errorf("after right ones: %d", status)
		}
	}
	if status := from(spent); status != http.StatusTooManyRequests {
		t.Errorf("after 300 wrong ones: %d", status)
	}
}

// A page that is fetched ahead, an image, a frame or a script of another site uses up
// nothing, and sets no cookie.
func TestOnlyAPersonUsesAWordUp(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	word := w.word(anna)
	for _, headers := range [][]string{
		{"Sec-Purpose", "prefetch"}, {"Purpose", "preview"}, {"Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "image"},
		{"Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"}, {"Sec-Fetch-Dest", "iframe"}, {"Sec-Fetch-Dest", "frame"},
	} {
		if a := w.browser().follow("/login?token="+word, headers...); a.status != http.StatusForbidden || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%q: %d", headers, a.status)
		}
	}
	if a := w.browser().do(http.MethodHead, "/login?token="+word, nil); a.status != http.StatusForbidden {
		t.Errorf("HEAD: %d", a.status)
	}
	if n := len(w.records(voucher.Kind)); n != 0 {
		t.Fatalf("%d records", n)
	}
	if a := w.browser().follow("/login?token=" + word); a.status != http.StatusSeeOther {
		t.Errorf("a person: %d", a.status)
	}
}

// TestAWordOnAnOutage: nobody gets in on account of a store that does not answer, and a
// token is not accepted before that is stored.
func TestAWordOnAnOutage(t *testing.T) {
	w := newPortal(t, vouching(t))
	w.add(anna, "clerks")
	b := w.browser()
	arrival, word := b.arrive(anna, ""), w.word(anna)
	w.disk.pull()
	for _, a := range []*answer{b.follow("/login?token=" + word), b.goOn(arrival), b.get("/continue?arrival=" + arrival)} {
		if a.status != http.StatusServiceUnavailable || a.header.Get("Set-Cookie") != "" {
			t.Errorf("%d", a.status)
		}
	}
	w.disk.plugIn()
	if a := w.browser().follow("/login?token=" + word); a.status != http.StatusSeeOther {
		t.Errorf("the token afterwards: %d", a.status)
	}
	if a := b.goOn(arrival); a.status != http.StatusSeeOther {
		t.Errorf("the arrival afterwards: %d", a.status)
	}
}

// TestATokenInAnOddAddressIsNotLogged: whatever is heard as an app's word is kept out of the
// access log, however its name is written and whatever stands beside it (threat 40).
func TestATokenInAnOddAddressIsNotLogged(t *testing.T) {
	for query, kept := range map[string]bool{
		"token=x": true, "%74oken=x": true, "a=%zz&%74oken=x": true, "%zz&token=x": true, "%74%6f%6b%65%6e=x;&%&%74oken=x": true,
		"a=%zz": false, "": false,
	} {
		for _, path := range []string{"/", "/login"} {
			r := httptest.NewRequest(http.MethodGet, path, nil)
			if r.URL.RawQuery = query; portal.KeepsSecret(r) != kept {
				t.Errorf("%s?%s: kept out of the log is %t, want %t", path, query, !kept, kept)
			}
		}
	}
}
