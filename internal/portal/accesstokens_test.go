// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store"
)

// takesTokens lets scripts into all apps of the fixture.
func takesTokens(p *portal.Portal) {
	for i := range p.Apps {
		p.Apps[i].Tokens = true
	}
}

// wanted returns the form that makes a token.
func wanted(password string, apps ...string) url.Values {
	return url.Values{"label": {"backup <script>"}, "app": apps, "days": {"30"}, "current": {password}}
}

var shownToken = regexp.MustCompile(`gatehouse_[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`)

// makeToken makes one for the wiki and returns what the page shows.
func (b *browser) makeToken() string {
	b.t.Helper()
	a := b.post("/account/tokens", wanted(password, "wiki"))
	text := shownToken.FindString(a.body)
	if a.status != http.StatusOK || text == "" {
		b.t.Fatalf("making a token: %d %s", a.status, a.body)
	}
	b.town.secrets.add(text)
	return text
}

func (w *town) tokenIDs() []store.ID { return w.records(accesstoken.Kind) }

// A token is made for the apps that were ticked, is shown once, is listed, and goes when
// its person revokes it.
func TestAnAccessTokenFromMakingToRevoking(t *testing.T) {
	w := newPortal(t, takesTokens)
	user := w.add(anna, "staff")
	b := w.browser()
	b.signIn(anna)
	if a := b.get("/account"); !strings.Contains(a.body, `action="/account/tokens"`) || !strings.Contains(a.body, `value="tickets"`) {
		t.Fatalf("the form is missing: %s", a.body)
	}
	text := b.makeToken()
	token, ok := accesstoken.Parse(text)
	grant, err := w.house.AccessTokens.Find(t.Context(), token, time.Now())
	if !ok || err != nil || grant.UserID != user.ID || fmt.Sprint(grant.Apps) != "[wiki]" || grant.Name != "backup <script>" {
		t.Fatalf("%+v, %v", grant, err)
	}
	a := b.get("/account")
	if strings.Contains(a.body, text) || !strings.Contains(a.body, "backup &lt;script&gt;") || !strings.Contains(a.body, "never") {
		t.Errorf("afterwards: %s", a.body)
	}
	a = b.post("/account/tokens", url.Values{"revoke": {token.ID.String()}})
	if a.status != http.StatusSeeOther || a.location() != origin+"/account" || len(w.tokenIDs()) != 0 {
		t.Errorf("revoking: %d %s, %d left", a.status, a.location(), len(w.tokenIDs()))
	}
	if made, revoked := w.secrets.of(audit.TokenMade), w.secrets.of(audit.TokenRevoked); len(made) != 1 || len(revoked) != 1 || made[0].User != anna {
		t.Errorf("audit: %+v %+v", made, revoked)
	}
}

// Nobody makes a token without the password, from another site, for an app that is not
// theirs or takes none, or for longer than a year: an open browser is no key.
func TestAccessTokensThatAreNotMade(t *testing.T) {
	w := newPortal(t, func(p *portal.Portal) { p.Apps[0].Tokens = true })
	w.add(anna, "staff")
	b := w.browser()
	b.signIn(anna)
	edit := func(field, value string) url.Values {
		form := wanted(password, "wiki")
		form.Set(field, value)
		return form
	}
	for what, test := range map[string]struct {
		form   url.Values
		status int
	}{
		"wrong password": {wanted("not the password", "wiki"), http.StatusUnprocessableEntity},
		"no password":    {wanted("", "wiki"), http.StatusUnprocessableEntity},
		"no app":         {wanted(password), http.StatusUnprocessableEntity},
		"no label":       {edit("label", ""), http.StatusUnprocessableEntity},
		"a long label":   {edit("label", strings.Repeat("x", 61)), http.StatusUnprocessableEntity},
		"for ever":       {edit("days", "366"), http.StatusUnprocessableEntity},
		"for no time":    {edit("days", "0"), http.StatusUnprocessableEntity},
		"in words":       {edit("days", "x"), http.StatusUnprocessableEntity},
		"takes none":     {wanted(password, "tickets"), http.StatusNotFound},
		"one too many":   {wanted(password, "wiki", "tickets"), http.StatusNotFound},
		"no such app":    {wanted(password, "admin"), http.StatusNotFound},
	} {
		if a := b.post("/account/tokens", test.form); a.status != test.status || shownToken.MatchString(a.body) {
			t.Errorf("%s: %d, want %d", what, a.status, test.status)
		}
	}
	if a := b.post("/account/tokens", wanted(password, "wiki"), "Sec-Fetch-Site", "cross-site"); a.status != http.StatusForbidden {
		t.Errorf("from another site: %d", a.status)
	}
	if a := w.browser().post("/account/tokens", wanted(password, "wiki")); a.status != http.StatusSeeOther {
		t.Errorf("by nobody: %d", a.status)
	}
	if ids := w.tokenIDs(); len(ids) != 0 {
		t.Errorf("made: %v", ids)
	}
}

