// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package voucher_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
	"github.com/gatehouse-sso/gatehouse/internal/voucher"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const host = "login.example.com"

// book has two apps, one of which is replacing its key.
func book(t *testing.T) voucher.Book {
	t.Helper()
	people := func(r policy.Rule) *policy.Policy {
		p, err := policy.Compile(policy.Rules{Rules: []policy.Rule{r}})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	return voucher.Book{
		{
			App: "orders", Keys: [][]byte{[]byte("the key of the orders"), []byte("the old key of them")},
			People: people(policy.Rule{Users: []string{"Anna"}, Groups: []string{"staff"}}), Apps: []string{"orders", "stock"},
		},
		{App: "stock", Keys: [][]byte{[]byte("the key of the stock")}, People: people(policy.Rule{Users: []string{"bert"}}), Apps: []string{"stock"}},
	}
}

func sign(t *testing.T, key, user string, now time.Time) string {
	t.Helper()
	token, err := keyring.SignPHPRunner([]byte(key), keyring.PHPRunnerClaims{Username: user, Host: host}, now)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// The key says which app speaks, whatever else a token says, and nobody's key is another's.
func TestTheKeySaysWho(t *testing.T) {
	now := time.Now()
	for key, want := range map[string]string{
		"the key of the orders": "orders", "the old key of them": "orders", "the key of the stock": "stock", "a key of nobody": "",
	} {
		word, err := book(t).Read(sign(t, key, "anna", now), host, now)
		if word.App != want || (err == nil) != (want != "") {
			t.Errorf("%s: %+v, %v", key, word, err)
		}
	}
	word, err := book(t).Read(sign(t, "the key of the stock", "anna", now.Add(-time.Hour)), host, now)
	if word.App != "stock" || !errors.Is(err, keyring.ErrPHPRunnerOver) {
		t.Errorf("too late: %+v, %v", word, err)
	}
	if word, err := voucher.Book(nil).Read(sign(t, "the key of the orders", "anna", now), host, now); err == nil {
		t.Errorf("no app: %+v", word)
	}
}

// An app vouches for those on its list, as they are now, and for no others; what that
// opens is its own list.
func TestTerms(t *testing.T) {
	anna := &identity.User{ID: "1", Name: "anna"}
	bert := &identity.User{ID: "2", Name: "bert", Groups: []string{"staff"}}
	gone := &identity.User{ID: "3", Name: "anna", Disabled: true}
	eve := &identity.User{ID: "4", Name: "eve", Groups: []string{"Staff", "orders"}}
	b := book(t)
	got := map[string]bool{}
	for _, app := range []string{"orders", "stock", "wiki", ""} {
		for _, u := range []*identity.User{anna, bert, gone, eve, nil} {
			if b.Vouches(app, u) {
				got[fmt.Sprintf("%s for %s", app, u.ID)] = true
			}
		}
		for _, other := range []string{"orders", "stock", "wiki", ""} {
			if b.Opens(app, other) {
				got[app+" opens "+other] = true
			}
		}
	}
	want := map[string]bool{
		"orders for 1": true, "orders for 2": true, "stock for 2": true,
		"orders opens orders": true, "orders opens stock": true, "stock opens stock": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// accept accepts a token of anna's.
func accept(t *testing.T, k *voucher.Keeper, a voucher.Arrival, now time.Time) (token string, word voucher.Word, id store.ID) {
	t.Helper()
	token = sign(t, "the key of the orders", "anna", now)
	word, err := book(t).Read(token, host, now)
	if err != nil {
		t.Fatal(err)
	}
	id, err = k.Accept(t.Context(), token, word, a, now)
	if err != nil {
		t.Fatal(err)
	}
	return token, word, id
}

// A token counts once, for as long as it is good and longer, also when its person has gone on.
func TestATokenCountsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memstore.New()
		defer s.Close()
		k := &voucher.Keeper{Store: s}
		a := voucher.Arrival{UserID: "u-1", App: "orders", Challenge: "c", ReturnTo: "https://orders.example.com/"}
		token, word, id := accept(t, k, a, time.Now())
		again := func(when string) {
			t.Helper()
			if _, err := k.Accept(t.Context(), token, word, a, time.Now()); !errors.Is(err, voucher.ErrSpent) {
				t.Errorf("%s: %v", when, err)
			}
		}
		again("at once")
		got, err := k.Redeem(t.Context(), id, "c")
		if diff := cmp.Diff(a, got); err != nil || diff != "" {
			t.Errorf("%v\n-want +got:\n%s", err, diff)
		}
		again("after its person has gone on")
		time.Sleep(keyring.PHPRunnerLifetime + time.Second)
		again("when it is over")
		if _, err := k.Redeem(t.Context(), id, "c"); !errors.Is(err, voucher.ErrNone) {
			t.Errorf("twice: %v", err)
		}
		// Whoever is signed in learns where they were going, and nothing else.
		if got, err := k.Peek(t.Context(), id); err != nil || got.UserID != "u-1" || got.ReturnTo != a.ReturnTo || got.Challenge != "" {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

// Of any number of browsers with one token one is let in, and of any number of requests
// of that one one goes on.
func TestOneWinner(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	k := &voucher.Keeper{Store: s}
	now := time.Now()
	token := sign(t, "the key of the orders", "anna", now)
	word, err := book(t).Read(token, host, now)
	if err != nil {
		t.Fatal(err)
	}
	var ids sync.Map
	race := func(do func(i int) error, lost error) {
		t.Helper()
		var won atomic.Int32
		var all sync.WaitGroup
		for i := range 100 {
			all.Go(func() {
				switch err := do(i); {
				case err == nil:
					won.Add(1)
				case !errors.Is(err, lost):
					t.Errorf("lost by %v", err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Errorf("%d winners", won.Load())
		}
	}
	race(func(i int) error {
		id, err := k.Accept(t.Context(), token, word, voucher.Arrival{UserID: "u-1", App: "orders", Challenge: fmt.Sprint(i)}, now)
		if err == nil {
			ids.Store(id, fmt.Sprint(i))
		}
		return err
	}, voucher.ErrSpent)
	ids.Range(func(id, challenge any) bool {
		race(func(int) error { _, err := k.Redeem(t.Context(), id.(store.ID), challenge.(string)); return err }, voucher.ErrNone)
		return true
	})
}

// Login CSRF: whoever leads another browser to their own arrival signs nobody in there,
// and an arrival that is over, or of somebody who was signed in, is nobody's.
func TestAnArrivalIsItsBrowsers(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	k := &voucher.Keeper{Store: s}
	now := time.Now()
	_, _, id := accept(t, k, voucher.Arrival{UserID: "u-1", App: "orders", Challenge: "c"}, now)
	_, _, over := accept(t, k, voucher.Arrival{UserID: "u-1", App: "orders"}, now.Add(time.Second))
	for _, test := range []struct {
		id        store.ID
		challenge string
	}{{id, "d"}, {id, ""}, {id, "cc"}, {over, ""}, {over, "c"}, {store.NewID(now), "c"}, {store.ID{}, ""}} {
		if a, err := k.Look(t.Context(), test.id, test.challenge); !errors.Is(err, voucher.ErrNone) || a != (voucher.Arrival{}) {
			t.Errorf("%+v: looked at %+v, %v", test, a, err)
		}
		if a, err := k.Redeem(t.Context(), test.id, test.challenge); !errors.Is(err, voucher.ErrNone) || a != (voucher.Arrival{}) {
			t.Errorf("%+v: went on with %+v, %v", test, a, err)
		}
	}
	if _, err := k.Look(t.Context(), id, "c"); err != nil {
		t.Errorf("its own browser: %v", err)
	}
}

// Whoever has an app's key cannot fill the store, and one person's flood is no other's.
func TestArrivalsAreBounded(t *testing.T) {
	s := memstore.New()
	defer s.Close()
	k := &voucher.Keeper{Store: s}
	now := time.Now()
	flood := func(user string) (n int, err error) {
		for n = range 1000 {
			word := voucher.Word{App: "orders", Username: user, Expires: now.Add(30 * time.Second)}
			if _, err := k.Accept(t.Context(), fmt.Sprint(user, n), word, voucher.Arrival{UserID: user, App: "orders", Challenge: "c"}, now); err != nil {
				return n, err
			}
		}
		return n, nil
	}
	for _, user := range []string{"u-1", "u-2"} {
		if n, err := flood(user); !errors.Is(err, voucher.ErrTooMany) || n != 50 {
			t.Errorf("%s: %d arrivals, %v", user, n, err)
		}
	}
	// Somebody who is erased leaves none; the other one's stay.
	if err := k.Forget(t.Context(), "u-1"); err != nil || k.Forget(t.Context(), "") == nil {
		t.Errorf("forgetting: %v", err)
	}
	for user, want := range map[string]int{"u-1": 0, "u-2": 50} {
		n := 0
		for _, err := range s.List(t.Context(), voucher.Kind, store.Filter{Owner: user}) {
			if n++; err != nil {
				t.Fatal(err)
			}
		}
		if n != want {
			t.Errorf("%s has %d arrivals", user, n)
		}
	}
}
