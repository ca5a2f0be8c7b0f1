// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package keyring

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

// knownRunner is a token that such an app has made, with PHP's escaped slashes.
const (
	runnerKey   = "0123456789abcdefghij"
	knownRunner = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9." +
		"eyJ1c2VybmFtZSI6Impkb2UiLCJob3N0IjoiYXBwMi5leGFtcGxlLmNvbSIsImV4dGVybmFsIjp0cnVlLCJvcmlnaW4iOiJodHRwczpcL1wvYXBwMS5leGFtcGxlLmNvbVwvIiwiZXhwIjoxOTAwMDAwMDAwfQ." +
		"ZghWocgBfyOSrNqNXKYhWhQYun3pVS8DA3xOGvN3Nc4"
)

// TestPHPRunnerKnownAnswer: the same text gets the same signature as in such an app,
// with the key as raw bytes, and the header is the same to the letter.
func TestPHPRunnerKnownAnswer(t *testing.T) {
	at := strings.LastIndexByte(knownRunner, '.')
	if got := phpRunnerSignature([]byte(runnerKey), knownRunner[:at]); got != knownRunner[at+1:] {
		t.Errorf("got %s, want %s", got, knownRunner[at+1:])
	}
	token, err := SignPHPRunner([]byte(runnerKey), PHPRunnerClaims{Username: "jdoe", Host: "app2.example.com", Origin: "https://app1.example.com/"}, time.Unix(1899999970, 0))
	if err != nil {
		t.Fatal(err)
	}
	parts, known := strings.Split(token, "."), strings.Split(knownRunner, ".")
	payload, _ := base64.RawURLEncoding.DecodeString(parts[1])
	escaped, _ := base64.RawURLEncoding.DecodeString(known[1])
	if parts[0] != known[0] || string(payload) != strings.ReplaceAll(string(escaped), `\/`, "/") {
		t.Errorf("got %s.%s", parts[0], payload)
	}
}

// TestPHPRunnerTokensAreKnown: what could sign somebody in is known for what it is,
// whichever key is in use; anything else that is called a token is left alone.
func TestPHPRunnerTokensAreKnown(t *testing.T) {
	encode := base64.RawURLEncoding.EncodeToString
	remember := encode([]byte(phpRunnerHeader)) + "." + encode([]byte(`{"username":"a","checksum":"x"}`))
	foreign := "a." + encode([]byte(`{"external":true}`)) + ".b"
	for token, want := range map[string]bool{
		knownRunner: true,
		remember + "." + phpRunnerSignature([]byte("old"), remember):   true,
		remember + "." + phpRunnerSignature([]byte("other"), remember): false,
		foreign: true, "": false, "a.b.c": false, "reset-1234": false, "..": false, "v1.2": false,
	} {
		if got := IsPHPRunner(token, []byte(runnerKey), []byte("old")); got != want {
			t.Errorf("%s: %v", token, got)
		}
	}
}

