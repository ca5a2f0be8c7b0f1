// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

const (
	// PHPRunnerLifetime is how long a token for an app made with PHPRunner is good.
	PHPRunnerLifetime = 30 * time.Second
	// PHPRunnerAhead is how far ahead of the clock a token may end that such an app has
	// made. Its clock may differ; what is good for longer was not made to be used now.
	PHPRunnerAhead = time.Minute
	// maxPHPRunner bounds what is looked at, in bytes.
	maxPHPRunner = 4 << 10
)

// Errors of ReadPHPRunner, apart from those that say what is wrong with the claims.
var (
	// ErrPHPRunnerForeign means that none of the keys has signed the text.
	ErrPHPRunnerForeign = errors.New("token is signed with no key that counts")
	// ErrPHPRunnerOver means that the token was good once.
	ErrPHPRunnerOver = errors.New("token has expired")
)

// PHPRunnerClaims is what such an app is told: its "session keys" let one project sign
// people in to another that holds the same key.
type PHPRunnerClaims struct {
	// Username is the person's name in the app.
	Username string
	// Host is the app's own host, with a port when its address has one.
	Host string
	// Origin is the address of who signs.
	Origin string
	// Expires is when the token ends. It is not needed to sign one.
	Expires time.Time
}

// phpRunner is the claim set as it is written.
type phpRunner struct {
	Username string `json:"username"`
	Host     string `json:"host"`
	External bool   `json:"external"`
	Origin   string `json:"origin"`
	Expires  int64  `json:"exp"`
}

// phpRunnerHeader is compared as text by the apps.
const phpRunnerHeader = `{"typ":"JWT","alg":"HS256"}`

// SignPHPRunner returns a token for an app made with PHPRunner that is good for
// [PHPRunnerLifetime] after now. The key is the app's own, of any length since the
// generated ones have 20 bytes, and must never sign anything else.
func SignPHPRunner(key []byte, c PHPRunnerClaims, now time.Time) (string, error) {
	if len(key) == 0 || c.Username == "" || c.Host == "" {
		return "", errors.New("a token for PHPRunner needs a key, a user name and a host")
	}
	claims, err := json.Marshal(phpRunner{c.Username, c.Host, true, c.Origin, now.Add(PHPRunnerLifetime).Unix()})
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString([]byte(phpRunnerHeader)) + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + phpRunnerSignature(key, text), nil
}

// ReadPHPRunner returns what a token says that an app made with PHPRunner has signed with
// one of the keys, for the host and good at now: with no leeway, and for no longer than
// [PHPRunnerAhead]. One that remembers somebody (`checksum`) is no login. Its header and
// its signature are compared as text, as the apps do; what else it claims is ignored.
func ReadPHPRunner(token string, keys [][]byte, host string, now time.Time) (PHPRunnerClaims, error) {
	if len(token) > maxPHPRunner || !SignedPHPRunner(token, keys...) {
		return PHPRunnerClaims{}, ErrPHPRunnerForeign
	}
	header, payload, _ := strings.Cut(token[:strings.LastIndexByte(token, '.')], ".")
	if header != base64.RawURLEncoding.EncodeToString([]byte(phpRunnerHeader)) {
		return PHPRunnerClaims{}, errors.New("token has another header than such apps write")
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(payload)
	if err != nil {
		return PHPRunnerClaims{}, errors.New("token cannot be read")
	}
	// Not into a struct, whose fields would also take names in another case.
	var says map[string]json.RawMessage
	if err := json.Unmarshal(data, &says); err != nil {
		return PHPRunnerClaims{}, errors.New("token cannot be read")
	}
	return readPHPRunner(says, host, now)
}

// SignedPHPRunner reports whether one of the keys has signed a text, whatever it says.
func SignedPHPRunner(text string, keys ...[]byte) bool {
	at := strings.LastIndexByte(text, '.')
	signed := false
	for _, key := range keys {
		signed = at >= 0 && hmac.Equal([]byte(text[at+1:]), []byte(phpRunnerSignature(key, text[:at]))) || signed
	}
	return signed
}

// readPHPRunner checks the claims. Its errors name the claim and nothing that is in it.
func readPHPRunner(says map[string]json.RawMessage, host string, now time.Time) (c PHPRunnerClaims, err error) {
	var external bool
	var expires int64
	for _, claim := range []struct {
		name     string
		into     any
		optional bool
	}{
		{"external", &external, false}, {"host", &c.Host, false}, {"username", &c.Username, false},
		{"exp", &expires, false}, {"origin", &c.Origin, true},
	} {
		raw, there := says[claim.name]
		if !there && claim.optional {
			continue
		}
		if !there || string(raw) == "null" || json.Unmarshal(raw, claim.into) != nil {
			return PHPRunnerClaims{}, fmt.Errorf("token has no %s that counts", claim.name)
		}
	}
	_, remembers := says["checksum"]
	c.Expires = time.Unix(expires, 0)
	switch {
	case remembers:
		return PHPRunnerClaims{}, errors.New("token remembers somebody (checksum), and signs nobody in")
	case !external:
		return PHPRunnerClaims{}, errors.New("token has no external that counts")
	case c.Username == "":
		return PHPRunnerClaims{}, errors.New("token has no username that counts")
	case !strings.EqualFold(c.Host, host):
		return PHPRunnerClaims{}, errors.New("token is for another host")
	case !now.Before(c.Expires):
		return PHPRunnerClaims{}, ErrPHPRunnerOver
	case c.Expires.Sub(now) > PHPRunnerAhead:
		return PHPRunnerClaims{}, fmt.Errorf("token is good for more than %v", PHPRunnerAhead)
	}
	return c, nil
}

// IsPHPRunner reports whether a text is a token by which an app made with PHPRunner
// might sign somebody in: one of the keys has signed it, at whatever time and for
// whomever, or it says of itself that it is one.
func IsPHPRunner(text string, keys ...[]byte) bool {
	if SignedPHPRunner(text, keys...) {
		return true
	}
	_, payload, _ := strings.Cut(text[:max(strings.LastIndexByte(text, '.'), 0)], ".")
	data, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(payload, "="))
	var says struct {
		External any `json:"external"`
	}
	return err == nil && json.Unmarshal(data, &says) == nil && says.External != nil
}

// phpRunnerSignature is the signature as text, which is how the apps compare it.
func phpRunnerSignature(key []byte, text string) string {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
