// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// keys looks at whether the keys that sign are in date.
func (e *examination) keys() []Finding {
	const check = "keys"
	if e.facts.KeysError != "" {
		return []Finding{fail(check, "", e.facts.KeysError, "see Caddy's log for why it was not rotated; caddy gatehouse key rotate tries again")}
	}
	var current []string
	for _, key := range e.facts.Keys {
		if key.State == "current" {
			current = append(current, key.Algorithm)
		}
	}
	if len(current) == 0 {
		return nil // the store could not be opened, of which another line speaks
	}
	return []Finding{ok(check, "", "in date: "+strings.Join(current, ", "))}
}

// jwks looks at what apps need to verify assertions, as an app on this machine would
// fetch it: by the public address, from an issuer that the machine trusts.
func (e *examination) jwks(ctx context.Context) []Finding {
	const check = "jwks"
	if e.facts.Portal == "" {
		return nil
	}
	address := e.facts.Portal + "/.well-known/jwks.json"
	set, err := fetch[struct {
		Keys []map[string]any `json:"keys"`
	}](ctx, e.world, address)
	if err != nil {
		return []Finding{fail(check, address, err.Error(),
			"apps that verify assertions have to reach it from where they run; those that cannot get the keys by caddy gatehouse key export")}
	}
	published := map[string]bool{}
	for _, key := range set.Keys {
		if key["d"] != nil {
			return []Finding{fail(check, address, "the set shows a private key", "take whatever answers there away, and replace the keys with caddy gatehouse key rotate --drop")}
		}
		kid, _ := key["kid"].(string)
		published[kid] = true
	}
	for _, key := range e.facts.Keys {
		if key.State != "retired" && !published[key.KID] {
			return []Finding{fail(check, address, "the key "+key.KID+" is missing: another gateway answers, or a cache gives an old answer",
				"see what the name leads to, and that caches obey Cache-Control")}
		}
	}
	return []Finding{ok(check, address, fmt.Sprintf("%d keys, from this machine", len(set.Keys))), e.configuration(ctx)}
}

// configuration looks at where verifiers learn issuer and keys.
func (e *examination) configuration(ctx context.Context) Finding {
	const check = "jwks"
	address := e.facts.Portal + "/.well-known/openid-configuration"
	told, err := fetch[struct {
		Issuer string `json:"issuer"`
	}](ctx, e.world, address)
	switch {
	case err != nil:
		return fail(check, address, err.Error(), wrongWay)
	case told.Issuer != e.facts.Portal:
		return fail(check, address, fmt.Sprintf("names the issuer %.100q", told.Issuer), wrongWay)
	}
	return ok(check, address, "names the right issuer")
}

func fetch[A any](ctx context.Context, w World, address string) (told A, err error) {
	answer, err := w.Get(ctx, Question{URL: address, Strict: true})
	switch {
	case err != nil:
		return told, fmt.Errorf("cannot be fetched from this machine: %w", err)
	case answer.Status != http.StatusOK:
		return told, fmt.Errorf("is answered %d%s", answer.Status, by(answer))
	}
	if err := json.Unmarshal(answer.Body, &told); err != nil {
		return told, fmt.Errorf("is no JSON%s", by(answer))
	}
	return told, nil
}

// keysFrom looks for signs that an app on another machine has fetched the keys from where
// it runs, which cannot be tried from here. An app that is told of nobody but by an
// assertion cannot do without.
func (e *examination) keysFrom(app App, subject string, elsewhere []netip.Addr) (Finding, bool) {
	const check = "jwks"
	if !e.facts.Running || e.facts.Portal == "" || app.JWTHeader == "" || len(elsewhere) == 0 {
		return Finding{}, false
	}
	for _, reader := range e.facts.KeyReaders {
		if slices.ContainsFunc(elsewhere, func(ip netip.Addr) bool { return ip.Unmap() == reader.Address.Unmap() }) {
			return ok(check, subject, fmt.Sprintf("fetched the keys from there %v ago", e.facts.Now.Sub(reader.At).Round(time.Second))), true
		}
	}
	const text = "runs on another machine, and nobody has fetched the keys from its address since the configuration was loaded"
	if app.UserHeader != "" {
		return ok(check, subject, text+", which only an app that verifies assertions has to"), true
	}
	return warn(check, subject, text, "try it there: curl -f "+e.facts.Portal+"/.well-known/jwks.json; an app that cannot reach it gets the keys by caddy gatehouse key export"), true
}
