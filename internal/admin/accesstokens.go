// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"context"
	"errors"
	"fmt"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
)

// answerRevoking is answerEnding for a change that revokes all access tokens of the user
// as well.
func (a *Admin) answerRevoking(ctx context.Context, user *identity.User, err error, what string) (UserChange, error) {
	if err != nil {
		return UserChange{}, err
	}
	change, err := a.answerEnding(ctx, user, nil, what)
	revoked, failed := a.revokeTokens(ctx, user, what)
	change.TokensRevoked = revoked
	if failed != nil {
		failed = fmt.Errorf("%s: %s, but not all access tokens are revoked; do it again: %w", user.Name, what, failed)
	}
	return change, errors.Join(err, failed)
}

// revokeTokens goes on when the one who asked has gone.
func (a *Admin) revokeTokens(ctx context.Context, user *identity.User, why string) (int, error) {
	n, err := a.Tokens.RevokeAll(context.WithoutCancel(ctx), user.ID)
	if n > 0 {
		a.Audit.Record(audit.Event{Kind: audit.TokenRevoked, User: user.Name, Reason: "user " + why + byOperator, Count: n})
	}
	return n, err
}
