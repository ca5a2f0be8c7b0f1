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
