// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gatehouse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	fresh = 10 * time.Minute // keys older than this are fetched again
	old   = time.Hour        // keys older than this are not trusted
)

// key returns the key of that name. The keys are fetched when it is new or they
// are old; when that fails, those that are known serve until they are old.
func (v *Verifier) key(ctx context.Context, kid string) (key, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	now := time.Now()
	_, known := v.keys[kid]
	if due := !known || now.Sub(v.fetched) > fresh; due && now.Sub(v.tried) >= v.floor() {
		v.tried = now
		if keys, err := v.fetch(context.WithoutCancel(ctx)); err == nil { // a client that leaves must not cost the others the keys
			v.keys, v.fetched = keys, now
		}
	}
	if now.Sub(v.fetched) > old {
		return key{}, errors.New("the keys cannot be fetched")
	}
	k, known := v.keys[kid]
	if !known {
		return key{}, errors.New("key is unknown")
	}
	return k, nil
}

func (v *Verifier) floor() time.Duration {
	if v.Floor == 0 {
		return time.Minute
	}
	return v.Floor
}

// fetch reads the JWKS (RFC 7517).
func (v *Verifier) fetch(ctx context.Context) (map[string]key, error) {
	client := v.Client
	if client == nil {
		client = &http.Client{Timeout: 5 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, v.JWKS, nil)
	if err != nil {
		return nil, err
	}
	answer, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the portal answered %s", answer.Status)
	}
	var set struct {
		Keys []key `json:"keys"`
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&set); err != nil {
		return nil, err
	}
	keys := make(map[string]key, len(set.Keys))
	for _, k := range set.Keys {
		keys[k.KID] = k
	}
	return keys, nil
}
