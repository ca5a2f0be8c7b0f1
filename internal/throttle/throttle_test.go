// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package throttle_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/throttle"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

// limits are the usual ones in windows of a century, so that none ends during a test.
var limits = throttle.Limits{
	Name:    throttle.Limit{Most: throttle.Defaults().Name.Most, Window: century},
	Address: throttle.Limit{Most: throttle.Defaults().Address.Most, Window: century},
	Browser: throttle.Limit{Most: throttle.Defaults().Browser.Most, Window: century},
}

const century = 100 * 365 * 24 * time.Hour

func blind(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func open(t *testing.T) (*throttle.Throttle, store.Store) {
	t.Helper()
	s := memstore.New()
	t.Cleanup(func() { s.Close() })
	return throttle.New(s, blind, limits), s
}

// from returns an attempt at a name from an address.
func from(address, name string) throttle.Attempt {
	return throttle.Attempt{Name: name, Address: netip.MustParseAddr(address)}
}

// wrong makes a wrong attempt and reports whether it was let through.
func wrong(t *testing.T, th *throttle.Throttle, a throttle.Attempt) bool {
	t.Helper()
	return try(t, th, a, false)
}

// right makes a right attempt and reports whether it was let through.
func right(t *testing.T, th *throttle.Throttle, a throttle.Attempt) bool {
	t.Helper()
	return try(t, th, a, true)
}

func try(t *testing.T, th *throttle.Throttle, a throttle.Attempt, right bool) bool {
	t.Helper()
	trial, err := th.Begin(t.Context(), a)
	if refused, ok := errors.AsType[*throttle.Refused](err); ok {
		if refused.RetryAfter <= 0 || refused.RetryAfter > century {
			t.Errorf("try again in %v", refused.RetryAfter)
		}
		return false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer trial.Close()
	if right {
		if err := trial.Forgive(t.Context()); err != nil {
			t.Error(err)
		}
	}
	return true
}

// wrongs makes wrong attempts until one is refused and returns how many were let through.
func wrongs(t *testing.T, th *throttle.Throttle, a func(i int) throttle.Attempt) int {
	t.Helper()
	for i := range 10_000 {
		if !wrong(t, th, a(i)) {
			return i
		}
	}
	t.Fatal("nothing was ever refused")
	return 0
}

// Attack 23: guessing at one person from many addresses.
func TestAttack23GuessesAtAPersonAreLimitedWhereverTheyComeFrom(t *testing.T) {
	th, _ := open(t)
	got := wrongs(t, th, func(i int) throttle.Attempt { return from(fmt.Sprintf("192.0.2.%d", i), "anna") })
	if got != limits.Name.Most {
		t.Errorf("%d guesses were let through, want %d", got, limits.Name.Most)
	}
	if !right(t, th, from("192.0.2.1", "bert")) {
		t.Error("bert is locked out as well")
	}
}

// Attack 23: one guess at each of many people from one address. IPv6 hosts have
// a whole /64, and an IPv4 address may come in the clothes of IPv6.
func TestAttack23GuessesFromAnAddressAreLimitedWhomeverTheyAreAt(t *testing.T) {
	for what, test := range map[string]struct {
		attacker func(i int) string
		locked   string
		other    string
	}{
		"IPv4":             {func(int) string { return "192.0.2.1" }, "192.0.2.1", "192.0.2.2"},
		"IPv4 within IPv6": {func(i int) string { return []string{"192.0.2.1", "::ffff:192.0.2.1"}[i%2] }, "::ffff:192.0.2.1", "::ffff:192.0.2.2"},
		"IPv6":             {func(i int) string { return fmt.Sprintf("2001:db8:0:1:%x::1", i) }, "2001:db8:0:1:ffff::", "2001:db8:0:2::1"},
		"IPv6 with a zone": {func(i int) string { return fmt.Sprintf("fe80::1%%eth%d", i) }, "fe80::1", "fe81::1"},
	} {
		t.Run(what, func(t *testing.T) {
			th, _ := open(t)
			got := wrongs(t, th, func(i int) throttle.Attempt { return from(test.attacker(i), fmt.Sprint("name", i)) })
			if got != limits.Address.Most {
				t.Errorf("%d guesses were let through, want %d", got, limits.Address.Most)
			}
			if wrong(t, th, from(test.locked, "anna")) {
				t.Errorf("%s may go on", test.locked)
			}
			if !right(t, th, from(test.other, "anna")) {
				t.Errorf("%s is locked out as well", test.other)
			}
		})
	}
}

// Attack 23 (tinyauth CVE-2026-77561): 257 invented names lock real users out,
// here even for those who share the attacker's address.
func TestAttack23InventedNamesLockNobodyOut(t *testing.T) {
	th, _ := open(t)
	for i := range 257 {
		wrong(t, th, from("192.0.2.1", fmt.Sprint("invented", i)))
	}
	for _, address := range []string{"192.0.2.1", "192.0.2.2"} {
		if !right(t, th, from(address, "anna")) {
			t.Errorf("anna cannot sign in from %s", address)
		}
	}
}

// Attack 23: a stranger uses up everything that can be used up, to keep a person
// from signing in. In a browser that is known they still can.
func TestAttack23AStrangerCannotLockOutOfAKnownBrowser(t *testing.T) {
	th, _ := open(t)
	wrongs(t, th, func(int) throttle.Attempt { return from("192.0.2.1", "anna") })
	wrongs(t, th, func(i int) throttle.Attempt { return from("192.0.2.1", fmt.Sprint("name", i)) })
	anna := from("192.0.2.1", "anna")
	if right(t, th, anna) {
		t.Error("the person is not locked at all")
	}
	anna.KnownBrowser = "annas"
	for range 1000 {
		if !right(t, th, anna) {
			t.Fatal("anna cannot sign in from her own browser")
		}
	}
}

// Whoever steals the mark of a known browser can guess a little more, not
// without end, and at nobody else.
func TestAKnownBrowserHasALimitOfItsOwn(t *testing.T) {
	th, _ := open(t)
	known := from("192.0.2.1", "anna")
	known.KnownBrowser = "annas"
	got := wrongs(t, th, func(int) throttle.Attempt { return known })
	if want := limits.Browser.Most + limits.Name.Most; got != want {
		t.Errorf("%d guesses were let through, want %d", got, want)
	}
	known.Name = "bert"
	if !right(t, th, known) {
		t.Error("bert cannot sign in")
	}
}

// Attack: a hundred guesses at the same moment, each of which finds that there
// was none before.
func TestParallelGuessesSeeEachOther(t *testing.T) {
	for what, test := range map[string]struct {
		attempt func(i int) throttle.Attempt
		want    int
	}{
		"one name":    {func(i int) throttle.Attempt { return from(fmt.Sprintf("192.0.2.%d", i%100), "anna") }, limits.Name.Most},
		"one address": {func(i int) throttle.Attempt { return from("192.0.2.1", fmt.Sprint("name", i)) }, limits.Address.Most},
		"one known browser": {func(int) throttle.Attempt {
			return throttle.Attempt{Name: "anna", Address: netip.MustParseAddr("192.0.2.1"), KnownBrowser: "annas"}
		}, limits.Browser.Most + limits.Name.Most},
	} {
		t.Run(what, func(t *testing.T) {
			_, s := open(t)
			nodes := []*throttle.Throttle{throttle.New(s, blind, limits), throttle.New(s, blind, limits)}
			var passed atomic.Int64
			var all sync.WaitGroup
			for i := range 500 {
				all.Go(func() {
					if wrong(t, nodes[i%2], test.attempt(i)) {
						passed.Add(1)
					}
				})
			}
			all.Wait()
			if n := int(passed.Load()); n > test.want {
				t.Errorf("%d guesses were let through, want at most %d", n, test.want)
			}
		})
	}
}

// Attack: as many nodes as guesses, each of which has looked before any has
// counted. Counting decides, not looking.
func TestGuessesOnManyNodesSeeEachOther(t *testing.T) {
	const guesses = 30
	s := &gathering{Store: memstore.New()}
	s.all.Add(guesses)
	few := throttle.Limits{Address: throttle.Limit{Most: 10, Window: century}}
	var passed atomic.Int64
	var all sync.WaitGroup
	for range guesses {
		node := throttle.New(s, blind, few)
		all.Go(func() {
			if wrong(t, node, from("192.0.2.1", "")) {
				passed.Add(1)
			}
		})
	}
	all.Wait()
	if n := passed.Load(); n > 10 {
		t.Errorf("%d guesses were let through, want at most 10", n)
	}
}

// gathering is a store in which nobody counts before all have looked.
type gathering struct {
	store.Store
	all sync.WaitGroup
}

func (s *gathering) Add(ctx context.Context, name string, n int, window time.Duration) (int, error) {
	if n > 0 {
		s.all.Done()
		s.all.Wait()
	}
	return s.Store.Add(ctx, name, n, window)
}

// A right password is never slowed, however many arrive at once for one person
// and from one address: on a Monday morning, or from a script.
func TestRightPasswordsAreNeverRefused(t *testing.T) {
	th, _ := open(t)
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() {
			a := from("192.0.2.1", "script")
			if i%2 == 0 {
				a.Name = fmt.Sprint("name", i)
			}
			if !right(t, th, a) {
				t.Error("a right password was refused")
			}
		})
	}
	all.Wait()
}

