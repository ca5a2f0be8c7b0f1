// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// TestRememberedLanding: the app's host keeps the cookie of a person who asked to
// stay signed in for as long as the session has left, and everybody else's until the
// browser is closed; and the session is not idle there meanwhile.
func TestRememberedLanding(t *testing.T) {
	const day, month = 24 * time.Hour, 30 * 24 * time.Hour
	for remember, want := range map[bool]time.Duration{false: 0, true: month - day} {
		synctest.Test(t, func(t *testing.T) {
			d := newGate(t)
			d.Limits.Remember = month
			if !remember {
				d.Limits.Idle, d.Limits.Lifetime = 2*day, 2*day // to be there tomorrow
			}
			d.reload()
			s, _, err := d.Sessions.Start(t.Context(), session.Login{
				UserID: d.anna.ID, Origin: portal, Limits: d.Limits, Remember: remember,
			}, time.Now())
			d.must(err)
			time.Sleep(day)
			nonce := session.NewNonce()
			w := d.answered(ask(land(d.code(s, nonce, wiki, wiki+"/")), navigating, holding(nonce)), http.StatusSeeOther)
			cookies := w.Result().Cookies()
			if len(cookies) != 1 || cookies[0].MaxAge != int(want/time.Second) {
				t.Fatalf("remembered %v: %v, want a Max-Age of %v", remember, cookies, want)
			}
			if !remember {
				return
			}
			token, _ := session.ParseToken(cookies[0].Value)
			time.Sleep(month - day - time.Second)
			d.passed(ask(wiki+"/", navigating, holding(token)))
			time.Sleep(time.Second)
			d.answered(ask(wiki+"/", navigating, holding(token)), http.StatusSeeOther)
		})
	}
}
