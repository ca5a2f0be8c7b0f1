// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Every change makes a new user with a higher version: what is kept in memory of
// a live session is replaced on its account.
func TestAChangeIsSeenAndCounted(t *testing.T) {
	users, _ := open(t)
	before := addAnna(t, users)
	groups, email := []string{"admins"}, ""
	changed, err := users.Set(t.Context(), "ANNA", local.Edit{Groups: &groups, Email: &email})
	if err != nil {
		t.Fatal(err)
	}
	want := *before
	want.Groups, want.Email, want.Version = groups, "", before.Version+1
	if diff := cmp.Diff(&want, changed); diff != "" {
		t.Errorf("Set returned something else:\n%s", diff)
	}
	found, err := users.User(t.Context(), before.ID)
	if diff := cmp.Diff(changed, found); err != nil || diff != "" {
		t.Errorf("User returned something else (%v):\n%s", err, diff)
	}
}

func TestAddRefusesWhatHeadersAndListsCannotCarry(t *testing.T) {
	users, s := open(t)
	good := local.NewUser{Name: "anna", FullName: "Anna", Email: "anna@example.com", Groups: []string{"staff"}, Password: password}
	many := make([]string, 1001)
	for i := range many {
		many[i] = fmt.Sprint("group", i)
	}
	for what, spoil := range map[string]func(*local.NewUser){
		"no name":                     func(n *local.NewUser) { n.Name = "" },
		"name with a space":           func(n *local.NewUser) { n.Name = "an na" },
		"full name of two lines":      func(n *local.NewUser) { n.FullName = "Anna\r\nRemote-User: admin" },
		"full name in reverse":        func(n *local.NewUser) { n.FullName = "Anna \u202enimda" },
		"full name of two paragraphs": func(n *local.NewUser) { n.FullName = "Anna\u2029B" },
		"full name that is not UTF-8": func(n *local.NewUser) { n.FullName = "Ann\xe4" },
		"full name too long":          func(n *local.NewUser) { n.FullName = strings.Repeat("a", 257) },
		"address without @":           func(n *local.NewUser) { n.Email = "anna" },
		"two addresses":               func(n *local.NewUser) { n.Email = "anna@example.com,bert@example.com" },
		"address with a second @":     func(n *local.NewUser) { n.Email = "anna@evil@example.com" },
		"address with a NUL":          func(n *local.NewUser) { n.Email = "anna\x00@example.com" },
		"password that is not UTF-8":  func(n *local.NewUser) { n.Password = "correct h\xf6rse battery" },
		"empty group":                 func(n *local.NewUser) { n.Groups = []string{""} },
		"two groups in one":           func(n *local.NewUser) { n.Groups = []string{"staff,admins"} },
		"group with a bar":            func(n *local.NewUser) { n.Groups = []string{"staff|admins"} },
		"group with a semicolon":      func(n *local.NewUser) { n.Groups = []string{"staff;admins"} },
		"group of two lines":          func(n *local.NewUser) { n.Groups = []string{"staff\nadmins"} },
		"group with a space around":   func(n *local.NewUser) { n.Groups = []string{" staff"} },
		"too many groups":             func(n *local.NewUser) { n.Groups = many },
		"no password":                 func(n *local.NewUser) { n.Password = "" },
		"short password":              func(n *local.NewUser) { n.Password = "7 chars" },
		"few characters, many bytes":  func(n *local.NewUser) { n.Password = "🔑🔑🔑🔑🔑🔑🔑" },
		"long password":               func(n *local.NewUser) { n.Password = strings.Repeat("a", 1025) },
		"password with a control":     func(n *local.NewUser) { n.Password = password + "\t" },
	} {
		bad := good
		spoil(&bad)
		_, err := users.Add(t.Context(), bad)
		if !errors.Is(err, local.ErrInvalid) {
			t.Errorf("%s: got %v, want ErrInvalid", what, err)
		}
		if bad.Password != "" && err != nil && strings.Contains(err.Error(), bad.Password) {
			t.Errorf("%s: the error shows the password", what)
		}
	}
	for range s.Documents(t.Context(), "") {
		t.Error("something was written nevertheless")
	}
	addAnna(t, users)
}

