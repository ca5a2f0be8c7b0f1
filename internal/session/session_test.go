// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	portal = "https://login.example.com"
	wiki   = "https://wiki.example.com"
)

// login is a proven sign-in with everything filled in.
func login() session.Login {
	return session.Login{
		UserID:  "u-1",
		AMR:     []string{"pwd", "otp"},
		Origin:  portal,
		Browser: "b-1",
		Agent:   "Mozilla/5.0 \"quoted\" ü",
		Address: "2001:db8::1",
		Limits:  session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
	}
}

// keeper returns a keeper above an empty store.
func keeper(t testing.TB) *session.Keeper {
	s := memstore.New()
	t.Cleanup(func() { s.Close() })
	return &session.Keeper{Store: s}
}

func start(t testing.TB, k *session.Keeper, l session.Login, now time.Time) (*session.Session, session.Token) {
	t.Helper()
	s, token, err := k.Start(t.Context(), l, now)
	if err != nil {
		t.Fatal(err)
	}
	return s, token
}

// TestRecordRoundTrip: what a login was is still known after a restart, and what
// Start returns is what the store gives back.
func TestRecordRoundTrip(t *testing.T) {
	k := keeper(t)
	now := time.Now()
	started, token := start(t, k, login(), now)
	got, err := k.Get(t.Context(), started.ID)
	if err != nil {
		t.Fatal(err)
	}
	equal := cmp.Options{cmpopts.IgnoreUnexported(session.Session{}), cmpopts.EquateApproxTime(0)}
	if diff := cmp.Diff(started, got, equal); diff != "" {
		t.Errorf("from the store (-started +got):\n%s", diff)
	}
	want := &session.Session{
		ID:       token.ID,
		UserID:   "u-1",
		AuthTime: now.Truncate(time.Second),
		AMR:      []string{"pwd", "otp"},
		Browser:  "b-1",
		Bond:     got.Bond,
		Agent:    "Mozilla/5.0 \"quoted\" ü",
		Address:  "2001:db8::1",
		Limits:   session.Limits{Idle: time.Hour, Lifetime: 12 * time.Hour},
		Created:  now.Truncate(time.Millisecond),
		Seen:     now.Truncate(time.Millisecond),
		Version:  1,
	}
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Errorf("from the login (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{portal}, got.Origins()); diff != "" {
		t.Errorf("origins (-want +got):\n%s", diff)
	}
	if !got.Opens(token, portal) || !started.Opens(token, portal) {
		t.Error("the first token does not open the session")
	}
}

// TestStoreKeepsNoSecret: the file opens no session, and the store keeps one for a day
// after it is over, so that its person can go on.
func TestStoreKeepsNoSecret(t *testing.T) {
	k := keeper(t)
	now := time.Now().Truncate(time.Millisecond)
	s, token := start(t, k, login(), now)
	r, err := k.Store.Get(t.Context(), session.Kind, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Secrets) != 1 || r.Secrets[0].Hash == token.Secret {
		t.Error("the record holds the secret itself")
	}
	if want := now.Add(36 * time.Hour); !r.Expires.Equal(want) {
		t.Errorf("the record expires at %v, want %v", r.Expires, want)
	}
	if want := 25 * time.Hour; r.Idle != want {
		t.Errorf("the record may be idle for %v, want %v", r.Idle, want)
	}
	if r.Owner != "u-1" {
		t.Errorf("owner %q", r.Owner)
	}
	unlimited := login()
	unlimited.Limits = session.Limits{}
	s, _ = start(t, k, unlimited, now)
	if r, err = k.Store.Get(t.Context(), session.Kind, s.ID); err != nil || !r.Expires.IsZero() || r.Idle != 0 {
		t.Errorf("no limits became %v and %v (%v)", r.Expires, r.Idle, err)
	}
}

// TestDamagedRecordOpensNothing: a payload that is not ours is an error of the
// store, not a session of nobody.
func TestDamagedRecordOpensNothing(t *testing.T) {
	for _, payload := range []string{"", "{", "[]", `"x"`, `{"auth_time":"x"}`} {
		if s, err := session.Decode(store.Record{Payload: []byte(payload)}); !errors.Is(err, store.ErrCorrupt) || s != nil {
			t.Errorf("%q: got %v, %v; want ErrCorrupt", payload, s, err)
		}
	}
}

