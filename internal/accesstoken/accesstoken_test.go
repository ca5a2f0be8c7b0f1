// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package accesstoken_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/accesstoken"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
	"github.com/gatehouse-sso/gatehouse/store/storetest"
)

const day = 24 * time.Hour

func wish(user string) accesstoken.Wish {
	return accesstoken.Wish{UserID: user, Name: "backup script", Apps: []string{"wiki"}, Lifetime: 30 * day}
}

func newKeeper(t *testing.T) (*accesstoken.Keeper, *storetest.Failing) {
	t.Helper()
	s := &storetest.Failing{Store: memstore.New()}
	t.Cleanup(func() { s.Close() })
	return &accesstoken.Keeper{Store: s}, s
}

func newToken(t *testing.T, k *accesstoken.Keeper, user string) accesstoken.Token {
	t.Helper()
	_, token, err := k.Make(t.Context(), wish(user), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func basic(account string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(account))
}

// A token opens its grant until it expires, and is found as it was made.
func TestATokenOpensWhatItWasMadeFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, _ := newKeeper(t)
		made, token, err := k.Make(t.Context(), wish("anna"), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		read, ok := accesstoken.Parse(token.Text())
		if !ok || read != token || !strings.HasPrefix(token.Text(), accesstoken.Prefix) {
			t.Fatalf("%s is not read as it was written", token)
		}
		got, err := k.Find(t.Context(), read, time.Now())
		if err != nil || got.UserID != "anna" || got.Name != made.Name || !got.IsFor("wiki") || got.IsFor("tickets") || !got.Used.IsZero() {
			t.Errorf("%+v, %v", got, err)
		}
		time.Sleep(30*day - time.Second)
		if _, err := k.Find(t.Context(), token, time.Now()); err != nil {
			t.Errorf("a second before its end: %v", err)
		}
		time.Sleep(time.Second)
		if _, err := k.Find(t.Context(), token, time.Now()); !errors.Is(err, accesstoken.ErrNone) {
			t.Errorf("after its end: %v", err)
		}
	})
}

