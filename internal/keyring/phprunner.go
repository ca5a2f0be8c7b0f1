// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"
)

// PHPRunnerLifetime is how long a token for an app made with PHPRunner is good.
const PHPRunnerLifetime = 30 * time.Second

// PHPRunnerClaims is what such an app is told: its "session keys" let one project sign
// people in to another that holds the same key.
type PHPRunnerClaims struct {
	// Username is the person's name in the app.
	Username string
	// Host is the app's own host, with a port when its address has one.
	Host string
	// Origin is the address of who signs.
	Origin string
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

// IsPHPRunner reports whether a text is a token by which an app made with PHPRunner
// might sign somebody in: one of the keys has signed it, at whatever time and for
// whomever, or it says of itself that it is one.
func IsPHPRunner(text string, keys ...[]byte) bool {
	at := strings.LastIndexByte(text, '.')
	if at < 0 {
		return false
	}
	for _, key := range keys {
		if hmac.Equal([]byte(text[at+1:]), []byte(phpRunnerSignature(key, text[:at]))) {
			return true
		}
	}
	_, payload, _ := strings.Cut(text[:at], ".")
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
