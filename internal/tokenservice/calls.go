// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice

import (
	"context"
	"errors"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/gatehouse-sso/gatehouse/internal/msgmap"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

// serve answers one call with the service that is in use.
func (d *Door) serve(ctx context.Context, answer func(*Service) error) (err error) {
	defer func() {
		if cause := recover(); cause != nil { // which grpc would let end the process
			d.logger.Error("panic in the token service", zap.Any("panic", cause), zap.ByteString("stack", debug.Stack()))
			err = errInternal
		}
	}()
	l := d.enter()
	if l == nil {
		return errClosed
	}
	defer l.mu.RUnlock()
	if err := l.bearer.check(ctx); err != nil {
		return err
	}
	err = answer(l.service)
	if err == nil {
		return nil
	}
	told, log := answerTo(ctx, err)
	if log {
		d.logger.Error("token service", zap.Error(err))
	}
	return told
}

// CreateToken implements [tokenpb.TokenServiceServer].
func (d *Door) CreateToken(ctx context.Context, q *tokenpb.CreateTokenRequest) (*tokenpb.CreateTokenResponse, error) {
	var a tokenpb.CreateTokenResponse
	return &a, d.serve(ctx, func(s *Service) (err error) {
		a.Token, err = s.Create(ctx, q.PackedData, q.Ttl, q.SilenceRead)
		return err
	})
}

// ReadToken implements [tokenpb.TokenServiceServer].
func (d *Door) ReadToken(ctx context.Context, q *tokenpb.ReadTokenRequest) (*tokenpb.ReadTokenResponse, error) {
	var a tokenpb.ReadTokenResponse
	return &a, d.serve(ctx, func(s *Service) (err error) {
		a.PackedData, err = s.Read(ctx, string(q.Token))
		if errors.Is(err, tokens.ErrNone) {
			a.PackedData, err = []byte{msgmap.Nil}, nil
		}
		return err
	})
}

// UpdateToken implements [tokenpb.TokenServiceServer].
func (d *Door) UpdateToken(ctx context.Context, q *tokenpb.UpdateTokenRequest) (*tokenpb.UpdateTokenResponse, error) {
	var a tokenpb.UpdateTokenResponse
	return &a, d.serve(ctx, func(s *Service) (err error) {
		a.Result, err = found(s.Update(ctx, string(q.Token), q.PackedData, q.Ttl, q.SilenceRead))
		return err
	})
}

// DeleteToken implements [tokenpb.TokenServiceServer].
func (d *Door) DeleteToken(ctx context.Context, q *tokenpb.DeleteTokenRequest) (*tokenpb.DeleteTokenResponse, error) {
	var a tokenpb.DeleteTokenResponse
	return &a, d.serve(ctx, func(s *Service) (err error) {
		a.Result, err = found(s.Delete(ctx, string(q.Token)))
		return err
	})
}

// found turns the error that there is no such token into an answer.
func found(err error) (bool, error) {
	if errors.Is(err, tokens.ErrNone) {
		return false, nil
	}
	return err == nil, err
}
