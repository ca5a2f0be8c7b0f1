// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package local_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/store"
)

// Attack 24: the time of an answer tells which names have an account. Time is
// hashing, so it is counted: one hash whatever is wrong, and when nothing is.
func TestAttack24EveryAnswerCostsOneHash(t *testing.T) {
	users, _ := open(t)
	addAnna(t, users)
	for _, name := range []string{"disabled", "removed", "returned"} {
		add(t, users, local.NewUser{Name: name, Password: password})
	}
	users.Disable(t.Context(), "disabled")
	users.Remove(t.Context(), "removed")
	users.Remove(t.Context(), "returned")
	users.Enable(t.Context(), "returned")

	for _, try := range []struct {
		what, name, password string
		want                 error
	}{
		{"right", "anna", password, nil},
		{"wrong password", "anna", password + "x", identity.ErrWrong},
		{"unknown name", "carl", password, identity.ErrWrong},
		{"disabled", "disabled", password, identity.ErrDisabled},
		{"disabled, wrong password", "disabled", "another password", identity.ErrWrong},
		{"removed", "removed", password, identity.ErrWrong},
		{"returned without a password", "returned", password, identity.ErrWrong},
		{"name that cannot be one", "an na", password, identity.ErrWrong},
		{"endless name", strings.Repeat("a", 1<<16), password, identity.ErrWrong},
		{"empty password", "anna", "", identity.ErrWrong},
		{"password that cannot be one", "anna", "\x00", identity.ErrWrong},
		{"password that is not UTF-8", "anna", password + "\xff", identity.ErrWrong},
		{"password too long", "anna", strings.Repeat("a", 1<<16), identity.ErrWrong},
	} {
		before := users.Hashes()
		_, err := users.Authenticate(t.Context(), try.name, try.password)
		if !errors.Is(err, try.want) || (err == nil) != (try.want == nil) {
			t.Errorf("%s: got %v, want %v", try.what, err, try.want)
		}
		if n := users.Hashes() - before; n != 1 {
			t.Errorf("%s: %d hashes were computed, want 1", try.what, n)
		}
	}
}

// Attack 25: a password is cut silently, so that half of it opens. All of 1 KB
// counts, to the last byte.
func TestAttack25NoPasswordIsCut(t *testing.T) {
	users, _ := open(t)
	long := strings.Repeat("0123456789abcdef", local.MaxPasswordBytes/16)
	add(t, users, local.NewUser{Name: "anna", Password: long})
	if _, err := users.Authenticate(t.Context(), "anna", long); err != nil {
		t.Error(err)
	}
	for _, other := range []string{long[:len(long)-1], long[:len(long)-1] + "x", long + "x", long[:72]} {
		if _, err := users.Authenticate(t.Context(), "anna", other); !errors.Is(err, identity.ErrWrong) {
			t.Errorf("%d bytes: got %v, want ErrWrong", len(other), err)
		}
	}
}

// A password is the same on every keyboard, composed or not.
func TestAPasswordIsTheSameInEveryFormOfUnicode(t *testing.T) {
	users, _ := open(t)
	add(t, users, local.NewUser{Name: "anna", Password: "Cafe\u0301 \u00e0 la carte"})
	if _, err := users.Authenticate(t.Context(), "anna", "Caf\u00e9 a\u0300\u00a0la carte"); err != nil {
		t.Error(err)
	}
}

// Eight characters are enough, and nothing is asked of what they are.
func TestThereAreNoCompositionRules(t *testing.T) {
	users, _ := open(t)
	add(t, users, local.NewUser{Name: "anna", Password: "aaaaaaaa"})
	add(t, users, local.NewUser{Name: "bert", Password: "пароль и"})
}

// The cost of a hash follows the settings at the person's next sign-in, once.
func TestAHashIsRenewedWhenItsCostHasChanged(t *testing.T) {
	old, s := open(t)
	before := addAnna(t, old)
	dearer := local.New(s, blind, local.Options{Argon: local.Params{Memory: 16, Time: 2, Threads: 1}})
	if _, err := dearer.Authenticate(t.Context(), "anna", password+"x"); !errors.Is(err, identity.ErrWrong) {
		t.Fatal(err)
	}
	for round, want := range []uint64{2, 1} {
		hashes := dearer.Hashes()
		user, err := dearer.Authenticate(t.Context(), "anna", password)
		if err != nil {
			t.Fatal(err)
		}
		if n := dearer.Hashes() - hashes; n != want {
			t.Errorf("sign-in %d: %d hashes, want %d", round, n, want)
		}
		if user.Version != before.Version+1 {
			t.Errorf("sign-in %d: version %d, want %d", round, user.Version, before.Version+1)
		}
	}
	d, err := s.Document(t.Context(), "user/"+before.ID)
	if err != nil || !strings.Contains(string(d.Data), "$m=16,t=2,p=1$") {
		t.Errorf("the stored hash was not renewed (%v)", err)
	}
}

// Attack 14: the old password is sent just before it is changed, and its session
// begins just after all sessions were ended.
func TestAttack14AChangeDuringASignInCounts(t *testing.T) {
	for what, test := range map[string]struct {
		change func(context.Context, *local.Users) error
		want   error
	}{
		"password": {func(ctx context.Context, u *local.Users) error {
			_, err := u.SetPassword(ctx, "anna", "another password")
			return err
		}, identity.ErrWrong},
		"disabled": {func(ctx context.Context, u *local.Users) error { _, err := u.Disable(ctx, "anna"); return err }, identity.ErrDisabled},
		"removed":  {func(ctx context.Context, u *local.Users) error { _, err := u.Remove(ctx, "anna"); return err }, identity.ErrWrong},
	} {
		t.Run(what, func(t *testing.T) {
			otherNode, s := open(t)
			user := addAnna(t, otherNode)
			during := &interrupted{Store: s, name: "user/" + user.ID, then: func() error { return test.change(t.Context(), otherNode) }}
			users := local.New(during, blind, cheap)
			if _, err := users.Authenticate(t.Context(), "anna", password); !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
}

// interrupted is a store in which something happens right after a document has
// been read for the first time.
type interrupted struct {
	store.Store
	name string
	then func() error
}

func (s *interrupted) Document(ctx context.Context, name string) (store.Document, error) {
	d, err := s.Store.Document(ctx, name)
	if then := s.then; err == nil && name == s.name && then != nil {
		s.then = nil
		err = then()
	}
	return d, err
}

// Attack 40: a log or an error shows a password or its hash.
func TestAttack40NothingPrintsAPassword(t *testing.T) {
	users, _ := open(t)
	user := addAnna(t, users)
	_, wrong := users.Authenticate(t.Context(), "anna", password+"x")
	_, short := users.SetPassword(t.Context(), "anna", "pass\x00")
	_, long := users.SetPassword(t.Context(), "anna", strings.Repeat(password, 100))
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		for _, value := range []any{user, wrong, short, long} {
			if text := fmt.Sprintf(format, value); strings.Contains(text, "correct") || strings.Contains(text, "pass\x00") || strings.Contains(text, "$argon2id") {
				t.Errorf("%s shows a password or a hash: %s", format, text)
			}
		}
	}
}