// Attack: a token with another secret, one of another person's ID, and one that was made
// by a clock in the future, which would outlive its time (threat 51).
func TestForgedTokenOpensNothing(t *testing.T) {
	k, _ := newKeeper(t)
	anna, bert := newToken(t, k, "anna"), newToken(t, k, "bert")
	_, late, err := k.Make(t.Context(), wish("anna"), time.Now().Add(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	flipped := anna
	flipped.Secret[31] ^= 1
	for what, token := range map[string]accesstoken.Token{
		"secret flipped": flipped, "secret of another": {ID: anna.ID, Secret: bert.Secret},
		"no secret": {ID: anna.ID}, "unknown": {ID: store.NewID(time.Now()), Secret: anna.Secret}, "the future": late,
	} {
		if _, err := k.Find(t.Context(), token, time.Now()); !errors.Is(err, accesstoken.ErrNone) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The store holds the hash of a secret, and nothing prints the secret (threat 40).
func TestTheSecretIsNowhere(t *testing.T) {
	k, s := newKeeper(t)
	token := newToken(t, k, "anna")
	_, secret, _ := strings.Cut(token.Text(), ".")
	var all strings.Builder
	for record, err := range s.List(t.Context(), accesstoken.Kind, store.Filter{}) {
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&all, "%s %s %x", record.Payload, base64.RawURLEncoding.EncodeToString(record.Secrets[0].Hash[:]), record)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&all, verb, token)
	}
	if text := all.String(); strings.Contains(text, secret) || strings.Contains(text, fmt.Sprintf("%x", token.Secret)) {
		t.Errorf("the secret is in %s", text)
	}
}

// A revoked token is refused at once and for good. Nobody revokes what is not theirs.
func TestRevokedToken(t *testing.T) {
	k, _ := newKeeper(t)
	token, other := newToken(t, k, "anna"), newToken(t, k, "anna")
	for _, user := range []string{"bert", ""} {
		if _, err := k.Revoke(t.Context(), user, token.ID); !errors.Is(err, accesstoken.ErrNone) {
			t.Errorf("by %q: %v", user, err)
		}
	}
	if _, err := k.Revoke(t.Context(), "anna", token.ID); err != nil {
		t.Fatal(err)
	}
	k.Use(token.ID, time.Now())
	if err := k.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := k.Find(t.Context(), token, time.Now()); !errors.Is(err, accesstoken.ErrNone) {
		t.Errorf("the revoked one: %v", err)
	}
	if _, err := k.Find(t.Context(), other, time.Now()); err != nil {
		t.Errorf("the other one: %v", err)
	}
	if n, err := k.RevokeAll(t.Context(), "anna"); n != 1 || err != nil {
		t.Errorf("%d revoked, %v", n, err)
	}
	if _, err := k.RevokeAll(t.Context(), ""); err == nil {
		t.Error("the tokens of everybody are revoked")
	}
}

// A token whose end cannot be stored is refused all the same, and its end is stored
// when that works again.
func TestRevokedTokenOnAFullDisk(t *testing.T) {
	k, s := newKeeper(t)
	token := newToken(t, k, "anna")
	s.Break(store.ErrFull)
	if _, err := k.Revoke(t.Context(), "anna", token.ID); !errors.Is(err, accesstoken.ErrRevoking) {
		t.Fatalf("revoked: %v", err)
	}
	if _, err := k.Find(t.Context(), token, time.Now()); !errors.Is(err, accesstoken.ErrNone) {
		t.Errorf("found: %v", err)
	}
	if all, err := k.ByUser(t.Context(), "anna"); len(all) != 0 || err != nil {
		t.Errorf("listed: %v, %v", all, err)
	}
	s.Break(nil)
	if err := k.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get(t.Context(), accesstoken.Kind, token.ID); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("in the store: %v", err)
	}
}

// The last use is shown at once, is written in a batch, and what could not be written
// is written later.
func TestLastUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k, s := newKeeper(t)
		token := newToken(t, k, "anna")
		used := func(k *accesstoken.Keeper) time.Time {
			t.Helper()
			all, err := k.ByUser(t.Context(), "anna")
			if err != nil || len(all) != 1 {
				t.Fatal(all, err)
			}
			return all[0].Used
		}
		if got := used(k); !got.IsZero() {
			t.Errorf("before any use: %v", got)
		}
		time.Sleep(time.Hour)
		at := time.Now()
		k.Use(token.ID, at)
		k.Use(token.ID, at.Add(-time.Minute)) // by a request that began before
		s.Break(store.ErrUnavailable)
		if err := k.Flush(t.Context()); err == nil {
			t.Error("nothing is wrong")
		}
		s.Break(nil)
		again := &accesstoken.Keeper{Store: s}
		if got := used(k); !got.Equal(at) || !used(again).IsZero() {
			t.Errorf("not written yet: %v, want %v", got, at)
		}
		if err := k.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := used(again); !got.Equal(at) {
			t.Errorf("written: %v, want %v", got, at)
		}
	})
}