// TestTokenOpensOneHostOnly: neither another host's token, nor another scheme's, nor
// another session's, nor one with a wrong secret opens anything.
func TestTokenOpensOneHostOnly(t *testing.T) {
	k := keeper(t)
	s, token := start(t, k, login(), time.Now())
	other, otherToken := start(t, k, login(), time.Now())
	for _, origin := range []string{wiki, "", "http://login.example.com", portal + ":8443", portal + "/", "https://LOGIN.example.com"} {
		if s.Opens(token, origin) || s.Holds(token.Challenge(), origin) {
			t.Errorf("the portal's token counts at %q", origin)
		}
	}
	if s.Opens(otherToken, portal) || other.Opens(token, portal) {
		t.Error("a token opens the session of another")
	}
	if s.Opens(session.NewToken(s.ID), portal) || s.Opens(session.Token{ID: s.ID}, portal) {
		t.Error("a wrong secret opens the session")
	}
	if !s.Holds(token.Challenge(), portal) || s.Holds(otherToken.Challenge(), portal) || s.Holds("", portal) {
		t.Error("Holds does not know the session's own token")
	}
}

// TestLimits: of the stored and the configured limits the earlier counts, whichever
// it is, and a session is over from that very moment on.
func TestLimits(t *testing.T) {
	const h, m = time.Hour, time.Minute
	created := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name       string
		stored     session.Limits
		configured session.Limits
		seen       time.Duration // after created
		end        time.Duration // after created; 0: never
	}{
		{"none", session.Limits{}, session.Limits{}, 5 * h, 0},
		{"stored only, idle first", session.Limits{Idle: h, Lifetime: 12 * h}, session.Limits{}, 3 * h, 4 * h},
		{"stored only, lifetime first", session.Limits{Idle: h, Lifetime: 12 * h}, session.Limits{}, 11*h + 30*m, 12 * h},
		{"configured only", session.Limits{}, session.Limits{Idle: h, Lifetime: 12 * h}, 0, h},
		{"configured idle stricter", session.Limits{Idle: h, Lifetime: 12 * h}, session.Limits{Idle: 10 * m, Lifetime: 12 * h}, h, h + 10*m},
		{"configured lifetime stricter", session.Limits{Idle: h, Lifetime: 12 * h}, session.Limits{Idle: h, Lifetime: 2 * h}, 90 * m, 2 * h},
		{"stored idle stricter", session.Limits{Idle: h, Lifetime: 12 * h}, session.Limits{Idle: 5 * h, Lifetime: 48 * h}, 2 * h, 3 * h},
		{"stored lifetime stricter", session.Limits{Idle: 2 * h, Lifetime: 3 * h}, session.Limits{Idle: 5 * h, Lifetime: 48 * h}, 2 * h, 3 * h},
		{"each stricter in one", session.Limits{Idle: h, Lifetime: 48 * h}, session.Limits{Idle: 24 * h, Lifetime: 4 * h}, 3*h + 30*m, 4 * h},
		{"used until the end of its life", session.Limits{Idle: h, Lifetime: 12 * h}, session.Limits{}, 12 * h, 12 * h},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := &session.Session{Created: created, Limits: test.stored}
			seen := created.Add(test.seen)
			end := s.End(seen, test.configured)
			if test.end == 0 {
				if !end.IsZero() || s.Expired(seen, test.configured, seen.Add(1000*h)) {
					t.Errorf("ends at %v without a limit", end)
				}
				return
			}
			want := created.Add(test.end)
			if !end.Equal(want) {
				t.Errorf("ends at %v, want %v", end, want)
			}
			if s.Expired(seen, test.configured, want.Add(-time.Millisecond)) {
				t.Error("over before its end")
			}
			if !s.Expired(seen, test.configured, want) || !s.Expired(seen, test.configured, want.Add(1000*h)) {
				t.Error("not over at its end")
			}
		})
	}
}

// TestClockThatJumps: nothing lives longer because a clock was set back, and the
// seconds by which clocks differ end nothing (threat 51).
func TestClockThatJumps(t *testing.T) {
	const h, m = time.Hour, time.Minute
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	limits := session.Limits{Idle: h, Lifetime: 12 * h}
	for _, test := range []struct {
		name               string
		created, seen, now time.Duration // around noon
		over               bool
	}{
		{"right clock", 0, 30 * m, 40 * m, false},
		{"set back by seconds", 0, 0, -30 * time.Second, false},
		{"set back by minutes", 0, 0, -5 * m, false},
		{"set back by more, session from the future", 0, 0, -6 * m, true},
		{"set back by years", 0, 0, -10 * 365 * 24 * h, true},
		{"was ahead when the session was last used", 0, 50 * m, 10 * m, true},
		{"was ahead by seconds when it was last used", 0, 10 * m, 9 * m, false},
		{"set forward by less than the idle limit", 0, 0, 59 * m, false},
		{"set forward by more", 0, 0, h, true},
		{"set forward by years", 0, 0, 10 * 365 * 24 * h, true},
		{"at the beginning of time", 0, 0, -noon.Sub(time.Time{}), true},
	} {
		s := &session.Session{Created: noon.Add(test.created), Limits: limits}
		if over := s.Expired(noon.Add(test.seen), limits, noon.Add(test.now)); over != test.over {
			t.Errorf("%s: over %v, want %v", test.name, over, test.over)
		}
	}
}
