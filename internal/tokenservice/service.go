// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package tokenservice serves package tokens to other processes over gRPC: the protocol
// of tokenpb, which clients of CRUDJT speak. It owns what each request means, byte by
// byte, who may ask, and a listener that goes on serving while settings change.
//
// What a token is and how long it lives belongs to package tokens, where to listen to
// caddymodule.
package tokenservice

import (
	"context"
	"crypto/tls"
	"math"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/msgmap"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

// Service is what is served at a door, by one configuration.
type Service struct {
	// Tokens are the only ones that can be reached.
	Tokens *tokens.Space
	// Secret, if set, must come with each call, in the metadata "authorization" as
	// "Bearer" and the secret.
	Secret string
	// Certificate is what a door with TLS shows.
	Certificate *tls.Certificate
}

// none is the limit that is no limit.
const none = -1

// maxTTL is the longest time to live, in seconds: 292 years.
const maxTTL = int64(math.MaxInt64 / time.Second)

// value checks what a token is to stand for.
func (s *Service) value(data []byte, ttl, silenceRead int64) (v tokens.Value, err error) {
	switch {
	case ttl != none && ttl < 1:
		return v, errTTL
	case ttl > maxTTL:
		return v, errLongTTL
	case silenceRead != none && silenceRead < 1:
		return v, errSilenceRead
	case silenceRead > math.MaxUint32:
		return v, errManyReads
	case len(data) > s.Tokens.MaxData():
		return v, errTooLong
	}
	if err := msgmap.Check(data); err != nil {
		return v, errNoMap
	}
	v.Data = data
	if ttl != none {
		v.TTL = time.Duration(ttl) * time.Second
	}
	if silenceRead != none {
		v.Reads = uint32(silenceRead)
	}
	return v, nil
}

// Create makes a token. Limits are as in the protocol. The errors are those of package
// tokens, and a Refusal.
func (s *Service) Create(ctx context.Context, data []byte, ttl, silenceRead int64) (token string, err error) {
	v, err := s.value(data, ttl, silenceRead)
	if err != nil {
		return "", err
	}
	return s.Tokens.Create(ctx, "", v)
}

// Read returns the map {metadata, data} in MessagePack, as in the protocol. The errors
// are those of package tokens.
func (s *Service) Read(ctx context.Context, token string) (packed []byte, err error) {
	e, err := s.Tokens.Read(ctx, token)
	if err != nil {
		return nil, err
	}
	return Pack(&e, s.Tokens.Now()), nil
}

// Update replaces what a token stands for. The errors are those of Create, and
// tokens.ErrNone.
func (s *Service) Update(ctx context.Context, token string, data []byte, ttl, silenceRead int64) error {
	v, err := s.value(data, ttl, silenceRead)
	if err != nil {
		return err
	}
	return s.Tokens.Update(ctx, token, v)
}

// Delete ends a token. The errors are those of package tokens.
func (s *Service) Delete(ctx context.Context, token string) error { return s.Tokens.Delete(ctx, token) }

// Pack returns the answer to a read.
func Pack(e *tokens.Entry, now time.Time) []byte {
	packed := msgmap.Entry{Data: e.Data, ReadLimited: e.ReadLimited, Reads: e.Reads}
	if !e.Expires.IsZero() {
		// Rounded up: what is alive has a second left.
		packed.TTL = max(1, int64((e.TTL(now)+time.Second-1)/time.Second))
	}
	return packed.Pack()
}
