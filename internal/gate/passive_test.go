// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

func passive(paths ...string) func(*gate.App) {
	return func(a *gate.App) { a.Passive = must(policy.CompilePaths(paths...)) }
}

// expires returns when the app is told that the session ends.
func expires(t *testing.T, p *gate.Pass) time.Time {
	t.Helper()
	seconds, err := strconv.ParseInt(p.Request.Header.Get("X-Gatehouse-Session-Expires"), 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return time.Unix(seconds, 0)
}

// TestPollingKeepsNobodySignedIn: requests on passive paths, and asking who is signed
// in, are answered as ever and do not count as a use.
func TestPollingKeepsNobodySignedIn(t *testing.T) {
	for what, poll := range map[string]func(d *door, token session.Token){
		"path": func(d *door, token session.Token) { d.passed(ask(wiki+"/poll/x", holding(token))).Release() },
		"whoami": func(d *door, token session.Token) {
			d.answered(ask(wiki+"/.gatehouse/whoami", holding(token)), http.StatusOK)
		},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newGate(t, passive("/poll/*"))
				_, token := d.signIn()
				d.passed(ask(wiki+"/", holding(token))).Release()
				for range 59 {
					time.Sleep(time.Minute)
					poll(d, token)
				}
				time.Sleep(time.Minute)
				d.answered(ask(wiki+"/poll/x", holding(token)), http.StatusUnauthorized)
				d.answered(ask(wiki+"/", holding(token)), http.StatusUnauthorized)
			})
		})
	}
}

// TestPollingBesideUse: a person who does something stays, whatever polls beside it.
func TestPollingBesideUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t, passive("/poll"))
		_, token := d.signIn()
		for range 20 {
			time.Sleep(30 * time.Minute)
			d.passed(ask(wiki+"/poll", holding(token))).Release()
			d.passed(ask(wiki+"/", holding(token))).Release()
		}
	})
}

// TestAppKnowsWhenTheSessionEnds if nothing more happens: a use moves it, polling does
// not, and no idle time reaches beyond the lifetime. A client cannot say it.
func TestAppKnowsWhenTheSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newGate(t, passive("/poll"))
		_, token := d.signIn()
		began := time.Now()
		folded := "X_Gatehouse_Session_Expires" // what a CGI program takes for the same name
		at := func(path string, want time.Duration) {
			t.Helper()
			p := d.passed(ask(wiki+path, holding(token), with("X-Gatehouse-Session-Expires", "9999999999"), with(folded, "9")))
			defer p.Release()
			if got := expires(t, p); got != began.Add(want).Truncate(time.Second) {
				t.Errorf("after %s: %s", time.Since(began), got.Sub(began))
			}
			if _, there := p.Request.Header[folded]; there {
				t.Error("a client says when its session ends")
			}
		}
		at("/", time.Hour)
		time.Sleep(50 * time.Minute)
		at("/poll", time.Hour)
		at("/", 110*time.Minute)
		time.Sleep(3 * time.Second)
		at("/poll", 110*time.Minute)
		for range 13 {
			time.Sleep(50 * time.Minute)
			d.passed(ask(wiki+"/", holding(token))).Release()
		}
		at("/", 12*time.Hour)
		var who gate.Identity
		if err := json.Unmarshal(d.answered(ask(wiki+"/.gatehouse/whoami", holding(token)), http.StatusOK).Body.Bytes(), &who); err != nil {
			t.Fatal(err)
		}
		if who.Expires != began.Add(12*time.Hour).Unix() {
			t.Errorf("whoami says %d", who.Expires)
		}
	})
}

// TestSessionWithoutEnd says nothing, and neither does an app that does not want it.
func TestSessionWithoutEnd(t *testing.T) {
	d := newGate(t)
	d.Limits = session.Limits{}
	_, token := d.signIn()
	if got := d.passed(ask(wiki+"/", holding(token), with("X-Gatehouse-Session-Expires", "9"))).Request.Header["X-Gatehouse-Session-Expires"]; got != nil {
		t.Errorf("%q", got)
	}
	d.Limits = session.Limits{Idle: time.Hour}
	d.reload(func(a *gate.App) { a.Headers.Expires = "" })
	if got := d.passed(ask(wiki+"/", holding(token))).Request.Header["X-Gatehouse-Session-Expires"]; got != nil {
		t.Errorf("%q", got)
	}
}