// A rule that keeps a person out of an app keeps it out of the form as well, and where
// no app takes tokens the page does not speak of them.
func TestAccessTokensAreOfferedForOnesOwnApps(t *testing.T) {
	w := newPortal(t, takesTokens)
	w.add(bert)
	b := w.browser()
	b.signIn(bert)
	if a := b.get("/account"); !strings.Contains(a.body, `value="wiki"`) || strings.Contains(a.body, `value="tickets"`) {
		t.Errorf("bert is offered %s", a.body)
	}
	if a := b.post("/account/tokens", wanted(password, "tickets")); a.status != http.StatusNotFound {
		t.Errorf("bert gets %d", a.status)
	}
	none := newPortal(t)
	none.add(bert)
	b = none.browser()
	b.signIn(bert)
	if a := b.get("/account"); strings.Contains(a.body, "/account/tokens") {
		t.Error("the page speaks of tokens")
	}
}

// Attack: revoking what is somebody else's.
func TestAccessTokenOfAnotherPersonIsUnknown(t *testing.T) {
	w := newPortal(t, takesTokens)
	w.add(anna)
	w.add(bert)
	b, other := w.browser(), w.browser()
	b.signIn(anna)
	other.signIn(bert)
	b.makeToken()
	for what, id := range map[string]string{"anna's": w.tokenIDs()[0].String(), "nobody's": store.NewID(time.Now()).String(), "no ID": "x", "empty": ""} {
		if a := other.post("/account/tokens", url.Values{"revoke": {id}}); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", what, a.status)
		}
	}
	if a := other.get("/account"); strings.Contains(a.body, "backup &lt;") || len(w.tokenIDs()) != 1 {
		t.Error("bert has seen or revoked anna's token")
	}
}

// Attack: a token replayed at the portal, in any place, is nobody there.
func TestAccessTokenAtThePortal(t *testing.T) {
	w := newPortal(t, takesTokens)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	text := b.makeToken()
	stranger := w.browser()
	for _, path := range []string{"/", "/account", "/sessions"} {
		for _, header := range [][]string{{"Authorization", "Bearer " + text}, {"Cookie", cookieName + "=" + text}} {
			if a := stranger.get(path, header...); a.status != http.StatusSeeOther || !strings.HasPrefix(a.location(), origin+"/login") {
				t.Errorf("%s with %s: %d %s", path, header[0], a.status, a.location())
			}
		}
	}
	if a := stranger.post("/account/tokens", wanted(password, "wiki"), "Authorization", "Bearer "+text); a.status != http.StatusSeeOther || len(w.tokenIDs()) != 1 {
		t.Errorf("a token makes a token: %d", a.status)
	}
}

// Whoever changes their password because somebody may know it also takes away what that
// somebody may have made with it, unless they say otherwise.
func TestPasswordChangeRevokesAccessTokens(t *testing.T) {
	w := newPortal(t, takesTokens)
	w.secrets.add(newPassword)
	w.add(anna)
	w.add(bert)
	b, other := w.browser(), w.browser()
	b.signIn(anna)
	other.signIn(bert)
	b.makeToken()
	other.makeToken()
	if a := b.post("/account", change(password, password, "keep_others")); a.status != http.StatusOK || len(w.tokenIDs()) != 2 {
		t.Errorf("kept: %d, %d tokens", a.status, len(w.tokenIDs()))
	}
	a := b.post("/account", change(password, newPassword))
	if a.status != http.StatusOK || !strings.Contains(a.body, "1 access token was revoked") || len(w.tokenIDs()) != 1 {
		t.Errorf("%d, %d tokens: %s", a.status, len(w.tokenIDs()), a.body)
	}
}

// A token whose end cannot be stored is said to be refused and not to be gone.
func TestAccessTokenRevokedOnAFullDisk(t *testing.T) {
	w := newPortal(t, takesTokens)
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	token, _ := accesstoken.Parse(b.makeToken())
	w.disk.Break(store.ErrFull)
	defer w.disk.Break(nil)
	a := b.post("/account/tokens", url.Values{"revoke": {token.ID.String()}})
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, "not stored yet") || a.header.Get("Retry-After") == "" {
		t.Errorf("%d %s", a.status, a.body)
	}
	if _, err := w.house.AccessTokens.Find(t.Context(), token, time.Now()); err == nil {
		t.Error("the token is good")
	}
}