// A group given twice is one group, in whatever form of Unicode.
func TestGroupsAreASet(t *testing.T) {
	users, _ := open(t)
	user := add(t, users, local.NewUser{Name: "anna", Password: password, Groups: []string{"öl", "staff", "o\u0308l", "staff"}})
	if diff := cmp.Diff([]string{"öl", "staff"}, user.Groups); diff != "" {
		t.Error(diff)
	}
}

// Invariant: one name belongs to one person, also when several nodes make the
// user at the same moment.
func TestParallelAddsOfOneNameHaveOneWinner(t *testing.T) {
	users, _ := open(t)
	var (
		all  sync.WaitGroup
		mu   sync.Mutex
		won  int
		lost int
	)
	for i := range 20 {
		name := []string{"anna", "Anna", "ＡＮＮＡ"}[i%3]
		all.Go(func() {
			_, err := users.Add(t.Context(), local.NewUser{Name: name, Password: password})
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				won++
			case errors.Is(err, local.ErrExists):
				lost++
			default:
				t.Error(err)
			}
		})
	}
	all.Wait()
	if won != 1 || lost != 19 {
		t.Errorf("%d won and %d were told that the user exists, want 1 and 19", won, lost)
	}
	if list, err := users.List(t.Context()); err != nil || len(list) != 1 {
		t.Errorf("got %d users (%v), want 1", len(list), err)
	}
}

