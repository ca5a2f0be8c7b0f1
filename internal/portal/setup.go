// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/identity/local"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
	"github.com/gatehouse-sso/gatehouse/internal/session"
	"github.com/gatehouse-sso/gatehouse/store"
)

const (
	setupPath  = "/setup"
	setupToken = "token"
	// SetupLifetime is how long a set-up link is good.
	SetupLifetime = time.Hour
	// SetupKind is the kind of set-up codes in the store.
	SetupKind store.Kind = "setup"
)

// ErrSetupGone means that a set-up link was used, ran out, or came too late:
// there are users.
var ErrSetupGone = errors.New("set-up link is used or too old")

// Setup makes the first account, for whoever holds a link that only the
// operator has seen. Once anybody has an account it makes no other.
type Setup struct {
	Store store.Store
	Users *local.Users

	over atomic.Bool // somebody had an account: every sign-in page asks
}

// Pending reports whether nobody has an account yet, as far as the store can tell.
func (s *Setup) Pending(ctx context.Context) bool {
	if s.over.Load() {
		return false
	}
	any, err := s.Users.Any(ctx)
	if any {
		s.over.Store(true)
	}
	return err == nil && !any
}

// Link makes a fresh set-up link below the portal's origin and ends the ones
// before it. It is a secret: whoever opens it first owns the gateway.
func (s *Setup) Link(ctx context.Context, origin string, now time.Time) (string, error) {
	if err := s.open(ctx); err != nil {
		return "", err
	}
	for old, err := range s.Store.List(ctx, SetupKind, store.Filter{}) {
		if err == nil {
			err = s.Store.Commit(ctx, store.Delete{Kind: SetupKind, ID: old.ID})
		}
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return "", fmt.Errorf("making a set-up link: %w", err)
		}
	}
	token := session.NewToken(store.NewID(now))
	err := s.Store.Commit(ctx, store.Put{Record: store.Record{
		Kind:    SetupKind,
		ID:      token.ID,
		Secrets: []store.Secret{{Audience: origin, Hash: sha256.Sum256(token.Secret[:]), Since: now}},
		Created: now,
		Expires: now.Add(SetupLifetime),
		Seen:    now,
	}})
	if err != nil {
		return "", fmt.Errorf("making a set-up link: %w", err)
	}
	return origin + setupPath + "?" + url.Values{setupToken: {token.Text()}}.Encode(), nil
}

// open returns ErrSetupGone when somebody has an account.
func (s *Setup) open(ctx context.Context) error {
	any, err := s.Users.Any(ctx)
	switch {
	case err != nil:
		return err
	case any:
		return ErrSetupGone
	}
	return nil
}

// check finds the record of a set-up token without spending it.
func (s *Setup) check(ctx context.Context, text string) (store.ID, error) {
	if err := s.open(ctx); err != nil {
		return store.ID{}, err
	}
	token, ok := session.ParseToken(text)
	if !ok {
		return store.ID{}, ErrSetupGone
	}
	record, err := s.Store.Get(ctx, SetupKind, token.ID)
	if errors.Is(err, store.ErrNotFound) {
		return store.ID{}, ErrSetupGone
	}
	if err != nil {
		return store.ID{}, err
	}
	hash := sha256.Sum256(token.Secret[:])
	if len(record.Secrets) != 1 || subtle.ConstantTimeCompare(hash[:], record.Secrets[0].Hash[:]) != 1 {
		return store.ID{}, ErrSetupGone
	}
	return token.ID, nil
}

// first makes the first account and spends the token in one commit: of several
// who try at once one succeeds, and a failure spends nothing.
func (s *Setup) first(ctx context.Context, text string, user local.NewUser) (*identity.User, error) {
	id, err := s.check(ctx, text)
	if err != nil {
		return nil, err
	}
	made, err := s.Users.Add(ctx, user, store.Delete{Kind: SetupKind, ID: id})
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrSetupGone
	}
	return made, err
}

// setupForm is what the set-up link opens.
func (v *visit) setupForm() {
	token := v.r.URL.Query().Get(setupToken)
	if err := v.checkSetup(token); err != nil {
		v.setupRefused(err)
		return
	}
	v.show(http.StatusOK, pages.Setup{Site: v.site(), Token: token})
}

func (v *visit) checkSetup(token string) error {
	if v.Setup == nil {
		return ErrSetupGone
	}
	_, err := v.Setup.check(v.r.Context(), token)
	return err
}

// setup makes the first account and signs its person in.
func (v *visit) setup() {
	if !v.form() {
		return
	}
	if v.Setup == nil {
		v.setupRefused(ErrSetupGone)
		return
	}
	user, err := v.Setup.first(v.r.Context(), v.r.PostForm.Get(setupToken), v.setupUser())
	if err != nil {
		v.setupRefused(err)
		return
	}
	v.record(audit.Event{Kind: audit.UserChanged, Reason: "first account made with the set-up link"}, user)
	v.start(user, []string{"pwd"}, "")
}

// setupUser is what was filled in.
func (v *visit) setupUser() local.NewUser {
	return local.NewUser{
		Name:     v.r.PostForm.Get("username"),
		FullName: v.r.PostForm.Get("name"),
		Email:    v.r.PostForm.Get("email"),
		Password: v.r.PostForm.Get("password"),
	}
}

// setupRefused shows the form again for what the person can mend, and otherwise
// why there is nothing to fill in.
func (v *visit) setupRefused(err error) {
	switch {
	case errors.Is(err, ErrSetupGone):
		v.show(http.StatusGone, pages.SetupGone{Site: v.site()})
	case errors.Is(err, local.ErrInvalid):
		v.setupAgain(setupProblems(v.setupUser())...)
	case errors.Is(err, local.ErrExists), errors.Is(err, local.ErrRemoved):
		// The name is kept for somebody who was removed.
		v.setupAgain(pages.SetupUsername)
	default:
		v.unavailable(err)
	}
}

// setupAgain shows the form with what was filled in, but for the password.
func (v *visit) setupAgain(problems ...pages.SetupProblem) {
	user := v.setupUser()
	v.show(http.StatusUnprocessableEntity, pages.Setup{
		Site:     v.site(),
		Token:    v.r.PostForm.Get(setupToken),
		Username: user.Name,
		Name:     user.FullName,
		Email:    user.Email,
		Problems: problems,
	})
}

// setupProblems says all that cannot be taken.
func setupProblems(user local.NewUser) []pages.SetupProblem {
	var problems []pages.SetupProblem
	for _, problem := range user.Problems() {
		problems = append(problems, setupProblem(problem, user.Password))
	}
	return problems
}

// setupProblem finds the field of the page for what cannot be taken.
func setupProblem(e *local.InvalidError, password string) pages.SetupProblem {
	switch e.Field {
	case local.FieldFullName:
		return pages.SetupName
	case local.FieldEmail:
		return pages.SetupEmail
	case local.FieldPassword:
		if len(password) > local.MaxPasswordBytes {
			return pages.SetupLong
		}
		return pages.SetupShort
	}
	return pages.SetupUsername
}
