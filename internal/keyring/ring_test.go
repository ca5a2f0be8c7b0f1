// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

const day = 24 * time.Hour

// open returns a ring over the store, with ES256 and EdDSA keys.
func open(t testing.TB, s store.Store) *keyring.Ring {
	t.Helper()
	r, err := keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Ensure(t.Context(), keyring.EdDSA); err != nil {
		t.Fatal(err)
	}
	return r
}

// kids returns the kids of an algorithm's keys in one state.
func kids(r *keyring.Ring, alg keyring.Algorithm, state keyring.State) (ids []string) {
	for _, k := range r.Keys() {
		if k.Algorithm == alg && k.State == state {
			ids = append(ids, k.KID)
		}
	}
	return ids
}

func maintain(t testing.TB, r *keyring.Ring, now time.Time) time.Time {
	t.Helper()
	next, err := r.Maintain(t.Context(), now)
	if err != nil {
		t.Fatal(err)
	}
	if !next.After(now) {
		t.Fatalf("Maintain at %s wants to be called at %s, which has passed", now, next)
	}
	return next
}

// Keys outlive the process: a second ring over the same store has the same.
func TestOpenFindsTheSameKeys(t *testing.T) {
	s := memstore.New()
	first := open(t, s)
	second := open(t, s)
	if diff := cmp.Diff(first.Keys(), second.Keys()); diff != "" {
		t.Errorf("keys differ (-first +second):\n%s", diff)
	}
	if !bytes.Equal(first.JWKS(), second.JWKS()) {
		t.Error("JWKS differ")
	}
	for _, alg := range []keyring.Algorithm{keyring.ES256, keyring.EdDSA} {
		if len(kids(first, alg, keyring.Current)) != 1 || len(kids(first, alg, keyring.Next)) != 1 {
			t.Errorf("%s has no current and next key: %v", alg, first.Keys())
		}
	}
}

// HS256 never has a key in the ring, and an unknown name gets none.
func TestEnsure(t *testing.T) {
	r := open(t, memstore.New())
	before := r.Keys()
	if err := r.Ensure(t.Context(), keyring.HS256, keyring.ES256); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, r.Keys()); diff != "" {
		t.Errorf("Ensure changed what was there (-before +after):\n%s", diff)
	}
	if err := r.Ensure(t.Context(), "none"); err == nil {
		t.Error("keys were made for an algorithm named none")
	}
	if err := r.Ensure(t.Context(), keyring.RS256); err != nil {
		t.Fatal(err)
	}
	if r.Current(keyring.RS256) == "" {
		t.Error("no key signs with RS256")
	}
}

func TestParseAlgorithm(t *testing.T) {
	for _, name := range []string{"ES256", "EdDSA", "RS256", "HS256"} {
		if alg, err := keyring.ParseAlgorithm(name); err != nil || string(alg) != name {
			t.Errorf("ParseAlgorithm(%q) = %q, %v", name, alg, err)
		}
	}
	for _, name := range []string{"", "none", "es256", "ES384", "ES256 ", "PS256"} {
		if alg, err := keyring.ParseAlgorithm(name); err == nil {
			t.Errorf("ParseAlgorithm(%q) = %q, want an error", name, alg)
		}
	}
}

// The whole life of a key, watched from outside over 100 days: a key is in the
// JWKS for at least Publish before it signs, leaves it Retire after it has
// stopped, and at every moment exactly one key signs.
func TestKeysLiveAsScheduled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := open(t, memstore.New())
		first := r.Current(keyring.ES256)
		published, stopped := map[string]time.Time{}, map[string]time.Time{}
		rotations, current := 0, first
		for end := time.Now().Add(100 * day); time.Now().Before(end); {
			next := maintain(t, r, time.Now())
			now := time.Now()
			inJWKS := publishedKIDs(t, r)
			for kid := range inJWKS {
				if _, ok := published[kid]; !ok {
					published[kid] = now
				}
			}
			if kid := r.Current(keyring.ES256); kid != current {
				rotations++
				stopped[current] = now
				if ahead := now.Sub(published[kid]); ahead < day {
					t.Errorf("key signs %s after it was published", ahead)
				}
				current = kid
			}
			for kid, at := range stopped {
				if dead := now.Sub(at) >= 2*time.Hour; dead == inJWKS[kid] {
					t.Errorf("%s after key stopped signing, in the JWKS: %v", now.Sub(at), inJWKS[kid])
				}
			}
			if !inJWKS[current] || len(kids(r, keyring.ES256, keyring.Current)) != 1 {
				t.Errorf("at %s the key that signs is not the one that is published", now)
			}
			if err := r.Healthy(now); err != nil {
				t.Error(err)
			}
			time.Sleep(time.Until(next))
		}
		if rotations != 3 {
			t.Errorf("%d rotations in 100 days, want 3", rotations)
		}
	})
}

