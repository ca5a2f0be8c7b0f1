// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"

	"google.golang.org/grpc/metadata"
)

// bearer is what a call must bring, as a hash, so that comparing takes as long
// whatever was sent.
type bearer struct {
	wanted bool
	hash   [32]byte
}

const bearerPrefix = "Bearer "

func newBearer(secret string) bearer {
	return bearer{secret != "", sha256.Sum256([]byte(bearerPrefix + secret))}
}

// check returns an error unless the call brings the secret, exactly once.
func (b *bearer) check(ctx context.Context) error {
	if !b.wanted {
		return nil
	}
	sent := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(sent) != 1 {
		return errSecret
	}
	hash := sha256.Sum256([]byte(sent[0]))
	if subtle.ConstantTimeCompare(hash[:], b.hash[:]) != 1 {
		return errSecret
	}
	return nil
}
