// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor_test

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

// world is the real one, except for what a test cannot bring about: other machines,
// other addresses of this one, other times, certificates of others.
type world struct {
	doctor.Network
	now       time.Time
	addresses []netip.Addr
	hosts     map[string]netip.Addr
	// open are addresses that take connections, although no test listens there.
	open     []string
	answers  map[string]*doctor.Answer // by URL
	leaf     *x509.Certificate
	distrust error
}

func (w *world) Now() time.Time {
	if w.now.IsZero() {
		return time.Now()
	}
	return w.now
}

func (w *world) Addresses() ([]netip.Addr, error) { return w.addresses, nil }

func (w *world) Listens(ctx context.Context, network, address string) error {
	if slices.Contains(w.open, address) {
		return nil
	}
	return w.Network.Listens(ctx, network, address)
}

func (w *world) Resolve(ctx context.Context, host string) ([]netip.Addr, error) {
	if ip, ok := w.hosts[host]; ok {
		return []netip.Addr{ip}, nil
	}
	return nil, errors.New("no such host")
}

func (w *world) Get(ctx context.Context, q doctor.Question) (*doctor.Answer, error) {
	if answer, ok := w.answers[q.URL]; ok {
		return answer, nil
	}
	if slices.Contains(w.open, q.Address) {
		return &doctor.Answer{Status: 200}, nil
	}
	return w.Network.Get(ctx, q)
}

func (w *world) Certificate(ctx context.Context, host, port string) (*x509.Certificate, error, error) {
	if w.leaf != nil {
		return w.leaf, w.distrust, nil
	}
	return w.Network.Certificate(ctx, host, port)
}

// one returns the finding of a check about which there is exactly one.
func one(t *testing.T, findings []doctor.Finding, check string) doctor.Finding {
	t.Helper()
	var found []doctor.Finding
	for _, f := range findings {
		if f.Check == check {
			found = append(found, f)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d findings %q in %+v", len(found), check, findings)
	}
	return found[0]
}