// Maintain is idempotent: called again at the same moment it writes nothing.
func TestMaintainTwiceRotatesOnce(t *testing.T) {
	s := memstore.New()
	r := open(t, s)
	later := time.Now().Add(31 * day)
	maintain(t, r, later)
	keys, writes := r.Keys(), s.Stats().Writes
	maintain(t, r, later)
	if diff := cmp.Diff(keys, r.Keys()); diff != "" {
		t.Errorf("second call changed keys (-first +second):\n%s", diff)
	}
	if now := s.Stats().Writes; now != writes {
		t.Errorf("second call wrote %d times", now-writes)
	}
}

// Nodes that maintain at the same moment rotate once between them and end with
// the same keys.
func TestParallelNodesEndWithTheSameKeys(t *testing.T) {
	later := time.Now().Add(31 * day)
	work := map[string]func(*keyring.Ring) error{
		"maintain": func(r *keyring.Ring) error { _, err := r.Maintain(t.Context(), later); return err },
		"ensure":   func(r *keyring.Ring) error { return r.Ensure(t.Context(), keyring.RS256) },
	}
	for name, do := range work {
		t.Run(name, func(t *testing.T) {
			s := memstore.New()
			nodes := []*keyring.Ring{open(t, s), open(t, s), open(t, s), open(t, s)}
			var group sync.WaitGroup
			for _, node := range nodes {
				group.Go(func() {
					if err := do(node); err != nil {
						t.Error(err)
					}
				})
			}
			group.Wait()
			for _, node := range nodes {
				if err := node.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(nodes[0].Keys(), node.Keys()); diff != "" {
					t.Errorf("nodes differ:\n%s", diff)
				}
				for _, alg := range []keyring.Algorithm{keyring.ES256, keyring.EdDSA} {
					if n := len(kids(node, alg, keyring.Retired)); name == "maintain" && n != 1 {
						t.Errorf("%d keys of %s retired, want 1", n, alg)
					}
				}
			}
		})
	}
}

// By hand, the key that was published next signs at once, and the key before
// stays for verifiers; Current, which is a cache key, changes.
func TestRotate(t *testing.T) {
	r := open(t, memstore.New())
	current, next := r.Current(keyring.ES256), kids(r, keyring.ES256, keyring.Next)[0]
	other := r.Current(keyring.EdDSA)
	if err := r.Rotate(t.Context(), keyring.ES256); err != nil {
		t.Fatal(err)
	}
	if got := r.Current(keyring.ES256); got != next {
		t.Errorf("%s signs, want the published next key %s", got, next)
	}
	if got := kids(r, keyring.ES256, keyring.Retired); !cmp.Equal(got, []string{current}) {
		t.Errorf("retired: %v, want %s", got, current)
	}
	if got := kids(r, keyring.ES256, keyring.Next); len(got) != 1 || got[0] == next || got[0] == current {
		t.Errorf("next: %v, want one fresh key", got)
	}
	if r.Current(keyring.EdDSA) != other {
		t.Error("an algorithm that was not named was rotated")
	}
	if err := r.Rotate(t.Context(), keyring.RS256); err == nil {
		t.Error("rotated an algorithm that has no keys")
	}
	if err := r.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.Current(keyring.EdDSA) == other {
		t.Error("Rotate without a name left EdDSA out")
	}
}

