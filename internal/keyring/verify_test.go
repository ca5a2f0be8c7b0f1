// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/store/memstore"
)

var b64 = base64.RawURLEncoding

// every names the algorithms that a careless app might allow.
var every = []keyring.Algorithm{keyring.ES256, keyring.EdDSA, keyring.RS256}

func cutLast(token string) (signed, signature string, ok bool) {
	i := strings.LastIndexByte(token, '.')
	return token[:max(i, 0)], token[i+1:], i >= 0
}

// sign makes a signature as RFC 7518 section 3 says, independently of the ring.
func sign(t testing.TB, private any, text string) []byte {
	t.Helper()
	sum := sha256.Sum256([]byte(text))
	switch k := private.(type) {
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case ed25519.PrivateKey:
		return ed25519.Sign(k, []byte(text))
	case *rsa.PrivateKey:
		signature, err := rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		return signature
	case []byte:
		mac := hmac.New(sha256.New, k)
		mac.Write([]byte(text))
		return mac.Sum(nil)
	}
	return nil
}

// forge writes a token of any header and claims, signed with any key.
func forge(t testing.TB, header, body map[string]any, private any) string {
	t.Helper()
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	b, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	text := b64.EncodeToString(h) + "." + b64.EncodeToString(b)
	return text + "." + b64.EncodeToString(sign(t, private, text))
}

// privateKeys reads the ring's own keys out of the store, to sign with them
// what the ring would not.
func privateKeys(t testing.TB, s store.Store) map[string]crypto.Signer {
	t.Helper()
	document, err := s.Document(t.Context(), keyring.Document)
	if err != nil {
		t.Fatal(err)
	}
	var ring struct {
		Algorithms map[string]struct {
			Current struct {
				KID   string
				PKCS8 []byte
			}
		}
	}
	if err := json.Unmarshal(document.Data, &ring); err != nil {
		t.Fatal(err)
	}
	keys := make(map[string]crypto.Signer)
	for _, family := range ring.Algorithms {
		private, err := x509.ParsePKCS8PrivateKey(family.Current.PKCS8)
		if err != nil {
			t.Fatal(err)
		}
		keys[family.Current.KID] = private.(crypto.Signer)
	}
	return keys
}

// with returns a copy of a map with some entries set, or removed when nil.
func with(m map[string]any, changes map[string]any) map[string]any {
	m = maps.Clone(m)
	for name, value := range changes {
		if value == nil {
			delete(m, name)
		} else {
			m[name] = value
		}
	}
	return m
}

