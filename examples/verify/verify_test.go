// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package verify_test runs the sample verifiers as an app would: as real
// processes, against a real JWKS that changes under them.
package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/examples/verify/go/gatehouse"
	"github.com/gatehouse-sso/gatehouse/examples/verify/verifytest"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

var keyed = []keyring.Algorithm{keyring.ES256, keyring.EdDSA, keyring.RS256}

// Each verifier keeps each promise. They run at the same time: most of it is
// waiting for the floor to pass.
func TestVerifiers(t *testing.T) {
	promises := map[string]func(*testing.T, verifytest.Verifier){
		"accepts good tokens": acceptsGood,
		"refuses bad tokens":  refusesBad,
		"follows rotation":    followsRotation,
		"outlives the portal": outlivesPortal,
	}
	for _, v := range verifytest.All(t, ".") {
		t.Run(v.Name, func(t *testing.T) {
			t.Parallel()
			for name, keeps := range promises {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					keeps(t, v)
				})
			}
			if v.Name == "php" {
				t.Run("keeps keys in a file", func(t *testing.T) { keepsKeysInFile(t, v) })
			}
		})
	}
}

// A good assertion of each algorithm is accepted, and the keys are fetched once.
// Signatures with leading zeros are what a conversion to DER gets wrong, so
// there are many of them.
func acceptsGood(t *testing.T, v verifytest.Verifier) {
	p := newPortal(t)
	process := v.Start(t, p.trust())
	for _, alg := range keyed {
		if answer := process.Ask(p.sign(t, alg)); answer != good {
			t.Errorf("%s: %s", alg, answer)
		}
	}
	for range 600 {
		if answer := process.Ask(p.sign(t, keyring.ES256)); answer != good {
			t.Fatal(answer)
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want once", n)
	}
}

// Threat 32 and its siblings (RFC 8725): every bad token is refused, after each
// of them good ones still pass, no invented kid makes the verifier fetch again,
// and no address in a token is ever fetched (threat 33).
func refusesBad(t *testing.T, v verifytest.Verifier) {
	p := newPortal(t)
	var lured atomic.Int32
	attacker := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { lured.Add(1) }))
	defer attacker.Close()
	process := v.Start(t, p.trust())
	for name, token := range badTokens(t, p, attacker.URL) {
		if answer := process.Ask(token); !strings.HasPrefix(answer, "refused: ") {
			t.Errorf("%s: %s", name, answer)
		}
		if answer := process.Ask(p.sign(t, keyring.ES256)); answer != good {
			t.Fatalf("after %s a good token: %s", name, answer)
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want once", n)
	}
	if n := lured.Load(); n != 0 {
		t.Errorf("an address in a token was fetched %d times", n)
	}
}