// After a theft no key that lay in the ring is left, neither the next nor a retired
// one, and what they have signed is refused at once.
func TestAttackStolenKeysAreReplaced(t *testing.T) {
	s := memstore.New()
	r, node := open(t, s), open(t, s)
	if err := r.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	stolen := r.Keys()
	token, _, err := r.Sign(keyring.Signer{Algorithm: keyring.ES256}, claims(), time.Now(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	verify := func(r *keyring.Ring) error {
		_, err := r.Verify(token, claims().Issuer, claims().Audience, []keyring.Algorithm{keyring.ES256}, time.Now())
		return err
	}
	if err := verify(r); err != nil {
		t.Fatal(err)
	}
	other := r.Current(keyring.EdDSA)
	if err := r.Replace(t.Context(), keyring.ES256); err != nil {
		t.Fatal(err)
	}
	if err := node.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, ring := range []*keyring.Ring{r, node} {
		for _, k := range stolen {
			if k.Algorithm == keyring.ES256 && bytes.Contains(ring.JWKS(), []byte(k.KID)) {
				t.Errorf("the stolen key %s, %s, is still published", k.KID, k.State)
			}
		}
		if verify(ring) == nil {
			t.Error("what a stolen key has signed still counts")
		}
	}
	if len(kids(r, keyring.ES256, keyring.Current)) != 1 || len(kids(r, keyring.ES256, keyring.Next)) != 1 || len(kids(r, keyring.ES256, keyring.Retired)) != 0 {
		t.Errorf("got %+v, want a fresh current and a fresh next key", r.Keys())
	}
	if r.Current(keyring.EdDSA) != other {
		t.Error("an algorithm that was not named was replaced")
	}
	if err := r.Replace(t.Context(), keyring.RS256); err == nil {
		t.Error("replaced an algorithm that has no keys")
	}
	if err := r.Replace(t.Context()); err != nil || r.Current(keyring.EdDSA) == other || r.Healthy(time.Now()) != nil {
		t.Errorf("Replace without a name left EdDSA out, or the ring is not well: %v", err)
	}
}

// Another node's rotation is taken over by Reload, and by Maintain when nobody told.
func TestAnotherNodesRotationArrives(t *testing.T) {
	s := memstore.New()
	a, b, c := open(t, s), open(t, s), open(t, s)
	if err := a.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := b.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	maintain(t, c, time.Now())
	for _, node := range []*keyring.Ring{b, c} {
		if diff := cmp.Diff(a.Keys(), node.Keys()); diff != "" {
			t.Errorf("nodes differ:\n%s", diff)
		}
	}
}

// A clock that jumps (threat 51) never panics, never leaves an algorithm without
// the key that signs, and what was dated while it was wrong lives no longer.
func TestJumpingClock(t *testing.T) {
	s := memstore.New()
	r := open(t, s)
	now := time.Now()
	for _, jump := range []time.Duration{10 * 365 * day, -day, 0, -20 * 365 * day, 31 * day, 0} {
		maintain(t, r, now.Add(jump))
		if len(kids(r, keyring.ES256, keyring.Current)) != 1 || len(kids(r, keyring.ES256, keyring.Next)) != 1 {
			t.Fatalf("after a jump by %s: %v", jump, r.Keys())
		}
		for _, k := range r.Keys() {
			if latest := now.Add(jump + time.Minute); k.Created.After(latest) || k.SignsSince.After(latest) || k.RetiredAt.After(latest) {
				t.Errorf("after a jump by %s a key bears a date in the future: %+v", jump, k)
			}
		}
		if err := r.Healthy(now.Add(jump)); err != nil {
			t.Errorf("after a jump by %s: %v", jump, err)
		}
		open(t, s) // what was written can be read
	}
}

// A ring that nobody maintains is reported before its keys grow old.
func TestHealthy(t *testing.T) {
	s := memstore.New()
	r := open(t, s)
	now := time.Now()
	for after, healthy := range map[time.Duration]bool{0: true, 30 * day: true, 32 * day: false, -time.Hour: false} {
		if err := r.Healthy(now.Add(after)); (err == nil) != healthy {
			t.Errorf("after %s: %v, want healthy %v", after, err, healthy)
		}
	}
}

// A document that is not what this program wrote stops the ring: no key that
// does not fit its entry ever signs, no fresh ring takes the place of a damaged
// one, and the document stays for whoever repairs it.
func TestDamagedDocumentFailsClosed(t *testing.T) {
	intact := memstore.New()
	open(t, intact)
	document, err := intact.Document(t.Context(), keyring.Document)
	if err != nil {
		t.Fatal(err)
	}
	text := string(document.Data)
	var parsed struct {
		Algorithms map[string]struct{ Current, Next struct{ KID, PKCS8 string } }
	}
	if err := json.Unmarshal(document.Data, &parsed); err != nil {
		t.Fatal(err)
	}
	es, ed := parsed.Algorithms["ES256"], parsed.Algorithms["EdDSA"]
	for name, data := range map[string]string{
		"empty":           "",
		"cut":             text[:len(text)/2],
		"not JSON":        "keys",
		"null":            "null",
		"another format":  strings.Replace(text, `"format":1`, `"format":2`, 1),
		"null family":     `{"format":1,"algorithms":{"ES256":null}}`,
		"HS256 family":    strings.Replace(text, `"ES256":`, `"HS256":`, 1),
		"swapped kids":    strings.Replace(text, es.Current.KID, es.Next.KID, 1),
		"another's key":   strings.Replace(text, es.Current.PKCS8, ed.Current.PKCS8, 1),
		"one key twice":   strings.NewReplacer(es.Next.KID, es.Current.KID, es.Next.PKCS8, es.Current.PKCS8).Replace(text),
		"no next key":     strings.Replace(text, `"next":`, `"was":`, 1),
		"next that signs": strings.Replace(text, `"next":{`, `"next":{"since":"2026-01-01T00:00:00Z",`, 1),
		"key flipped":     strings.Replace(text, es.Current.PKCS8, es.Current.PKCS8[:60]+"AAAA"+es.Current.PKCS8[64:], 1),
	} {
		t.Run(name, func(t *testing.T) {
			s := memstore.New()
			r := open(t, s)
			published := r.JWKS()
			stored, err := s.Document(t.Context(), keyring.Document)
			if err != nil {
				t.Fatal(err)
			}
			stored.Data = []byte(data)
			if err := s.Commit(t.Context(), store.PutDocument{Document: stored}); err != nil {
				t.Fatal(err)
			}
			if _, err := keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop()); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("Open: %v, want an error that wraps ErrCorrupt", err)
			} else if !strings.Contains(err.Error(), "restore") || strings.Contains(err.Error(), "MIG") {
				t.Errorf("error names no remedy, or a key: %v", err)
			}
			if err := r.Reload(t.Context()); !errors.Is(err, store.ErrCorrupt) {
				t.Errorf("Reload: %v, want an error that wraps ErrCorrupt", err)
			}
			if r.Healthy(time.Now()) == nil {
				t.Error("a damaged ring is healthy")
			}
			if _, _, err := r.Sign(keyring.Signer{Algorithm: keyring.ES256}, claims(), time.Now(), time.Minute); err == nil {
				t.Error("a damaged ring signs")
			}
			if !bytes.Equal(r.JWKS(), published) {
				t.Error("what was signed before can no longer be verified")
			}
			if after, err := s.Document(t.Context(), keyring.Document); err != nil || string(after.Data) != data {
				t.Errorf("the document was changed: %v", err)
			}
		})
	}
}