// TestPHPRunnerTokensAreRead: what the gateway takes for an app's word, and everything
// that it does not: each line is a token that somebody could hope to get in with.
func TestPHPRunnerTokensAreRead(t *testing.T) {
	const (
		host   = "login.example.com:8443"
		header = phpRunnerHeader
		claims = `{"username":"jdoe","host":"login.example.com:8443","external":true,"origin":"https:\/\/app.example.com\/","exp":1900000000}`
	)
	now := time.Unix(1899999970, 0)
	keys := [][]byte{[]byte(runnerKey), []byte("the old key of the app")}
	sign := func(key, header, claims string) string {
		text := base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + base64.RawURLEncoding.EncodeToString([]byte(claims))
		return text + "." + phpRunnerSignature([]byte(key), text)
	}
	with := func(old, fresh string) string {
		if !strings.Contains(claims, old) {
			t.Fatalf("no %s", old)
		}
		return sign(runnerKey, header, strings.Replace(claims, old, fresh, 1))
	}
	good := sign(runnerKey, header, claims)
	if c, err := ReadPHPRunner(knownRunner, keys, "app2.example.com", now); err != nil || c.Username != "jdoe" || c.Origin != "https://app1.example.com/" {
		t.Errorf("the known answer: %+v, %v", c, err)
	}
	for what, token := range map[string]string{
		"good": good, "by the old key": sign("the old key of the app", header, claims),
		"the host in another case": with("login.example", "LOGIN.Example"),
		"more claims":              with("{", `{"more":[1],"2f":true,`),
		"a minute ahead":           with("1900000000", "1900000030"),
		"without an origin":        with(`"origin":"https:\/\/app.example.com\/",`, ""),
	} {
		c, err := ReadPHPRunner(token, keys, host, now)
		if err != nil || c.Username != "jdoe" || c.Expires.Before(now) {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
	for what, token := range map[string]string{
		"another key":               sign("another key of 20 b.", header, claims),
		"no key":                    sign("", header, claims),
		"nothing":                   "",
		"dots":                      "..",
		"no signature":              good[:strings.LastIndexByte(good, '.')+1],
		"a padded signature":        good + "=",
		"a signature in other text": knownRunner[:len(knownRunner)-1] + "5",
		"a fourth part":             "x." + good,
		"another header":            sign(runnerKey, `{"alg":"HS256","typ":"JWT"}`, claims),
		"alg none":                  sign(runnerKey, `{"typ":"JWT","alg":"none"}`, claims),
		"a key in the header":       sign(runnerKey, `{"typ":"JWT","alg":"HS256","jwk":{}}`, claims),
		"no claims":                 sign(runnerKey, header, "null"),
		"a list":                    sign(runnerKey, header, "[]"),
		"two values":                sign(runnerKey, header, claims+claims),
		"over":                      with("1900000000", "1899999970"),
		"more than a minute ahead":  with("1900000000", "1900000031"),
		"for ever":                  with("1900000000", "9223372036854775807"),
		"no exp":                    with(`,"exp":1900000000`, ""),
		"exp as text":               with("1900000000", `"1900000000"`),
		"exp with a fraction":       with("1900000000", "1899999999.5"),
		"exp null":                  with("1900000000", "null"),
		"no external":               with(`"external":true,`, ""),
		"external false":            with("true", "false"),
		"external as text":          with("true", `"true"`),
		"external as a number":      with("true", "1"),
		"External":                  with(`"external"`, `"External"`),
		"no host":                   with(`"host":"login.example.com:8443",`, ""),
		"another host":              with("login.", "app."),
		"another port":              with("8443", "8444"),
		"no port":                   with(":8443", ""),
		"a host behind it":          with(`8443"`, `8443.evil.test"`),
		"hosts":                     with(`"login.example.com:8443"`, `["login.example.com:8443"]`),
		"no username":               with(`"username":"jdoe",`, ""),
		"nobody":                    with(`"jdoe"`, `""`),
		"a number for a name":       with(`"jdoe"`, "7"),
		"remember me":               with("{", `{"checksum":"x",`),
		"remember me, in no words":  with("{", `{"checksum":null,`),
		"too long":                  with("{", `{"more":"`+strings.Repeat("x", maxPHPRunner)+`",`),
	} {
		if c, err := ReadPHPRunner(token, keys, host, now); err == nil || c != (PHPRunnerClaims{}) {
			t.Errorf("%s: %+v, %v", what, c, err)
		}
	}
}

// FuzzReadPHPRunner: no text that nobody has signed is anybody's word, and none panics.
func FuzzReadPHPRunner(f *testing.F) {
	f.Add(knownRunner)
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		c, err := ReadPHPRunner(token, [][]byte{[]byte(runnerKey)}, "app2.example.com", time.Unix(1899999970, 0))
		if err == nil && token != knownRunner && !SignedPHPRunner(token, []byte(runnerKey)) {
			t.Errorf("%q: %+v", token, c)
		}
	})
}
