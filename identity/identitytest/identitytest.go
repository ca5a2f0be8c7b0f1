// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package identitytest is the contract of [identity.Source] as tests. Every
// source runs it; what only one source can do, it tests itself.
package identitytest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/identity"
)

// Open returns a source without users, and how to put a user with this name and
// password behind it. The name is in its canonical form; add returns the ID.
type Open func(t *testing.T) (src identity.Source, add func(name, password string) (id string))

// The people of the tests. The passwords are longer than bcrypt reads.
const (
	anna         = "anna"
	annaPassword = "the first of two long passwords, longer than seventy-two bytes, because some hashes stop there: a"
	bert         = "bert"
	bertPassword = "the first of two long passwords, longer than seventy-two bytes, because some hashes stop there: b"
)

// Run tests a source.
func Run(t *testing.T, open Open) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, people)
	}{
		{"TheRightPasswordOpens", rightPassword},
		{"AnythingElseDoesNot", wrongPasswords},
		{"UnknownNameAndWrongPasswordReadTheSame", sameError},
		{"NoErrorShowsThePassword", noPasswordInErrors},
		{"UserSeesThePersonAsTheyAre", userByID},
		{"UnknownIDsAreUnknown", unknownIDs},
		{"SignInsAtTheSameMomentAreNeverExchanged", parallel},
	} {
		t.Run(test.name, func(t *testing.T) {
			src, add := open(t)
			p := people{Source: src}
			p.anna, p.bert = add(anna, annaPassword), add(bert, bertPassword)
			test.run(t, p)
		})
	}
}

// people is a source with two users, and their IDs.
type people struct {
	identity.Source
	anna, bert string
}

func rightPassword(t *testing.T, p people) {
	user, err := p.Authenticate(t.Context(), anna, annaPassword)
	if err != nil {
		t.Fatal(err)
	}
	if user.ID != p.anna || user.Name != anna || user.Source == "" || user.Disabled {
		t.Errorf("got %+v, want the user anna with the ID %q, a source, not disabled", user, p.anna)
	}
	if p.anna == p.bert || p.anna == "" {
		t.Errorf("anna has the ID %q and bert %q, want two IDs", p.anna, p.bert)
	}
}

// Names and passwords as attackers write them: an empty password is an anonymous
// bind to LDAP, a star its wildcard; NUL and 72 bytes end a string for some hashes.
func wrongPasswords(t *testing.T, p people) {
	for _, try := range []struct{ name, password string }{
		{anna, ""},
		{anna, " "},
		{anna, "x"},
		{anna, bertPassword},
		{anna, annaPassword + " "},
		{anna, annaPassword + "\n"},
		{anna, annaPassword + "\x00"},
		{anna, annaPassword + "x"},
		{anna, annaPassword[:len(annaPassword)-1]},
		{anna, annaPassword[:72]},
		{anna, strings.ToUpper(annaPassword)},
		{anna, "*"},
		{anna, "' OR '1'='1"},
		{anna, "\xff\xfe"},
		{anna, strings.Repeat(annaPassword, 1000)},
		{"", ""},
		{"", annaPassword},
		{"*", annaPassword},
		{"a*", annaPassword},
		{"anna)(uid=*", annaPassword},
		{"anna\x00", annaPassword},
		{"anna\nbert", annaPassword},
		{"../anna", annaPassword},
		{anna + ":", annaPassword},
		{p.anna, annaPassword},
		{"\xff", annaPassword},
		{strings.Repeat("a", 1<<16), annaPassword},
		{"carl", annaPassword},
	} {
		user, err := p.Authenticate(t.Context(), try.name, try.password)
		if !errors.Is(err, identity.ErrWrong) || user != nil {
			t.Errorf("name %.40q, password %.40q: got %v and the error %v, want ErrWrong", try.name, try.password, user, err)
		}
	}
}

// Attack: trying names until an answer differs tells who has an account.
func sameError(t *testing.T, p people) {
	_, unknown := p.Authenticate(t.Context(), "carl", annaPassword)
	_, wrong := p.Authenticate(t.Context(), anna, bertPassword)
	if unknown == nil || wrong == nil || unknown.Error() != wrong.Error() {
		t.Errorf("unknown name: %v, wrong password: %v, want the same error", unknown, wrong)
	}
}

// Errors are logged, and a mistyped password is nearly the right one.
func noPasswordInErrors(t *testing.T, p people) {
	const password = "nearly-the-right-one"
	for _, name := range []string{anna, "carl", "", password + "\x00"} {
		_, err := p.Authenticate(t.Context(), name, password)
		if err == nil || strings.Contains(err.Error(), password) {
			t.Errorf("name %q: got the error %v, want one that does not show the password", name, err)
		}
	}
}

func userByID(t *testing.T, p people) {
	signedIn, err := p.Authenticate(t.Context(), bert, bertPassword)
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.User(t.Context(), p.bert)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(signedIn, found); diff != "" {
		t.Errorf("Authenticate and User differ:\n%s", diff)
	}
}

func unknownIDs(t *testing.T, p people) {
	for _, id := range []string{"", anna, p.anna + "x", "/" + p.anna, "*", "\x00", strings.Repeat("x", 1<<16)} {
		if user, err := p.User(t.Context(), id); !errors.Is(err, identity.ErrUnknown) || user != nil {
			t.Errorf("ID %.40q: got %v and the error %v, want ErrUnknown", id, user, err)
		}
	}
}

// Attack 15: two sign-ins at the same moment exchange identities. A source that
// is busy may say so, and may not answer with anybody else.
func parallel(t *testing.T, p people) {
	check := func(name, password, id string) error {
		user, err := p.Authenticate(t.Context(), name, password)
		switch {
		case errors.Is(err, identity.ErrBusy):
			return nil
		case err != nil:
			return err
		case user.ID != id:
			return fmt.Errorf("%s signed in as %s", name, user.Name)
		}
		return nil
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			if err := errors.Join(check(anna, annaPassword, p.anna), check(bert, bertPassword, p.bert)); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}