// Attack 23: an attacker with an account of their own signs in between guesses,
// so that the address is never full.
func TestAttack23ARightPasswordResetsNothing(t *testing.T) {
	th, _ := open(t)
	guesses := 0
	for i := range 2 * limits.Address.Most {
		if wrong(t, th, from("192.0.2.1", fmt.Sprint("name", i))) {
			guesses++
		}
		right(t, th, from("192.0.2.1", "mallory"))
	}
	if guesses != limits.Address.Most {
		t.Errorf("%d guesses were let through, want %d", guesses, limits.Address.Most)
	}
}

// Attack: guesses whose connection is cut before the answer are not counted.
func TestAnAbandonedGuessCounts(t *testing.T) {
	th, _ := open(t)
	for range limits.Name.Most {
		trial, err := th.Begin(t.Context(), from("192.0.2.1", "anna"))
		if err != nil {
			t.Fatal(err)
		}
		trial.Close()
	}
	if wrong(t, th, from("192.0.2.2", "anna")) {
		t.Error("one more was let through")
	}
}

// Nobody pays for having given up while the house was busy.
func TestForgivenessOutlivesTheRequest(t *testing.T) {
	th, _ := open(t)
	for range 10 * limits.Name.Most {
		ctx, cancel := context.WithCancel(t.Context())
		trial, err := th.Begin(ctx, from("192.0.2.1", "anna"))
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if err := trial.Forgive(ctx); err != nil {
			t.Fatal(err)
		}
		trial.Close()
	}
}

