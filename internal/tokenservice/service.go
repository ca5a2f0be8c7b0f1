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
	"errors"
	"math"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/msgmap"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
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

func (s *Service) create(ctx context.Context, q *tokenpb.CreateTokenRequest) (*tokenpb.CreateTokenResponse, error) {
	v, err := s.value(q.PackedData, q.Ttl, q.SilenceRead)
	if err != nil {
		return nil, err
	}
	token, err := s.Tokens.Create(ctx, "", v)
	if err != nil {
		return nil, err
	}
	return &tokenpb.CreateTokenResponse{Token: token}, nil
}

func (s *Service) read(ctx context.Context, q *tokenpb.ReadTokenRequest) (*tokenpb.ReadTokenResponse, error) {
	e, err := s.Tokens.Read(ctx, string(q.Token))
	if errors.Is(err, tokens.ErrNone) {
		return &tokenpb.ReadTokenResponse{PackedData: []byte{msgmap.Nil}}, nil
	}
	if err != nil {
		return nil, err
	}
	return &tokenpb.ReadTokenResponse{PackedData: Pack(&e, time.Now())}, nil
}

// Pack returns the answer to a read.
func Pack(e *tokens.Entry, now time.Time) []byte {
	packed := msgmap.Entry{Data: e.Data, ReadLimited: e.ReadLimited, Reads: e.Reads}
	if !e.Expires.IsZero() {
		// Rounded up: what is alive has a second left.
		packed.TTL = max(1, int64((e.TTL(now)+time.Second-1)/time.Second))
	}
	return packed.Pack()
}

func (s *Service) update(ctx context.Context, q *tokenpb.UpdateTokenRequest) (*tokenpb.UpdateTokenResponse, error) {
	v, err := s.value(q.PackedData, q.Ttl, q.SilenceRead)
	if err != nil {
		return nil, err
	}
	found, err := found(s.Tokens.Update(ctx, string(q.Token), v))
	return &tokenpb.UpdateTokenResponse{Result: found}, err
}

func (s *Service) delete(ctx context.Context, q *tokenpb.DeleteTokenRequest) (*tokenpb.DeleteTokenResponse, error) {
	found, err := found(s.Tokens.Delete(ctx, string(q.Token)))
	return &tokenpb.DeleteTokenResponse{Result: found}, err
}

// found turns the error that there is no such token into an answer.
func found(err error) (bool, error) {
	if errors.Is(err, tokens.ErrNone) {
		return false, nil
	}
	return err == nil, err
}