// Invariant: no change is lost when several are made at once.
func TestParallelChangesAllCount(t *testing.T) {
	users, _ := open(t)
	addAnna(t, users)
	groups, fullName, email := []string{"new"}, "New Name", "new@example.com"
	var all sync.WaitGroup
	for _, change := range []func(context.Context) error{
		func(ctx context.Context) error {
			_, err := users.Set(ctx, "anna", local.Edit{Groups: &groups})
			return err
		},
		func(ctx context.Context) error {
			_, err := users.Set(ctx, "anna", local.Edit{FullName: &fullName})
			return err
		},
		func(ctx context.Context) error {
			_, err := users.Set(ctx, "anna", local.Edit{Email: &email})
			return err
		},
		func(ctx context.Context) error {
			_, err := users.SetPassword(ctx, "anna", "another password")
			return err
		},
		func(ctx context.Context) error { _, err := users.Disable(ctx, "anna"); return err },
	} {
		all.Go(func() {
			if err := change(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	user, err := users.ByName(t.Context(), "anna")
	if err != nil {
		t.Fatal(err)
	}
	if user.Groups[0] != "new" || user.FullName != fullName || user.Email != email || !user.Disabled || user.Version != 6 {
		t.Errorf("a change is missing in %+v", user)
	}
	if _, err := users.Authenticate(t.Context(), "anna", "another password"); !errors.Is(err, identity.ErrDisabled) {
		t.Errorf("new password: got %v, want ErrDisabled", err)
	}
}

func TestADisabledUserIsToldSoOnlyWithTheRightPassword(t *testing.T) {
	users, _ := open(t)
	addAnna(t, users)
	if _, err := users.Disable(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Authenticate(t.Context(), "anna", password); !errors.Is(err, identity.ErrDisabled) {
		t.Errorf("right password: got %v, want ErrDisabled", err)
	}
	if _, err := users.Authenticate(t.Context(), "anna", password+"x"); !errors.Is(err, identity.ErrWrong) {
		t.Errorf("wrong password: got %v, want ErrWrong", err)
	}
	user, restored, err := users.Enable(t.Context(), "anna")
	if err != nil || restored || user.Disabled || len(user.Groups) != 2 {
		t.Errorf("Enable: got %+v, restored %v, %v, want anna with her groups", user, restored, err)
	}
	if _, err := users.Authenticate(t.Context(), "anna", password); err != nil {
		t.Error(err)
	}
}

// Attack: whoever gets the name of somebody who left gets what the apps keep for
// that name. The name stays with its person, who comes back with the same ID and
// without the old password and groups.
func TestARemovedNameIsNeverGivenToAnotherPerson(t *testing.T) {
	users, s := open(t)
	before := addAnna(t, users)
	was, err := users.Remove(t.Context(), "Anna")
	if err != nil {
		t.Fatal(err)
	}
	if was.ID != before.ID || was.Name != "anna" {
		t.Errorf("Remove returned %+v, want anna as she was", was)
	}
	_, err = users.Add(t.Context(), local.NewUser{Name: "aNNa", Password: password})
	if !errors.Is(err, local.ErrRemoved) || !strings.Contains(err.Error(), "user enable") {
		t.Errorf("Add: got %v, want ErrRemoved and the remedy", err)
	}
	if id, err := users.ID(t.Context(), "anna"); err != nil || id != before.ID {
		t.Errorf("the name leads to %q (%v), want %q", id, err, before.ID)
	}
	for what, err := range gone(t.Context(), users, before.ID) {
		if !errors.Is(err, local.ErrRemoved) && !errors.Is(err, identity.ErrUnknown) && !errors.Is(err, identity.ErrWrong) {
			t.Errorf("%s of a removed user: got %v", what, err)
		}
	}
	for d, err := range s.Documents(t.Context(), "") {
		if err != nil || strings.Contains(d.Name+string(d.Data), "anna") || strings.Contains(string(d.Data), "argon2id") {
			t.Errorf("document %q still says something about anna: %s (%v)", d.Name, d.Data, err)
		}
	}

	after, restored, err := users.Enable(t.Context(), "anna")
	if err != nil || !restored || after.ID != before.ID || after.Name != "anna" || len(after.Groups) != 0 || after.Version <= was.Version {
		t.Errorf("Enable: got %+v, restored %v, %v, want the same ID without groups", after, restored, err)
	}
	for _, try := range []string{password, ""} {
		if _, err := users.Authenticate(t.Context(), "anna", try); !errors.Is(err, identity.ErrWrong) {
			t.Errorf("password %q: got %v, want ErrWrong until one is set", try, err)
		}
	}
	if _, err := users.SetPassword(t.Context(), "anna", "another password"); err != nil {
		t.Fatal(err)
	}
	if _, err := users.Authenticate(t.Context(), "anna", "another password"); err != nil {
		t.Error(err)
	}
}

// gone tries everything but Enable.
func gone(ctx context.Context, users *local.Users, id string) map[string]error {
	errs := map[string]error{}
	_, errs["Authenticate"] = users.Authenticate(ctx, "anna", password)
	_, errs["User"] = users.User(ctx, id)
	_, errs["ByName"] = users.ByName(ctx, "anna")
	_, errs["Set"] = users.Set(ctx, "anna", local.Edit{})
	_, errs["SetPassword"] = users.SetPassword(ctx, "anna", password)
	_, errs["Disable"] = users.Disable(ctx, "anna")
	_, errs["Remove"] = users.Remove(ctx, "anna")
	return errs
}

// Whoever keeps users in memory is told of every change by the name of a document.
func TestADocumentTellsWhoseItIs(t *testing.T) {
	users, s := open(t)
	user := addAnna(t, users)
	var found []string
	for d, err := range s.Documents(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		if id, ok := local.UserOf(d.Name); ok {
			found = append(found, id)
		}
	}
	if diff := cmp.Diff([]string{user.ID}, found); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"", "user/", "user/x", "keyring", "x/user/" + user.ID} {
		if id, ok := local.UserOf(name); ok {
			t.Errorf("document %q is taken for the account of %q", name, id)
		}
	}
}

func TestChangesOfNobodyAreRefused(t *testing.T) {
	users, s := open(t)
	_, _, enable := users.Enable(t.Context(), "carl")
	_, disable := users.Disable(t.Context(), "carl")
	_, set := users.Set(t.Context(), "no such/name", local.Edit{})
	for _, err := range []error{enable, disable, set} {
		if !errors.Is(err, identity.ErrUnknown) {
			t.Errorf("got %v, want ErrUnknown", err)
		}
	}
	for range s.Documents(t.Context(), "") {
		t.Error("something was written nevertheless")
	}
}

// Attack 49: a set-up page for whoever comes first. A disabled user is a user.
func TestAnyCountsDisabledUsers(t *testing.T) {
	users, _ := open(t)
	check := func(want bool) {
		t.Helper()
		if got, err := users.Any(t.Context()); err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	check(false)
	addAnna(t, users)
	check(true)
	if _, err := users.Disable(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	check(true)
	if _, err := users.Remove(t.Context(), "anna"); err != nil {
		t.Fatal(err)
	}
	check(false)
}

// Attributes are set one by one: what is not named stays, an empty value removes.
// A user that was returned before does not change (identity.User).
func TestAttributes(t *testing.T) {
	users, _ := open(t)
	addAnna(t, users)
	set := func(edit map[string]string) (*identity.User, error) {
		return users.Set(t.Context(), "anna", local.Edit{Attributes: edit})
	}
	before, err := set(map[string]string{"erp_id": "4711", "room": "B=2"})
	if err != nil {
		t.Fatal(err)
	}
	after, err := set(map[string]string{"room": "", "never_there": "", "desk": "9"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"erp_id": "4711", "desk": "9"}, after.Attributes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]string{"erp_id": "4711", "room": "B=2"}, before.Attributes); diff != "" {
		t.Errorf("the user returned before: %s", diff)
	}
	if now, err := users.User(t.Context(), after.ID); err != nil || !cmp.Equal(now, after) {
		t.Errorf("got %v, %v, want %v", now, err, after)
	}
	if _, err := users.Set(t.Context(), "anna", local.Edit{FullName: new("A")}); err != nil {
		t.Fatal(err)
	}
	if now, _ := users.User(t.Context(), after.ID); !cmp.Equal(now.Attributes, after.Attributes) {
		t.Errorf("another edit changed them to %v", now.Attributes)
	}
	many := map[string]string{}
	for i := range 63 {
		many[fmt.Sprint("k", i)] = "v"
	}
	for _, bad := range []map[string]string{
		{"": "x"}, {"erp id": "x"}, {"größe": "x"}, {strings.Repeat("k", 65): "x"},
		{"a": "b\r\nRemote-User: admin"}, {"a": " x"}, {"a": "\xff"}, {"a": "\u202edrow"}, {"a": strings.Repeat("x", 257)}, many,
	} {
		if _, err := set(bad); !errors.Is(err, local.ErrInvalid) {
			t.Errorf("%.60q: got %v, want ErrInvalid", bad, err)
		}
	}
}

func TestListIsByName(t *testing.T) {
	users, _ := open(t)
	for _, name := range []string{"carl", "Anna", "bert", "dora"} {
		add(t, users, local.NewUser{Name: name, Password: password})
	}
	if _, err := users.Remove(t.Context(), "dora"); err != nil {
		t.Fatal(err)
	}
	list, err := users.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, user := range list {
		names = append(names, user.Name)
	}
	if diff := cmp.Diff([]string{"anna", "bert", "carl"}, names); diff != "" {
		t.Error(diff)
	}
}

// Attack 20 and 49: a store that cannot answer lets nobody in, is no reason to
// take a user for unknown, and no empty house.
func TestAClosedStoreAnswersNothing(t *testing.T) {
	users, s := open(t)
	user := addAnna(t, users)
	s.Close()
	_, authenticate := users.Authenticate(t.Context(), "anna", password)
	_, byID := users.User(t.Context(), user.ID)
	_, byName := users.ByName(t.Context(), "anna")
	_, disable := users.Disable(t.Context(), "anna")
	_, list := users.List(t.Context())
	_, any := users.Any(t.Context())
	for i, err := range []error{authenticate, byID, byName, disable, list, any} {
		if !errors.Is(err, identity.ErrUnavailable) {
			t.Errorf("call %d: got %v, want ErrUnavailable", i, err)
		}
	}
}

// A damaged account is never taken for one without a password, and what is said
// about it does not show what it holds.
func TestADamagedAccountOpensNothing(t *testing.T) {
	for _, data := range []string{"", "{", `{"name":"anna","password":"$argon2id$v=19$m=8,t=1,p=1$c2VjcmV0"}`, `{"password":7}`} {
		users, s := open(t)
		user := addAnna(t, users)
		d := store.Document{Name: "user/" + user.ID, Data: []byte(data), Version: user.Version}
		if err := s.Commit(t.Context(), store.PutDocument{Document: d}); err != nil {
			t.Fatal(err)
		}
		_, err := users.Authenticate(t.Context(), "anna", password)
		if !errors.Is(err, identity.ErrUnavailable) || !errors.Is(err, store.ErrCorrupt) || strings.Contains(err.Error(), "c2VjcmV0") {
			t.Errorf("account %s: got %v, want ErrUnavailable and ErrCorrupt without the data", data, err)
		}
	}
}
