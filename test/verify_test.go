// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/examples/verify/verifytest"
)

// TestVerifiersTrustTheGateway hands the sample verifiers, as processes, what a running
// gateway gives to two apps: they take the assertion of their own app, also across
// rotations of the keys that they were never told of, and refuse the other app's, all
// that somebody has tampered with (threat 32), and what a stolen key has signed.
func TestVerifiersTrustTheGateway(t *testing.T) {
	wiki, notes := newApp(t), newApp(t)
	g := prepare(t)
	g.write(layout{
		portal: fmt.Sprintf("http://localhost:%d", g.http), // where processes find it as well
		sites: fmt.Sprintf(`
http://localhost {
	gatehouse_portal
}

http://wiki.localhost {
	gatehouse wiki {
		assertion_lifetime 30m
	}
	reverse_proxy %s
}

http://notes.localhost {
	gatehouse notes
	reverse_proxy %s
}
`, wiki.address, notes.address),
	})
	g.run()
	ada, b := g.person(t, "ada"), g.browser(t)
	wikiURL, notesURL := fmt.Sprintf("http://wiki.localhost:%d/", g.http), fmt.Sprintf("http://notes.localhost:%d/", g.http)
	b.arrive(ada, wikiURL)
	b.arriveKnown(notesURL)

	// fresh returns what an app gets now.
	fresh := func(a *app, address, audience string) (assertion, answer string) {
		t.Helper()
		b.mustKnow(ada, address)
		values := a.last(t).values("X-Gatehouse-Jwt")
		claims := g.verified(t, values, audience)
		return values[0], fmt.Sprintf("ok %v ada", claims["sub"])
	}
	first, good := fresh(wiki, wikiURL, "wiki")
	foreign, _ := fresh(notes, notesURL, "notes")

	running := map[string]*verifytest.Process{}
	for _, v := range verifytest.All(t, "../examples/verify") {
		running[v.Name] = v.Start(t, verifytest.Trust{JWKS: g.portal + "/.well-known/jwks.json", Issuer: g.portal, Audience: "wiki"}, "--floor", "1")
	}
	each := func(t *testing.T, check func(t *testing.T, p *verifytest.Process)) {
		t.Helper()
		for _, name := range slices.Sorted(maps.Keys(running)) {
			t.Run(name, func(t *testing.T) { check(t, running[name]) })
		}
	}
	is := func(answer string) bool { return answer == good }
	refused := func(answer string) bool { return strings.HasPrefix(answer, "refused: ") }
	refuses := func(t *testing.T, p *verifytest.Process, tokens map[string]string) {
		t.Helper()
		for what, token := range tokens {
			if answer := p.Ask(token); !refused(answer) {
				t.Errorf("%s: %s", what, answer)
			}
		}
	}

	t.Run("AsItCame", func(t *testing.T) {
		each(t, func(t *testing.T, p *verifytest.Process) {
			if answer := p.Ask(first); !is(answer) {
				t.Fatal(answer)
			}
			refuses(t, p, g.tampered(t, first))
			refuses(t, p, map[string]string{"another app's": foreign})
			if answer := p.Ask(first); !is(answer) {
				t.Errorf("after all of these: %s", answer)
			}
		})
	})

	// Twice, so that a key signs which no verifier has been told of.
	g.gatehouse("", "key", "rotate")
	g.gatehouse("", "key", "rotate")
	second, _ := fresh(wiki, wikiURL, "wiki")
	if kid(t, first) == kid(t, second) {
		t.Fatal("the same key signs after a rotation")
	}
	t.Run("AcrossARotation", func(t *testing.T) {
		each(t, func(t *testing.T, p *verifytest.Process) {
			p.AskUntil(second, is)
			if answer := p.Ask(first); !is(answer) {
				t.Errorf("what the key before has signed, in its grace: %s", answer)
			}
			refuses(t, p, g.tampered(t, second))
		})
	})

	g.gatehouse("", "key", "rotate", "--drop")
	third, _ := fresh(wiki, wikiURL, "wiki")
	t.Run("AfterATheft", func(t *testing.T) {
		each(t, func(t *testing.T, p *verifytest.Process) {
			p.AskUntil(third, is)
			refuses(t, p, map[string]string{"of the first key": first, "of the stolen key": second})
			refuses(t, p, g.tampered(t, third))
		})
	})
}

// tampered returns what somebody without a key of the gateway can make of an assertion,
// by what was done.
func (g *gateway) tampered(t *testing.T, assertion string) map[string]string {
	t.Helper()
	parts := strings.Split(assertion, ".")
	var header, claims map[string]any
	decode(t, parts[0], &header)
	decode(t, parts[1], &claims)
	with := func(of map[string]any, name string, value any) string {
		changed := maps.Clone(of)
		changed[name] = value
		text, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(text)
	}
	mine, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	signed := func(text string) string {
		sum := sha256.Sum256([]byte(text))
		r, s, err := ecdsa.Sign(rand.Reader, mine, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return text + "." + base64.RawURLEncoding.EncodeToString(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
	}
	// What a verifier that takes the algorithm from the token would use as a secret.
	public, err := g.key(t, kid(t, assertion)).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	confused := with(header, "alg", "HS256") + "." + parts[1]
	mac := hmac.New(sha256.New, public)
	mac.Write([]byte(confused))

	signature := []byte(parts[2])
	if signature[20]++; signature[20] > 'Z' || signature[20] <= 'A' {
		signature[20] = 'A'
	}
	return map[string]string{
		"another name":        parts[0] + "." + with(claims, "preferred_username", "admin") + "." + parts[2],
		"another person":      parts[0] + "." + with(claims, "sub", "local:admin") + "." + parts[2],
		"a longer life":       parts[0] + "." + with(claims, "exp", 9999999999) + "." + parts[2],
		"alg none":            with(header, "alg", "none") + "." + parts[1] + ".",
		"a key of their own":  signed(parts[0] + "." + parts[1]),
		"a kid of their own":  signed(with(header, "kid", "mine") + "." + parts[1]),
		"a kid that climbs":   signed(with(header, "kid", "../../dev/null") + "." + parts[1]),
		"the key as a secret": confused + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)),
		"a flipped signature": parts[0] + "." + parts[1] + "." + string(signature),
		"no signature":        parts[0] + "." + parts[1] + ".",
	}
}
