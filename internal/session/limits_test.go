// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// TestRememberedEnd: whoever asked to stay signed in is measured by the lifetime
// for that and by nothing else, for as long as the operator offers it: a stricter
// one counts at once, a longer one for later logins only, and without one a
// remembered session is like any other.
func TestRememberedEnd(t *testing.T) {
	const h, d = time.Hour, 24 * time.Hour
	offered := session.Limits{Idle: h, Lifetime: 12 * h, Remember: 30 * d}
	created := time.Now().Truncate(time.Millisecond)
	for _, test := range []struct {
		name       string
		login, now session.Limits
		remember   bool
		seen       time.Duration
		want       time.Duration
		keep       time.Duration // of a token handed out when the session was seen
	}{
		{"not asked for", offered, offered, false, 3 * h, 4 * h, 0},
		{"not asked for, last use late", offered, offered, false, 11*h + 30*time.Minute, 12 * h, 0},
		{"idle for weeks", offered, offered, true, 0, 30 * d, 30 * d},
		{"used until the end", offered, offered, true, 29 * d, 30 * d, d},
		{"shortened since", offered, session.Limits{Idle: h, Lifetime: 12 * h, Remember: 7 * d}, true, d, 7 * d, 6 * d},
		{"lengthened since", offered, session.Limits{Idle: h, Lifetime: 12 * h, Remember: 90 * d}, true, d, 30 * d, 29 * d},
		{"taken away since", offered, session.Limits{Idle: h, Lifetime: 12 * h}, true, 3 * h, 4 * h, 0},
		{"taken away since, nothing else configured", offered, session.Limits{}, true, 3 * h, 30 * d, 0},
		{"ordinary limits stricter than when asked", offered, session.Limits{Idle: time.Minute, Lifetime: h, Remember: 30 * d}, true, 2 * h, 30 * d, 30*d - 2*h},
		{"asked for, not offered", session.Limits{Idle: h, Lifetime: 12 * h}, session.Limits{Idle: h, Lifetime: 12 * h}, true, 3 * h, 4 * h, 0},
		{"asked for, offered later", session.Limits{Idle: h, Lifetime: 12 * h}, offered, true, 3 * h, 4 * h, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			k := keeper(t)
			asking := login()
			asking.Limits, asking.Remember = test.login, test.remember
			s, _ := start(t, k, asking, created)
			seen, want := created.Add(test.seen), created.Add(test.want)
			if end := s.End(seen, test.now); !end.Equal(want) {
				t.Errorf("ends after %v, want %v", end.Sub(created), test.want)
			}
			if s.Expired(seen, test.now, want.Add(-time.Millisecond)) || !s.Expired(seen, test.now, want) {
				t.Error("over at another moment than its end")
			}
			stored := get(t, k, s.ID)
			if stored.Remembered != s.Remembered || stored.Limits != s.Limits {
				t.Errorf("the store has %v, %+v", stored.Remembered, stored.Limits)
			}
			if keep := stored.Keep(test.now, seen); keep != test.keep {
				t.Errorf("a browser keeps it for %v, want %v", keep, test.keep)
			}
		})
	}
}

// TestStoreKeepsRemembered: the store's own limits do not sweep away what was to be
// remembered, and end it a day after its time is over.
func TestStoreKeepsRemembered(t *testing.T) {
	k := keeper(t)
	asking := login()
	asking.Limits.Remember, asking.Remember = 30*24*time.Hour, true
	now := time.Now().Truncate(time.Millisecond)
	s, _ := start(t, k, asking, now)
	r, err := k.Store.Get(t.Context(), session.Kind, s.ID)
	if err != nil || r.Idle != 0 || !r.Expires.Equal(now.Add(30*24*time.Hour+session.Grace)) {
		t.Errorf("idle %v, expires %v (%v)", r.Idle, r.Expires, err)
	}
}

// TestCookieIsKept for as long as was said, and one of an ordinary session until
// the browser is closed.
func TestCookieIsKept(t *testing.T) {
	_, token := start(t, keeper(t), login(), time.Now())
	for keep, want := range map[time.Duration]string{0: "", time.Second: "Max-Age=1", 30 * 24 * time.Hour: "Max-Age=2592000"} {
		h := http.Header{}
		session.Cookies{Secure: true}.SetFor(h, token, keep)
		line := h.Get("Set-Cookie")
		if strings.Contains(line, "Max-Age") != (want != "") || !strings.Contains(line, want) || !strings.Contains(line, "HttpOnly") {
			t.Errorf("%v: %s", keep, line)
		}
	}
}
