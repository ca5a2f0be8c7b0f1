// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"errors"
	"strings"
	"sync"
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Of an erased person nothing is left but that the name is taken: nobody gets it,
// nobody comes back by it, and it authenticates nobody, as slowly as any other name.
func TestAnErasedNameIsNeverGivenToAnybody(t *testing.T) {
	for _, removedBefore := range []bool{false, true} {
		users, s := open(t)
		before := addAnna(t, users)
		if removedBefore {
			if _, err := users.Remove(t.Context(), "anna"); err != nil {
				t.Fatal(err)
			}
		}
		if err := users.Erase(t.Context(), "ANNA"); err != nil {
			t.Fatal(err)
		}
		_, err := users.Add(t.Context(), local.NewUser{Name: "aNNa", Password: password})
		if !errors.Is(err, local.ErrErased) || !strings.Contains(err.Error(), "choose another name") {
			t.Errorf("Add: got %v, want ErrErased and the remedy", err)
		}
		errs := gone(t.Context(), users, before.ID)
		_, _, errs["Enable"] = users.Enable(t.Context(), "anna")
		_, errs["ID"] = users.ID(t.Context(), "anna")
		errs["Erase"] = users.Erase(t.Context(), "anna")
		for what, err := range errs {
			if !errors.Is(err, local.ErrErased) && !errors.Is(err, identity.ErrUnknown) && !errors.Is(err, identity.ErrWrong) {
				t.Errorf("%s of an erased user: got %v", what, err)
			}
		}
		hashes := users.Hashes()
		if _, err := users.Authenticate(t.Context(), "anna", password); !errors.Is(err, identity.ErrWrong) || users.Hashes() != hashes+1 {
			t.Errorf("Authenticate: %v after %d hashes, want ErrWrong after one", err, users.Hashes()-hashes)
		}
		left := documents(t, s)
		if len(left) != 1 {
			t.Errorf("%d documents are left, want the claim on the name", len(left))
		}
		for _, text := range left {
			for _, datum := range []string{"anna", "Anna", "example.com", "staff", "argon2id", before.ID} {
				if strings.Contains(text, datum) {
					t.Errorf("%q is left in %s", datum, text)
				}
			}
		}
	}
}

// Whatever else happens to the account at the same moment, it is erased, and nothing
// brings it back.
func TestErasingWinsOverParallelChanges(t *testing.T) {
	users, s := open(t)
	addAnna(t, users)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				full := "Anna Again"
				users.Set(t.Context(), "anna", local.Edit{FullName: &full})
				users.Authenticate(t.Context(), "anna", password)
			}
		})
	}
	if err := users.Erase(t.Context(), "anna"); err != nil {
		t.Error(err)
	}
	all.Wait()
	if left := documents(t, s); len(left) != 1 || strings.Contains(strings.Join(left, ""), "Anna") {
		t.Errorf("left: %q", left)
	}
}

func TestErasingNobody(t *testing.T) {
	users, _ := open(t)
	for _, name := range []string{"carl", "", "a b"} {
		if err := users.Erase(t.Context(), name); !errors.Is(err, identity.ErrUnknown) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

// documents returns names and contents of all documents of a store.
func documents(t *testing.T, s store.Store) []string {
	t.Helper()
	var all []string
	for d, err := range s.Documents(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d.Name+" "+string(d.Data))
	}
	return all
}
