// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
	"github.com/google/go-cmp/cmp"
)

// ids returns the sessions of a person, oldest first.
func ids(t testing.TB, k *session.Keeper, userID string) (found []store.ID) {
	t.Helper()
	all, err := k.ByUser(t.Context(), userID)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		found = append(found, s.ID)
	}
	return found
}

// TestByUserIsOnesOwn: nobody sees the sessions of somebody else, least of all
// those of everybody under an empty name.
func TestByUserIsOnesOwn(t *testing.T) {
	k := keeper(t)
	now := time.Now()
	other := login()
	other.UserID = "u-2"
	first, _ := start(t, k, login(), now)
	start(t, k, other, now)
	second, _ := start(t, k, login(), now.Add(time.Second))
	if diff := cmp.Diff([]store.ID{first.ID, second.ID}, ids(t, k, "u-1")); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := ids(t, k, "u-3"); len(got) != 0 {
		t.Errorf("of a stranger: %v", got)
	}
	if all, err := k.ByUser(t.Context(), ""); err == nil {
		t.Errorf("of nobody: %v", all)
	}
}

// TestOldestEnds: one more than allowed ends the oldest, tells who it was, and
// leaves other people alone. What the new session replaces, and what is over
// anyway, takes nobody's place.
func TestOldestEnds(t *testing.T) {
	k := keeper(t)
	now := time.Now().Truncate(time.Millisecond)
	other := login()
	other.UserID = "u-2"
	stranger, _ := start(t, k, other, now)
	lax := login()
	lax.Limits = session.Limits{}
	over, _ := start(t, k, lax, now.Add(-11*time.Hour)) // idle for longer than is allowed by now
	var told []store.ID
	bounded := login()
	bounded.PerUser.Most = 2
	bounded.Displaced = func(id store.ID) { told = append(told, id) }
	one, _ := start(t, k, bounded, now)
	two, _ := start(t, k, bounded, now.Add(1*time.Second))
	again := bounded
	again.Replaces = two.ID
	three, _ := start(t, k, again, now.Add(2*time.Second))
	if diff := cmp.Diff([]store.ID{over.ID, one.ID, three.ID}, ids(t, k, "u-1")); diff != "" || told != nil {
		t.Errorf("within the bound (-want +got):\n%s\nand %v were told", diff, told)
	}
	four, _ := start(t, k, bounded, now.Add(3*time.Second))
	if diff := cmp.Diff([]store.ID{over.ID, three.ID, four.ID}, ids(t, k, "u-1")); diff != "" {
		t.Errorf("beyond it (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]store.ID{one.ID}, told); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
	get(t, k, stranger.ID)
	// A bound that was lowered counts at the next login.
	bounded.PerUser.Most = 1
	five, _ := start(t, k, bounded, now.Add(4*time.Second))
	if diff := cmp.Diff([]store.ID{over.ID, five.ID}, ids(t, k, "u-1")); diff != "" {
		t.Errorf("lowered (-want +got):\n%s", diff)
	}
	// A clock that was set back makes nobody's new session the oldest.
	six, _ := start(t, k, bounded, now.Add(-time.Minute))
	get(t, k, six.ID)
}

// TestTooManyIsRefused: a login beyond the bound changes nothing, not even the
// session that this browser had.
func TestTooManyIsRefused(t *testing.T) {
	k := keeper(t)
	now := time.Now()
	bounded := login()
	bounded.PerUser = session.PerUser{Most: 1, Refuse: true}
	first, _ := start(t, k, bounded, now)
	other := login()
	other.UserID = "u-2"
	theirs, _ := start(t, k, other, now)
	bounded.Replaces = theirs.ID
	if s, token, err := k.Start(t.Context(), bounded, now); !errors.Is(err, session.ErrTooMany) || s != nil || token != (session.Token{}) {
		t.Fatalf("got %v, %v, %v; want ErrTooMany", s, token, err)
	}
	get(t, k, first.ID)
	get(t, k, theirs.ID)
	bounded.Replaces = first.ID
	again, _ := start(t, k, bounded, now)
	if diff := cmp.Diff([]store.ID{again.ID}, ids(t, k, "u-1")); diff != "" {
		t.Errorf("at the browser that is signed in (-want +got):\n%s", diff)
	}
}

// TestAnAppsSessionsGiveWay: whoever has an app's key can begin any number of sessions of
// a person, and must neither end one that the person has begun nor keep them from
// beginning another, whatever happens to a login beyond the bound.
func TestAnAppsSessionsGiveWay(t *testing.T) {
	for _, refuse := range []bool{false, true} {
		k := keeper(t)
		now := time.Now()
		own := login()
		own.PerUser = session.PerUser{Most: 2, Refuse: refuse}
		byApp := own
		byApp.AMR, byApp.Via = []string{"app"}, "orders"
		first, _ := start(t, k, own, now)
		vouched, _ := start(t, k, byApp, now.Add(time.Second))
		if got, err := k.Get(t.Context(), vouched.ID); err != nil || got.Via != "orders" {
			t.Errorf("refuse %v: the session is via %q, %v", refuse, got.Via, err)
		}
		if s, _, err := k.Start(t.Context(), byApp, now.Add(2*time.Second)); !errors.Is(err, session.ErrTooMany) {
			t.Errorf("refuse %v: the app has begun %v, %v", refuse, s, err)
		}
		second, _ := start(t, k, own, now.Add(3*time.Second))
		if diff := cmp.Diff([]store.ID{first.ID, second.ID}, ids(t, k, "u-1")); diff != "" {
			t.Errorf("refuse %v (-want +got):\n%s", refuse, diff)
		}
		if s, _, err := k.Start(t.Context(), own, now.Add(4*time.Second)); refuse != errors.Is(err, session.ErrTooMany) {
			t.Errorf("refuse %v: a third one: %v, %v", refuse, s, err)
		}
	}
}

// unhurried lets everybody else go first between a look at a list and what is done
// with it.
type unhurried struct{ store.Store }

func (u unhurried) List(ctx context.Context, kind store.Kind, f store.Filter) iter.Seq2[store.Record, error] {
	return func(yield func(store.Record, error) bool) {
		for record, err := range u.Store.List(ctx, kind, f) {
			if !yield(record, err) {
				return
			}
		}
		for range 1000 {
			runtime.Gosched()
		}
	}
}

// TestLoginsAtOnceStayWithinTheBound: of any number of logins at the same moment no
// more survive than allowed, and as many as allowed do, while sessions also end by
// themselves.
func TestLoginsAtOnceStayWithinTheBound(t *testing.T) {
	const most, logins = 3, 100
	for name, refuse := range map[string]bool{"oldest ends": false, "login refused": true} {
		t.Run(name, func(t *testing.T) {
			k := keeper(t)
			k.Store = unhurried{k.Store}
			bounded := login()
			bounded.PerUser = session.PerUser{Most: most, Refuse: refuse}
			var all sync.WaitGroup
			for range logins {
				all.Go(func() {
					s, _, err := k.Start(context.Background(), bounded, time.Now())
					if err != nil && !(refuse && errors.Is(err, session.ErrTooMany)) {
						t.Error(err)
					}
					if !refuse && s != nil && s.ID[len(s.ID)-1]%4 == 0 {
						if err := k.End(context.Background(), s.ID); err != nil {
							t.Error(err)
						}
					}
				})
			}
			all.Wait()
			n := len(ids(t, k, "u-1"))
			if n > most || refuse && n < most {
				t.Errorf("%d sessions, want %d", n, most)
			}
		})
	}
}

// TestBoundThatCannotBeCounted: when the sessions of a person cannot be listed,
// nobody signs in beyond the bound on that account, and no session ends.
func TestBoundThatCannotBeCounted(t *testing.T) {
	failing := &storetest.Failing{Store: memstore.New()}
	k := &session.Keeper{Store: failing}
	bounded := login()
	bounded.PerUser.Most = 1
	first, _ := start(t, k, bounded, time.Now())
	failing.Break(store.ErrUnavailable)
	bounded.Displaced = func(id store.ID) { t.Errorf("told that %v has ended", id) }
	if _, _, err := k.Start(t.Context(), bounded, time.Now()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	failing.Break(nil)
	get(t, k, first.ID)
}
