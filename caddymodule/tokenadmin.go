// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/msgmap"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
)

// errBadToken means that what an operator asks of a token makes no sense.
var errBadToken = errors.New("token")

// tokensOf returns what is served of a namespace. Without a name it is that of the only
// one there is.
func (a *App) tokensOf(namespace string) (*tokenservice.Service, error) {
	known := map[string]*TokenService{}
	for _, s := range slices.Backward(a.TokenServices) {
		known[s.namespace()] = s
	}
	names := slices.Sorted(maps.Keys(known))
	switch {
	case len(names) == 0:
		return nil, fmt.Errorf("%w: the configuration has no token_service: write one into the global option gatehouse", errBadToken)
	case namespace == "" && len(names) > 1:
		return nil, fmt.Errorf("%w: there are several namespaces: name one of %s", errBadToken, strings.Join(names, ", "))
	case namespace == "":
		namespace = names[0]
	case known[namespace] == nil:
		return nil, fmt.Errorf("%w: %w", errBadToken, unknown("namespace", namespace, names))
	}
	return known[namespace].service(a.tenancy.house.Tokens)
}

// tokenQuestion is what an operator asks of a token.
type tokenQuestion struct {
	Namespace string `json:"namespace,omitempty"`
	// Token is the one that is meant, but in a create.
	Token string `json:"token,omitempty"`
	// Data is a JSON object.
	Data json.RawMessage `json:"data,omitempty"`
	// TTL in seconds and SilenceRead are the limits of the protocol. Left out, there is
	// none.
	TTL         *int64 `json:"ttl,omitempty"`
	SilenceRead *int64 `json:"silence_read,omitempty"`
}

// limits returns the limits as the protocol writes them.
func (q *tokenQuestion) limits() (ttl, silenceRead int64) {
	ttl, silenceRead = -1, -1
	if q.TTL != nil {
		ttl = *q.TTL
	}
	if q.SilenceRead != nil {
		silenceRead = *q.SilenceRead
	}
	return ttl, silenceRead
}

// madeToken answers a create.
type madeToken struct {
	Token string `json:"token"`
}

func (o *operator) createToken(ctx context.Context, q tokenQuestion) (made madeToken, err error) {
	service, err := o.tokens(q.Namespace)
	if err != nil {
		return made, err
	}
	data, err := msgmap.FromJSON(q.Data)
	if err != nil {
		return made, fmt.Errorf("%w: %w", errBadToken, err)
	}
	ttl, silenceRead := q.limits()
	made.Token, err = service.Create(ctx, data, ttl, silenceRead)
	return made, err
}

// readToken counts as a read, as any other.
func (o *operator) readToken(ctx context.Context, q tokenQuestion) (json.RawMessage, error) {
	service, err := o.tokens(q.Namespace)
	if err != nil {
		return nil, err
	}
	packed, err := service.Read(ctx, q.Token)
	if err != nil {
		return nil, err
	}
	return msgmap.ToJSON(packed)
}

func (o *operator) updateToken(ctx context.Context, q tokenQuestion) (done nothing, err error) {
	service, err := o.tokens(q.Namespace)
	if err != nil {
		return done, err
	}
	data, err := msgmap.FromJSON(q.Data)
	if err != nil {
		return done, fmt.Errorf("%w: %w", errBadToken, err)
	}
	ttl, silenceRead := q.limits()
	return done, service.Update(ctx, q.Token, data, ttl, silenceRead)
}

func (o *operator) deleteToken(ctx context.Context, q tokenQuestion) (done nothing, err error) {
	service, err := o.tokens(q.Namespace)
	if err != nil {
		return done, err
	}
	return done, service.Delete(ctx, q.Token)
}
