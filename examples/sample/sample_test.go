// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package sample_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/gatehouse-sso/gatehouse/examples/sample"
)

// portal publishes one key and signs with it.
type portal struct {
	*httptest.Server
	key *ecdsa.PrivateKey
}

func newPortal(t *testing.T) *portal {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	point, err := key.PublicKey.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	text := base64.RawURLEncoding.EncodeToString
	p := &portal{key: key}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/.well-known/jwks.json" {
			fmt.Fprintf(w, `{"keys":[{"kty":"EC","crv":"P-256","alg":"ES256","use":"sig","kid":"k","x":%q,"y":%q}]}`, text(point[1:33]), text(point[33:]))
		}
	}))
	t.Cleanup(p.Close)
	return p
}

// sign returns an assertion for an app.
func (p *portal) sign(t *testing.T, audience string) string {
	t.Helper()
	text := base64.RawURLEncoding.EncodeToString
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"iss": p.URL, "aud": audience, "sub": "u1", "preferred_username": "ada", "exp": now + 60, "iat": now, "nbf": now - 30, "groups": []string{"staff"},
	})
	if err != nil {
		t.Fatal(err)
	}
	signed := text([]byte(`{"alg":"ES256","kid":"k","typ":"JWT"}`)) + "." + text(claims)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, p.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + text(append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...))
}

// ask sends a request to the sample app as it would arrive at a local address.
func ask(t *testing.T, p *portal, local, accept string, headers map[string]string) (int, string) {
	t.Helper()
	s := &sample.Sample{Name: "wiki", Portal: p.URL}
	if err := s.Provision(caddy.Context{}); err != nil {
		t.Fatal(err)
	}
	address, err := net.ResolveTCPAddr("tcp", local)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodGet, "/page?a=b", nil)
	r.RemoteAddr = "127.0.0.1:40000"
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, address))
	r.Header.Set("Accept", accept)
	for name, value := range headers {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	if err := s.ServeHTTP(w, r, nil); err != nil {
		return http.StatusForbidden, err.Error()
	}
	return w.Code, w.Body.String()
}

// A genuine assertion for this app is verified; nothing else is, however it looks.
func TestVerdict(t *testing.T) {
	p := newPortal(t)
	stranger := newPortal(t)
	good := p.sign(t, "wiki")
	for name, c := range map[string]struct {
		token string
		want  bool
	}{
		"genuine":           {good, true},
		"for another app":   {p.sign(t, "tickets"), false},
		"another portal":    {stranger.sign(t, "wiki"), false},
		"changed signature": {good[:len(good)-8] + "AAAAAAAA", false},
		"no assertion":      {"", false},
		"not a token":       {"a.b", false},
	} {
		t.Run(name, func(t *testing.T) {
			_, body := ask(t, p, "127.0.0.1:8081", "application/json", map[string]string{"X-Gatehouse-Jwt": c.token, "Remote-User": "ada"})
			var got struct {
				User     string
				Verified bool
				Problem  string
			}
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatal(err)
			}
			if got.Verified != c.want || got.Verified == (got.Problem != "") || got.User != "ada" {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// The page shows the person and the claims.
func TestPage(t *testing.T) {
	p := newPortal(t)
	code, body := ask(t, p, "[::1]:8081", "text/html", map[string]string{"X-Gatehouse-Jwt": p.sign(t, "wiki"), "Remote-User": "ada"})
	for _, want := range []string{"Hello ada", "Verified.", "preferred_username", "/.gatehouse/logout", "Remote-User", "/page?a=b"} {
		if code != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("%d: no %q in the page:\n%s", code, want, body)
		}
	}
}

// Attack: a name or a claim that is markup.
func TestPageEscapes(t *testing.T) {
	const markup = `<img src=x onerror=alert(1)>`
	text := base64.RawURLEncoding.EncodeToString
	_, body := ask(t, newPortal(t), "127.0.0.1:8081", "text/html", map[string]string{
		"Remote-User":     markup,
		"X-Gatehouse-Jwt": text([]byte(`{"alg":"none"}`)) + "." + text([]byte(`{"`+markup+`":"`+markup+`"}`)) + ".",
	})
	if strings.Contains(body, "<img") || !strings.Contains(body, "Not verified.") {
		t.Errorf("markup arrived in the page:\n%s", body)
	}
}

// Attack 34: the app is reached around the gate, from another machine.
func TestRefusedOffLoopback(t *testing.T) {
	if code, body := ask(t, newPortal(t), "192.0.2.7:8081", "text/html", map[string]string{"Remote-User": "admin"}); code != http.StatusForbidden || !strings.Contains(body, "bind 127.0.0.1") {
		t.Errorf("got %d %s", code, body)
	}
}
