// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/portal"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// onEvent is an audit sink that does something when an event of one kind comes.
type onEvent struct {
	audit.Sink
	kind audit.Kind
	do   func()
}

func (s onEvent) Record(e audit.Event) {
	if s.Sink.Record(e); e.Kind == s.kind {
		s.do()
	}
}

// leaving posts a form as the browser and goes away when left is done.
func (b *browser) leaving(left context.Context, path string, form url.Values) {
	r := httptest.NewRequestWithContext(left, http.MethodPost, origin+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	r.Header.Set("Cookie", cookieName+"="+b.token(cookieName))
	b.town.portal.Serve(httptest.NewRecorder(), r, portal.Arrival{})
}

// A browser that is closed the moment its password is changed has not left the
// stolen copy of its cookie signed in (threat 14).
func TestStolenCookieAfterAPasswordChangeWithoutABrowser(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	w := newTown(t, memstore.New(), newKey(t), func(p *portal.Portal) {
		p.Audit = onEvent{p.Audit, audit.UserChanged, leave}
	})
	w.secrets.add(newPassword)
	w.add(anna)
	b, thief := w.browser(), w.browser()
	b.signIn(anna)
	thief.plant(cookieName, b.token(cookieName))

	b.leaving(left, "/account", change(password, newPassword))
	if left.Err() == nil {
		t.Fatal("the password is as it was")
	}
	if name, yes := thief.signedIn(); yes {
		t.Errorf("the thief is still %q", name)
	}
}

// A logout whose browser has gone is stored at once all the same, and is in the log.
func TestLogoutByABrowserThatHasGone(t *testing.T) {
	left, leave := context.WithCancel(t.Context())
	leave()
	w := newTown(t, memstore.New(), newKey(t))
	w.add(anna)
	b := w.browser()
	b.signIn(anna)
	b.signedIn() // so that the session is in memory

	b.leaving(left, "/logout", nil)
	if all := w.sessions(); len(all) != 0 {
		t.Errorf("still in the store: %v", all)
	}
	if n := len(w.secrets.of(audit.Logout)); n != 1 {
		t.Errorf("%d lines in the log", n)
	}
}