// A store that does not answer is an error, and the keys in memory go on.
func TestClosedStoreKeepsTheKeys(t *testing.T) {
	s := memstore.New()
	r := open(t, s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Maintain(t.Context(), time.Now()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Maintain: %v, want ErrUnavailable", err)
	}
	if _, err := keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop()); !errors.Is(err, store.ErrUnavailable) {
		t.Errorf("Open: %v, want ErrUnavailable", err)
	}
	if err := r.Healthy(time.Now()); err != nil {
		t.Error(err)
	}
}

func TestNegativeSchedule(t *testing.T) {
	if _, err := keyring.Open(t.Context(), memstore.New(), keyring.Schedule{Retire: -1}, zap.NewNop()); err == nil {
		t.Error("a negative duration was accepted")
	}
}

// Whatever stands in the document: no panic, and either a ring that signs or an
// error that says the ring is damaged.
func FuzzDocument(f *testing.F) {
	s := memstore.New()
	open(f, s)
	intact, err := s.Document(f.Context(), keyring.Document)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(intact.Data)
	for _, seed := range []string{"", "null", `{"format":1}`, `{"format":1,"algorithms":{"ES256":{"current":{},"next":null}}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s := memstore.New()
		if err := s.Commit(t.Context(), store.PutDocument{Document: store.Document{Name: keyring.Document, Data: data}}); err != nil {
			t.Fatal(err)
		}
		r, err := keyring.Open(t.Context(), s, keyring.Schedule{}, zap.NewNop())
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatal(err)
			}
			return
		}
		if _, _, err := r.Sign(keyring.Signer{Algorithm: keyring.ES256}, claims(), time.Now(), time.Minute); err != nil {
			t.Fatal(err)
		}
	})
}