// The wait that is named is the wait, and what began before the end of a window
// wins nothing after it.
func TestAWindowEndsWhenItWasSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := throttle.New(memstore.New(), blind, throttle.Limits{})
		late, err := th.Begin(t.Context(), from("192.0.2.1", "anna"))
		if err != nil {
			t.Fatal(err)
		}
		wrongs(t, th, func(int) throttle.Attempt { return from("192.0.2.1", "anna") })
		_, err = th.Begin(t.Context(), from("192.0.2.1", "anna"))
		refused, ok := errors.AsType[*throttle.Refused](err)
		if !ok {
			t.Fatal(err)
		}
		time.Sleep(refused.RetryAfter - time.Nanosecond)
		if wrong(t, th, from("192.0.2.1", "anna")) {
			t.Error("let through before the time")
		}
		time.Sleep(time.Nanosecond)
		if err := late.Forgive(t.Context()); err != nil {
			t.Error(err)
		}
		late.Close()
		if got := wrongs(t, th, func(int) throttle.Attempt { return from("192.0.2.1", "anna") }); got != limits.Name.Most {
			t.Errorf("%d guesses were let through in the next window, want %d", got, limits.Name.Most)
		}
	})
}

// An operator lets a person in again, at once, and gives their own browser its
// way back too.
func TestUnlock(t *testing.T) {
	th, _ := open(t)
	known := from("192.0.2.1", "anna")
	known.KnownBrowser = "annas"
	wrongs(t, th, func(int) throttle.Attempt { return known })
	wrongs(t, th, func(int) throttle.Attempt { return from("192.0.2.2", "bert") })
	if err := th.Unlock(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	if !right(t, th, known) || !right(t, th, from("192.0.2.3", "anna")) {
		t.Error("anna is still locked out")
	}
	if wrong(t, th, from("192.0.2.2", "bert")) {
		t.Error("bert was unlocked as well")
	}
}

// What cannot be a name is counted for its address alone.
func TestAttemptsAtNobodyCount(t *testing.T) {
	th, _ := open(t)
	got := wrongs(t, th, func(int) throttle.Attempt { return from("192.0.2.1", "") })
	if got != limits.Address.Most {
		t.Errorf("%d were let through, want %d", got, limits.Address.Most)
	}
}

// Clients whose address is not known, as on a unix socket, share no counter: one of
// them could use it up for all. Guesses at a person count all the same.
func TestUnknownAddressIsNobodysCounter(t *testing.T) {
	th, _ := open(t)
	for i := range limits.Address.Most + 1 {
		if !wrong(t, th, throttle.Attempt{Name: fmt.Sprintf("person%d", i)}) {
			t.Fatalf("attempt %d was refused", i)
		}
	}
	got := wrongs(t, th, func(int) throttle.Attempt { return throttle.Attempt{Name: "anna"} })
	if got != limits.Name.Most {
		t.Errorf("%d guesses at anna were let through, want %d", got, limits.Name.Most)
	}
}

// Attack 20: no store, no counting, no guessing.
func TestAttack20AClosedStoreRefuses(t *testing.T) {
	th, s := open(t)
	s.Close()
	if trial, err := th.Begin(t.Context(), from("192.0.2.1", "anna")); !errors.Is(err, store.ErrUnavailable) || trial != nil {
		t.Errorf("got %v, %v, want ErrUnavailable", trial, err)
	}
}

// Hammering a locked name writes nothing (threat 37), and whoever waits for a
// place can give up.
func TestWhatIsRefusedWritesNothing(t *testing.T) {
	th, s := open(t)
	wrongs(t, th, func(int) throttle.Attempt { return from("192.0.2.1", "anna") })
	before := s.(store.Meter).Stats().Writes
	for range 1000 {
		wrong(t, th, from("192.0.2.2", "anna"))
	}
	if n := s.(store.Meter).Stats().Writes - before; n != 0 {
		t.Errorf("%d writes", n)
	}
}

func TestWhoeverWaitsCanGiveUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		th := throttle.New(memstore.New(), blind, limits)
		var trials []*throttle.Trial
		for range limits.Name.Most / 4 {
			trial, err := th.Begin(t.Context(), from("192.0.2.1", "anna"))
			if err != nil {
				t.Fatal(err)
			}
			trials = append(trials, trial)
		}
		ctx, cancel := context.WithCancel(t.Context())
		given := make(chan error, 1)
		go func() {
			_, err := th.Begin(ctx, from("192.0.2.1", "anna"))
			given <- err
		}()
		synctest.Wait() // it waits for a place
		cancel()
		if err := <-given; !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
		for _, trial := range trials {
			trial.Close()
			trial.Close() // closing twice gives no second place
		}
		got := wrongs(t, th, func(int) throttle.Attempt { return from("192.0.2.1", "anna") })
		if got != limits.Name.Most-len(trials) {
			t.Errorf("%d guesses were let through, want %d", got, limits.Name.Most-len(trials))
		}
	})
}

// A copied file does not show who signs in from where.
func TestCountersShowNeitherNameNorAddress(t *testing.T) {
	s := &spy{Store: memstore.New()}
	th := throttle.New(s, blind, throttle.Limits{})
	known := from("192.0.2.1", "anna")
	known.KnownBrowser = "annas"
	wrong(t, th, known)
	wrong(t, th, from("192.0.2.1", "anna"))
	if len(s.names) == 0 {
		t.Fatal("nothing was counted")
	}
	for _, name := range s.names {
		if strings.Contains(name, "anna") || strings.Contains(name, "192.0.2") || strings.ContainsRune(name, 0) {
			t.Errorf("counter %q", name)
		}
	}
}

// spy notes the names of counters.
type spy struct {
	store.Store
	names []string
}

func (s *spy) Add(ctx context.Context, name string, n int, window time.Duration) (int, error) {
	s.names = append(s.names, name)
	return s.Store.Add(ctx, name, n, window)
}