// Nobody fills the store, however many ask at once; what is over makes room.
func TestTokensOfAPersonAreBounded(t *testing.T) {
	k, _ := newKeeper(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for range 2 * accesstoken.PerPerson {
		all.Go(func() {
			_, _, err := k.Make(context.Background(), wish("anna"), time.Now())
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, accesstoken.ErrTooMany) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if made != accesstoken.PerPerson {
		t.Errorf("%d made", made)
	}
	newToken(t, k, "bert")
}

// What nobody could have meant is not made.
func TestWishesThatAreRefused(t *testing.T) {
	k, _ := newKeeper(t)
	for what, change := range map[string]func(*accesstoken.Wish){
		"no name": func(w *accesstoken.Wish) { w.Name = "" }, "blank": func(w *accesstoken.Wish) { w.Name = " x" },
		"long": func(w *accesstoken.Wish) { w.Name = strings.Repeat("ä", 61) }, "controls": func(w *accesstoken.Wish) { w.Name = "a\nb" },
		"no UTF-8": func(w *accesstoken.Wish) { w.Name = "\xff" }, "no app": func(w *accesstoken.Wish) { w.Apps = nil },
		"no time": func(w *accesstoken.Wish) { w.Lifetime = 0 }, "for ever": func(w *accesstoken.Wish) { w.Lifetime = accesstoken.MaxLifetime + 1 },
	} {
		w := wish("anna")
		change(&w)
		if _, _, err := k.Make(t.Context(), w, time.Now()); !errors.Is(err, accesstoken.ErrInvalid) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// What is ours never stays in the header, in whatever scheme, beside whatever else; what
// is not ours is left as it came.
func TestTake(t *testing.T) {
	k, _ := newKeeper(t)
	token := newToken(t, k, "anna")
	text := token.Text()
	for _, test := range []struct {
		name  string
		lines []string
		left  []string
		came  bool
		ok    bool
	}{
		{name: "nothing"},
		{"bearer", []string{"Bearer " + text}, nil, true, true},
		{"lower case, blanks", []string{" bearer \t " + text + " "}, nil, true, true},
		{"basic", []string{basic("anna:" + text)}, nil, true, true},
		{"basic without a name", []string{basic(":" + text)}, nil, true, true},
		{"basic unpadded", []string{strings.TrimRight(basic("a:"+text), "=")}, nil, true, true},
		{"another scheme", []string{"token " + text}, nil, true, false},
		{"two of them", []string{"Bearer " + text, "Bearer " + text}, nil, true, false},
		{"beside the app's", []string{"Bearer of.the.app", basic("anna:" + text)}, nil, true, false},
		{"cut", []string{"Bearer " + text[:len(text)-1]}, nil, true, false},
		{"longer", []string{"Bearer " + text + "A"}, nil, true, false},
		{"a line in it", []string{basic("a:" + text[:len(text)-1] + "\n")}, nil, true, false},
		{"the app's", []string{"Bearer of.the.app"}, []string{"Bearer of.the.app"}, false, false},
		{"a password", []string{basic("anna:secret")}, []string{basic("anna:secret")}, false, false},
		{"in the place of the name", []string{basic(text + ":")}, nil, true, false},
		{"the whole account", []string{basic(text)}, nil, true, false},
		{"behind a tab", []string{"Bearer\t" + text}, nil, true, false},
		{"without a scheme", []string{text}, nil, true, false},
		{"beside something", []string{"Bearer " + text + ", Basic eDp5"}, nil, true, false},
		{"a parameter", []string{`Token token="` + text + `"`}, nil, true, false},
		{"base64 of URLs", []string{strings.NewReplacer("+", "-", "/", "_").Replace(basic("??>>:" + text))}, nil, true, true},
		{"a name like it", []string{basic("anna:my_gatehouse_key")}, []string{basic("anna:my_gatehouse_key")}, false, false},
		{"no base64", []string{"Basic ä"}, []string{"Basic ä"}, false, false},
		{"empty", []string{""}, []string{""}, false, false},
	} {
		h := http.Header{}
		if test.lines != nil {
			h["Authorization"] = test.lines
		}
		got := accesstoken.Take(h)
		if diff := cmp.Diff(test.left, h["Authorization"]); diff != "" {
			t.Errorf("%s: left (-want +got):\n%s", test.name, diff)
		}
		if got.Came != test.came || got.OK != test.ok || got.OK && got.Token != token {
			t.Errorf("%s: came %v, OK %v", test.name, got.Came, got.OK)
		}
	}
}

// Attack: a link with an account in it has a browser send Basic by itself, so that
// its user works as somebody else, or another site acts with what the browser keeps.
func TestBasicFromABrowserCountsForNothing(t *testing.T) {
	k, _ := newKeeper(t)
	token := newToken(t, k, "mallory")
	h := http.Header{"Authorization": {basic("x:" + token.Text())}, "Sec-Fetch-Mode": {"navigate"}}
	if got := accesstoken.Take(h); got.Came || got.OK || h["Authorization"] != nil {
		t.Errorf("came %v, OK %v, left %q", got.Came, got.OK, h["Authorization"])
	}
}

// FuzzTake: whatever somebody sends, a token has one text, and what is left holds none.
func FuzzTake(f *testing.F) {
	f.Add("Bearer gatehouse_AZjZTTPeAAAAAAAAAAAAAA." + strings.Repeat("A", 43))
	f.Add("Basic OmdhdGVob3VzZV8=")
	f.Add("basic\t=")
	f.Fuzz(func(t *testing.T, line string) {
		h := http.Header{"Authorization": {line}}
		p := accesstoken.Take(h)
		if p.Came == (h["Authorization"] != nil) {
			t.Errorf("%q came %v, left %q", line, p.Came, h["Authorization"])
		}
		if p.OK {
			if again, ok := accesstoken.Parse(p.Token.Text()); !ok || again != p.Token {
				t.Errorf("%q is %s, and then %s", line, p.Token, again)
			}
		}
	})
}