// What the ring signs it verifies, in every algorithm, and nothing is lost.
func TestVerifyRoundTrip(t *testing.T) {
	r := open(t, memstore.New())
	if err := r.Ensure(t.Context(), keyring.RS256); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for _, alg := range every {
		token, _, err := r.Sign(keyring.Signer{Algorithm: alg}, claims(), now, time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		got, err := r.Verify(token, issuer, audience, []keyring.Algorithm{alg}, now)
		if err != nil {
			t.Fatalf("%s: %v", alg, err)
		}
		if diff := cmp.Diff(claims(), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", alg, diff)
		}
	}
}

// Threat 32 and its siblings (RFC 8725). Where it makes the attack stronger the
// token is signed with the ring's own key.
func TestVerifyRefuses(t *testing.T) {
	s := memstore.New()
	r := open(t, s)
	if err := r.Ensure(t.Context(), keyring.RS256); err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	own := privateKeys(t, s)
	es, ed, rs := r.Current(keyring.ES256), r.Current(keyring.EdDSA), r.Current(keyring.RS256)
	foreign, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(own[rs].Public())
	if err != nil {
		t.Fatal(err)
	}
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})

	header := map[string]any{"typ": "JWT", "alg": "ES256", "kid": es}
	body := map[string]any{
		"iss": issuer, "sub": "u-1", "aud": audience,
		"exp": now.Unix() + 60, "iat": now.Unix(), "nbf": now.Unix() - 30,
	}
	head := func(changes map[string]any) string { return forge(t, with(header, changes), body, own[es]) }
	claim := func(changes map[string]any) string { return forge(t, header, with(body, changes), own[es]) }
	type change = map[string]any

	good := head(nil)
	if _, err := r.Verify(good, issuer, audience, every, now); err != nil {
		t.Fatalf("the token that all others are made from: %v", err)
	}
	signed, signature, _ := cutLast(good)
	flipped := []byte(signature)
	flipped[10] ^= 1
	forgedBody := b64.EncodeToString([]byte(`{"sub":"admin"}`))

	for name, token := range map[string]string{
		"empty":                       "",
		"dots":                        "..",
		"one part":                    strings.Split(good, ".")[0],
		"four parts":                  good + ".",
		"nested":                      good + "." + good,
		"huge":                        good + strings.Repeat("A", 1<<20),
		"space":                       " " + good,
		"newline":                     good + "\n",
		"newline inside":              good[:len(good)-9] + "\r\n" + good[len(good)-9:],
		"padding":                     good + "==",
		"alg none":                    forge(t, with(header, change{"alg": "none"}), body, nil),
		"alg None":                    forge(t, with(header, change{"alg": "None"}), body, nil),
		"alg none, signed":            head(change{"alg": "none"}),
		"alg empty":                   head(change{"alg": ""}),
		"alg missing":                 head(change{"alg": nil}),
		"alg in lower case":           head(change{"alg": "es256"}),
		"alg a list":                  head(change{"alg": []string{"ES256"}}),
		"HS256 with public PEM":       forge(t, with(header, change{"alg": "HS256", "kid": rs}), body, publicPEM),
		"HS256 with public DER":       forge(t, with(header, change{"alg": "HS256", "kid": rs}), body, der),
		"HS256 with empty key":        forge(t, with(header, change{"alg": "HS256"}), body, []byte{}),
		"RS256 header, EC key":        forge(t, with(header, change{"alg": "RS256"}), body, own[rs]),
		"ES256 header, RSA key":       forge(t, with(header, change{"kid": rs}), body, own[rs]),
		"EdDSA header, EC key":        forge(t, with(header, change{"alg": "EdDSA"}), body, own[ed]),
		"PS256":                       head(change{"alg": "PS256", "kid": rs}),
		"signature stripped":          signed + ".",
		"signature of another token":  strings.Split(claim(change{"sub": "u-2"}), ".")[0] + "." + strings.Split(claim(change{"sub": "u-2"}), ".")[1] + "." + signature,
		"signature flipped":           signed + "." + string(flipped),
		"signature all zero":          signed + "." + b64.EncodeToString(make([]byte, 64)),
		"signature short":             signed + "." + signature[:40],
		"signature not canonical":     signed + "." + signature[:len(signature)-1] + sibling(signature[len(signature)-1]),
		"body replaced":               strings.Split(good, ".")[0] + "." + forgedBody + "." + signature,
		"foreign key, our kid":        forge(t, header, body, foreign),
		"kid unknown":                 forge(t, with(header, change{"kid": "nobody"}), body, foreign),
		"kid missing":                 head(change{"kid": nil}),
		"kid empty":                   head(change{"kid": ""}),
		"kid a number":                head(change{"kid": 1}),
		"kid a path":                  forge(t, with(header, change{"kid": "../../../../dev/null"}), body, []byte{}),
		"kid a path to our key":       head(change{"kid": "../" + es}),
		"kid with SQL":                head(change{"kid": es + "' OR '1'='1"}),
		"jku of the attacker":         forge(t, with(header, change{"jku": "https://evil.example/jwks.json"}), body, foreign),
		"jku beside our key":          head(change{"jku": "https://evil.example/jwks.json"}),
		"x5u beside our key":          head(change{"x5u": "https://evil.example/x"}),
		"jwk embedded":                forge(t, with(header, change{"jwk": change{"kty": "EC"}}), body, foreign),
		"crit that nobody knows":      head(change{"crit": []string{"exp"}}),
		"b64 false":                   head(change{"crit": []string{"b64"}, "b64": false}),
		"typ missing":                 head(change{"typ": nil}),
		"typ of a logout token":       head(change{"typ": "logout+jwt"}),
		"exp missing":                 claim(change{"exp": nil}),
		"exp zero":                    claim(change{"exp": 0}),
		"exp now":                     claim(change{"exp": now.Unix()}),
		"exp past":                    claim(change{"exp": now.Unix() - 1}),
		"exp negative":                claim(change{"exp": -1}),
		"exp text":                    claim(change{"exp": "9999999999"}),
		"exp beyond numbers":          claim(change{"exp": 1e300}),
		"nbf missing":                 claim(change{"nbf": nil}),
		"nbf in the future":           claim(change{"nbf": now.Unix() + 5}),
		"aud of another app":          claim(change{"aud": "tickets"}),
		"aud missing":                 claim(change{"aud": nil}),
		"aud empty":                   claim(change{"aud": ""}),
		"aud a list with ours":        claim(change{"aud": []string{audience, "tickets"}}),
		"aud a prefix":                claim(change{"aud": audience + "2"}),
		"aud in upper case":           claim(change{"aud": strings.ToUpper(audience)}),
		"iss of another portal":       claim(change{"iss": "https://login.example.com.evil"}),
		"iss with a slash":            claim(change{"iss": issuer + "/"}),
		"iss missing":                 claim(change{"iss": nil}),
		"sub missing":                 claim(change{"sub": nil}),
		"body a list":                 forgeRaw(t, header, `[]`, own[es]),
		"body null":                   forgeRaw(t, header, `null`, own[es]),
		"body with something after":   forgeRaw(t, header, `{} {}`, own[es]),
		"body not UTF-8 and not JSON": forgeRaw(t, header, "\xff\x00", own[es]),
	} {
		got, err := r.Verify(token, issuer, audience, every, now)
		if err == nil {
			t.Errorf("%s: accepted as %+v", name, got)
			continue
		}
		if !cmp.Equal(got, keyring.Claims{}) {
			t.Errorf("%s: refused, and claims returned", name)
		}
		if len(signature) > 0 && strings.Contains(err.Error(), signature[:20]) {
			t.Errorf("%s: the error quotes the token: %v", name, err)
		}
	}

	for name, call := range map[string]func() (keyring.Claims, error){
		"no algorithm allowed": func() (keyring.Claims, error) { return r.Verify(good, issuer, audience, nil, now) },
		"only another allowed": func() (keyring.Claims, error) { return r.Verify(good, issuer, audience, every[1:], now) },
		"HS256 allowed": func() (keyring.Claims, error) {
			return r.Verify(good, issuer, audience, append(every, keyring.HS256), now)
		},
		"none allowed":           func() (keyring.Claims, error) { return r.Verify(good, issuer, audience, append(every, "none"), now) },
		"no issuer to compare":   func() (keyring.Claims, error) { return r.Verify(good, "", audience, every, now) },
		"no audience to compare": func() (keyring.Claims, error) { return r.Verify(good, issuer, "", every, now) },
	} {
		if _, err := call(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// forgeRaw is forge with a body that no map writes.
func forgeRaw(t testing.TB, header map[string]any, body string, private any) string {
	t.Helper()
	h, err := json.Marshal(header)
	if err != nil {
		t.Fatal(err)
	}
	text := b64.EncodeToString(h) + "." + b64.EncodeToString([]byte(body))
	return text + "." + b64.EncodeToString(sign(t, private, text))
}

// sibling returns another last character of a 64 byte signature that decodes to
// the same bytes: two texts of one token would slip through a list of used ones.
func sibling(c byte) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(alphabet[strings.IndexByte(alphabet, c)^1])
}

// A retired key is refused after its grace (threat 32), to the moment, even on
// a node where nobody has dropped it yet; before, its tokens are good.
func TestVerifyRetiredKey(t *testing.T) {
	s := memstore.New()
	r := open(t, s)
	es, private := r.Current(keyring.ES256), privateKeys(t, s)
	if err := r.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
	var leaves time.Time
	for _, k := range r.Keys() {
		if k.KID == es {
			leaves = k.LeavesAt
		}
	}
	for at, accepted := range map[time.Time]bool{leaves.Add(-time.Second): true, leaves: false, leaves.Add(time.Hour): false} {
		token := forge(t, map[string]any{"typ": "JWT", "alg": "ES256", "kid": es}, map[string]any{
			"iss": issuer, "sub": "u-1", "aud": audience, "exp": at.Unix() + 60, "nbf": at.Unix() - 30,
		}, private[es])
		if _, err := r.Verify(token, issuer, audience, every, at); (err == nil) != accepted {
			t.Errorf("%s after the key left: %v, want accepted %v", at.Sub(leaves), err, accepted)
		}
	}
}

// Whatever a client sends: no panic, and nothing is accepted that differs from a
// token that was signed.
func FuzzVerify(f *testing.F) {
	s := memstore.New()
	r := open(f, s)
	now := time.Now()
	token, _, err := r.Sign(keyring.Signer{Algorithm: keyring.ES256}, claims(), now, time.Minute)
	if err != nil {
		f.Fatal(err)
	}
	es := r.Current(keyring.ES256)
	own := privateKeys(f, s)[es]
	for _, seed := range []string{"", "..", token, token + "=", "e30.e30.", "bnVsbA.bnVsbA.bnVsbA", strings.Replace(token, ".", "..", 1)} {
		f.Add(seed, `{"exp":1e308,"nbf":-1}`)
	}
	f.Add(token, `{"iss":"https://login.example.com","sub":"x","aud":["wiki"],"exp":9223372036854775807,"nbf":1}`)
	f.Fuzz(func(t *testing.T, text, body string) {
		if _, err := r.Verify(text, issuer, audience, every, now); err == nil && text != token {
			t.Errorf("accepted %q", text)
		}
		// A signed body of any content reaches the claims' own checks.
		signed := forgeRaw(t, map[string]any{"typ": "JWT", "alg": "ES256", "kid": es}, body, own)
		if c, err := r.Verify(signed, issuer, audience, every, now); err == nil && (c.Issuer != issuer || c.Audience != audience || c.Subject == "") {
			t.Errorf("accepted %q as %+v", body, c)
		}
	})
}
