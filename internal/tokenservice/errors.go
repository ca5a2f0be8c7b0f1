// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

// Refusal is why a request makes no sense. Nothing of the request is in its text.
type Refusal string

// Error implements error.
func (r Refusal) Error() string { return string(r) }

// GRPCStatus is how gRPC learns what kind of error this is.
func (r Refusal) GRPCStatus() *status.Status { return status.New(codes.InvalidArgument, string(r)) }

const (
	errTTL         Refusal = "ttl has to be 1 or more seconds, or -1 for no limit"
	errLongTTL     Refusal = "ttl is longer than 292 years: -1 means no limit"
	errSilenceRead Refusal = "silence_read has to be 1 or more, or -1 for no limit"
	errManyReads   Refusal = "silence_read is more than 4294967295: -1 means no limit"
	errTooLong     Refusal = "packed_data is longer than this service allows"
	errNoMap       Refusal = "packed_data has to be exactly one map in MessagePack"
)

// What else callers are told. The texts are fixed as well.
var (
	errSecret   = status.Error(codes.Unauthenticated, "the metadata authorization has to hold Bearer and the secret of this service")
	errQuota    = status.Error(codes.ResourceExhausted, "there are as many tokens as this service allows")
	errFull     = status.Error(codes.ResourceExhausted, "no space is left for tokens")
	errStore    = status.Error(codes.Unavailable, "the store of the tokens cannot answer now")
	errClosed   = status.Error(codes.Unavailable, "the token service is closing")
	errInternal = status.Error(codes.Internal, "internal error")
)

// answerTo returns what a caller is told of an error, and whether the operator should
// hear of it.
func answerTo(ctx context.Context, err error) (told error, log bool) {
	switch {
	case errors.As(err, new(Refusal)):
		return err, false
	case ctx.Err() != nil:
		return status.FromContextError(ctx.Err()).Err(), false
	case errors.Is(err, tokens.ErrQuota):
		return errQuota, false
	case errors.Is(err, tokens.ErrTooLong):
		return errTooLong, false
	case errors.Is(err, store.ErrFull):
		return errFull, true
	}
	return errStore, true
}