// badTokens returns tokens to refuse, by the name of the attack. Where it makes
// the attack stronger they are signed with the portal's own key.
func badTokens(t *testing.T, p *portal, attacker string) map[string]string {
	t.Helper()
	now := time.Now().Unix()
	es, ed, rs := p.private(t, keyring.ES256), p.private(t, keyring.EdDSA), p.private(t, keyring.RS256)
	kidES, kidRS := p.ring.Current(keyring.ES256), p.ring.Current(keyring.RS256)
	der, err := x509.MarshalPKIXPublicKey(rs.Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	header := object{"typ": "JWT", "alg": "ES256", "kid": kidES}
	claims := object{
		"iss": issuer, "sub": "u-1", "preferred_username": "ada", "aud": audience,
		"exp": now + 3600, "iat": now, "nbf": now - 30,
	}
	head := func(changes object) string { return forge(t, header.with(changes), claims, es) }
	claim := func(changes object) string { return forge(t, header, claims.with(changes), es) }
	raw := func(text string) json.RawMessage { return json.RawMessage(text) }

	token := head(nil)
	parts := strings.Split(token, ".")
	signed, signature := parts[0]+"."+parts[1], parts[2]
	return map[string]string{
		"empty":                      "",
		"a word":                     "admin",
		"dots":                       "..",
		"two parts":                  signed,
		"four parts":                 token + ".",
		"huge":                       token + strings.Repeat("A", 1<<20),
		"leading space":              " " + token,
		"trailing space":             token + " ",
		"padding":                    token + "=",
		"tab":                        token[:40] + "\t" + token[40:],
		"NUL":                        token + "\x00",
		"base64 instead of url":      signed + "." + strings.Repeat("+/", 43),
		"header not JSON":            forge(t, raw("{"), claims, es),
		"header a list":              forge(t, raw("[]"), claims, es),
		"header null":                forge(t, raw("null"), claims, es),
		"header a word":              forge(t, raw(`"ES256"`), claims, es),
		"header deep":                forge(t, raw(strings.Repeat("[", 8000)), claims, es),
		"alg none":                   forge(t, header.with(object{"alg": "none"}), claims, nil),
		"alg nOnE":                   forge(t, header.with(object{"alg": "nOnE"}), claims, nil),
		"alg none, signed":           head(object{"alg": "none"}),
		"alg missing":                head(object{"alg": nil}),
		"alg empty":                  head(object{"alg": ""}),
		"alg in lower case":          head(object{"alg": "es256"}),
		"alg a list":                 head(object{"alg": []string{"ES256"}}),
		"alg a number":               head(object{"alg": 0}),
		"alg true":                   head(object{"alg": true}),
		"alg of the language":        head(object{"alg": "constructor"}),
		"alg __proto__":              head(object{"alg": "__proto__"}),
		"PS256":                      head(object{"alg": "PS256", "kid": kidRS}),
		"HS256 with public PEM":      forge(t, header.with(object{"alg": "HS256", "kid": kidRS}), claims, publicPEM),
		"HS256 with public DER":      forge(t, header.with(object{"alg": "HS256", "kid": kidRS}), claims, der),
		"HS256 with empty key":       forge(t, header.with(object{"alg": "HS256"}), claims, []byte{}),
		"RS256 header, EC key":       forge(t, header.with(object{"alg": "RS256"}), claims, rs),
		"ES256 header, RSA key":      head(object{"kid": kidRS}),
		"EdDSA header, EC key":       forge(t, header.with(object{"alg": "EdDSA"}), claims, ed),
		"signature missing":          signed + ".",
		"signature flipped":          tamper(token),
		"signature all zero":         signed + "." + b64.EncodeToString(make([]byte, 64)),
		"signature short":            signed + "." + signature[:40],
		"signature long":             signed + "." + b64.EncodeToString(make([]byte, 65)),
		"signature and a byte more":  signed + "." + b64.EncodeToString(append(unpadded(t, signature), 0)),
		"signature not canonical":    signed + "." + signature[:85] + sibling(signature[85]),
		"signature in DER":           signed + "." + derSignature(t, es.(*ecdsa.PrivateKey), signed),
		"signature of another token": signed + "." + strings.Split(claim(object{"sub": "u-2"}), ".")[2],
		"claims replaced":            parts[0] + "." + strings.Split(claim(object{"sub": "admin"}), ".")[1] + "." + signature,
		"EdDSA signature flipped":    tamper(p.sign(t, keyring.EdDSA)),
		"RS256 signature flipped":    tamper(p.sign(t, keyring.RS256)),
		"foreign key, our kid":       forge(t, header, claims, foreign),
		"kid unknown":                forge(t, header.with(object{"kid": "nobody"}), claims, foreign),
		"kid missing":                head(object{"kid": nil}),
		"kid empty":                  head(object{"kid": ""}),
		"kid a number":               head(object{"kid": 0}),
		"kid a list":                 head(object{"kid": []string{kidES}}),
		"kid a path":                 forge(t, header.with(object{"kid": "../../../../../dev/null"}), claims, []byte{}),
		"kid a path to our key":      head(object{"kid": "../" + kidES}),
		"kid with SQL":               head(object{"kid": kidES + "' OR '1'='1"}),
		"kid __proto__":              head(object{"kid": "__proto__"}),
		"kid an address":             forge(t, header.with(object{"kid": attacker}), claims, foreign),
		"jku of the attacker":        forge(t, header.with(object{"kid": "theirs", "jku": attacker}), claims, foreign),
		"jku with our kid":           forge(t, header.with(object{"jku": attacker}), claims, foreign),
		"x5u of the attacker":        forge(t, header.with(object{"kid": "theirs", "x5u": attacker}), claims, foreign),
		"jwk embedded":               forge(t, header.with(object{"jwk": embedded(foreign)}), claims, foreign),
		"crit that nobody knows":     head(object{"crit": []string{"exp"}}),
		"typ missing":                head(object{"typ": nil}),
		"typ of a logout token":      head(object{"typ": "logout+jwt"}),
		"exp missing":                claim(object{"exp": nil}),
		"exp past":                   claim(object{"exp": now - 1}),
		"exp zero":                   claim(object{"exp": 0}),
		"exp true":                   claim(object{"exp": true}),
		"exp text":                   claim(object{"exp": "9999999999"}),
		"exp a list":                 claim(object{"exp": []int64{now + 60}}),
		"nbf missing":                claim(object{"nbf": nil}),
		"nbf in the future":          claim(object{"nbf": now + 3000}),
		"aud of another app":         claim(object{"aud": "tickets"}),
		"aud missing":                claim(object{"aud": nil}),
		"aud a list with ours":       claim(object{"aud": []string{audience, "tickets"}}),
		"aud true":                   claim(object{"aud": true}),
		"aud zero":                   claim(object{"aud": 0}),
		"aud in upper case":          claim(object{"aud": "WIKI"}),
		"aud a prefix":               claim(object{"aud": "wiki2"}),
		"iss of another portal":      claim(object{"iss": issuer + ".evil"}),
		"iss with a slash":           claim(object{"iss": issuer + "/"}),
		"iss missing":                claim(object{"iss": nil}),
		"sub missing":                claim(object{"sub": nil}),
		"sub empty":                  claim(object{"sub": ""}),
		"sub a number":               claim(object{"sub": 1}),
		"claims null":                forge(t, header, raw("null"), es),
		"claims a list":              forge(t, header, raw("[]"), es),
		"claims a word":              forge(t, header, raw(`"u-1"`), es),
		"claims not JSON":            forge(t, header, raw("\xff"), es),
		"claims deep":                forge(t, header, raw(strings.Repeat(`{"a":`, 2000)), es),
	}
}

// unpadded decodes a part of a token.
func unpadded(t *testing.T, part string) []byte {
	t.Helper()
	data, err := b64.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// derSignature signs as openssl would: right, but not in the form of a JWS.
func derSignature(t *testing.T, private *ecdsa.PrivateKey, text string) string {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	signature, err := ecdsa.SignASN1(rand.Reader, private, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return b64.EncodeToString(signature)
}

// embedded returns a public key as a token could bring it along.
func embedded(private *ecdsa.PrivateKey) object {
	point, _ := private.PublicKey.Bytes()
	return object{"kty": "EC", "crv": "P-256", "alg": "ES256", "x": b64.EncodeToString(point[1:33]), "y": b64.EncodeToString(point[33:])}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// sibling returns another last character that decodes to the same bytes.
func sibling(c byte) string { return string(alphabet[strings.IndexByte(alphabet, c)^1]) }

// tamper changes a character in the middle of a token's signature.
func tamper(token string) string {
	at := strings.LastIndexByte(token, '.') + 20
	other := alphabet[(strings.IndexByte(alphabet, token[at])+1)%len(alphabet)]
	return token[:at] + string(other) + token[at+1:]
}

// Keys rotate under a running verifier: the key that was published next needs no
// fetch; a key that nobody has announced is found by one, not more often than
// the floor allows; and a key that has left the JWKS counts no more after it.
func followsRotation(t *testing.T, v verifytest.Verifier) {
	p := newPortal(t)
	slow, quick := v.Start(t, p.trust()), v.Start(t, p.trust(), "--floor", "1")
	first := p.sign(t, keyring.ES256)
	for _, process := range []*verifytest.Process{slow, quick} {
		if answer := process.Ask(first); answer != good {
			t.Fatal(answer)
		}
	}
	if err := p.ring.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.fetches.Store(0)
	if answer := slow.Ask(p.sign(t, keyring.ES256)); answer != good || p.fetches.Load() != 0 {
		t.Errorf("after a rotation: %s, %d fetches", answer, p.fetches.Load())
	}
	p.rotate(t)
	second := p.sign(t, keyring.ES256)
	for range 100 {
		if answer := slow.Ask(second); !strings.HasPrefix(answer, "refused: ") {
			t.Fatalf("a key that was never fetched: %s", answer)
		}
	}
	if n := p.fetches.Load(); n != 0 {
		t.Errorf("%d fetches within the floor", n)
	}
	quick.AskUntil(second, isGood)
	if answer := quick.Ask(first); answer != good {
		t.Errorf("a retired key in its grace: %s", answer)
	}
	if _, err := p.ring.Maintain(t.Context(), time.Now().Add(3*time.Hour)); err != nil {
		t.Fatal(err)
	}
	p.rotate(t)
	quick.AskUntil(p.sign(t, keyring.ES256), isGood)
	if answer := quick.Ask(first); !strings.HasPrefix(answer, "refused: ") {
		t.Errorf("a retired key after its grace: %s", answer)
	}
}

// While the portal is away a verifier goes on with the keys that it has; one
// that has none refuses, and finds them when the portal is back.
func outlivesPortal(t *testing.T, v verifytest.Verifier) {
	p := newPortal(t)
	token := p.sign(t, keyring.ES256)
	var away atomic.Bool
	handler := p.Config.Handler
	p.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if away.Load() {
			http.Error(w, "{}", http.StatusBadGateway)
			return
		}
		handler.ServeHTTP(w, r)
	})
	before := v.Start(t, p.trust(), "--floor", "1")
	if answer := before.Ask(token); answer != good {
		t.Fatal(answer)
	}
	away.Store(true)
	if answer := before.Ask(token); answer != good {
		t.Errorf("with the keys at hand: %s", answer)
	}
	after := v.Start(t, p.trust(), "--floor", "1")
	if answer := after.Ask(token); !strings.HasPrefix(answer, "refused: ") {
		t.Errorf("without any keys: %s", answer)
	}
	away.Store(false)
	after.AskUntil(token, isGood)
}

// PHP forgets everything between two requests, so its keys are kept in a file:
// the second process fetches nothing, and a broken file is no key.
func keepsKeysInFile(t *testing.T, v verifytest.Verifier) {
	p := newPortal(t)
	file := filepath.Join(t.TempDir(), "keys.json")
	for range 2 {
		if answer := v.Start(t, p.trust(), "--cache", file).Ask(p.sign(t, keyring.ES256)); answer != good {
			t.Fatal(answer)
		}
	}
	if n := p.fetches.Load(); n != 1 {
		t.Errorf("the keys were fetched %d times, want once", n)
	}
	if err := os.WriteFile(file, []byte(`{"fetched":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if answer := v.Start(t, p.trust(), "--cache", file).Ask(p.sign(t, keyring.ES256)); answer != good {
		t.Errorf("after the file was cut: %s", answer)
	}
}

// Go's base64 passes over line ends, which would give one token many texts.
func TestGoRefusesBrokenLines(t *testing.T) {
	p := newPortal(t)
	v := gatehouse.Verifier{JWKS: p.URL, Issuer: issuer, Audience: audience}
	token := p.sign(t, keyring.ES256)
	if _, err := v.Verify(t.Context(), token); err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{token + "\n", token[:50] + "\r\n" + token[50:]} {
		if _, err := v.Verify(t.Context(), broken); err == nil {
			t.Errorf("accepted %q", broken)
		}
	}
}
