// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"strings"
	"testing"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
)

// One place has one address, however it is written (threat 9).
func TestParseAddress(t *testing.T) {
	for raw, want := range map[string]string{
		"https://wiki.example.com":                "https://wiki.example.com",
		"HTTPS://WIKI.Example.COM./":              "https://wiki.example.com",
		"https://wiki.example.com:443/a/b/":       "https://wiki.example.com/a/b",
		"http://wiki.example.com:80":              "http://wiki.example.com",
		"http://wiki.example.com:443":             "http://wiki.example.com:443",
		"https://bücher.example.com":              "https://xn--bcher-kva.example.com",
		"https://xn--bcher-kva.example.com":       "https://xn--bcher-kva.example.com",
		"https://[2001:DB8:0:0::1]:8443":          "https://[2001:db8::1]:8443",
		"https://[::ffff:192.0.2.1]":              "https://192.0.2.1",
		"http://localhost:8080":                   "http://localhost:8080",
		"https://old_name.example.com":            "https://old_name.example.com",
		"https://wiki.example.com/.gatehousekeys": "https://wiki.example.com/.gatehousekeys",
	} {
		if got, err := caddymodule.ParseAddress(raw); err != nil || got != want {
			t.Errorf("%q: got %q, %v; want %q", raw, got, err, want)
		}
	}
}

// What is not plainly scheme, host, port and path is refused, since two programs
// might read it differently.
func TestParseAddressRefuses(t *testing.T) {
	for _, raw := range []string{
		"", "wiki.example.com", "//wiki.example.com", "ftp://wiki.example.com", "https://", "https:wiki.example.com",
		"https://user@wiki.example.com", "https://wiki.example.com?x", "https://wiki.example.com#x", "https://wiki.example.com/#",
		"https://wiki..example.com", "https://.example.com", "https://*.example.com", "https://wiki.example.com/a/../b",
		"https://wiki.example.com/a//b", "https://wiki.example.com//", `https://wiki.example.com/a\b`, "https://wiki.example.com/a%2fb", "https://wiki.example.com/A%20b", "https://wiki.example.com/ü", "https://wiki.example.com/a b",
		"http://0\x81", "https://wiki.example.com/a;b",
		"https://wiki.example.com/.gatehouse/x", "https://wiki.example.com/x/.gatehouse", "https://[fe80::1%25eth0]", "https://127.1",
		"https://0x7f.1", "https://1.2.3.999", "https://wiki.example.com:port", "https://wiki\x00.example.com", "https://wi ki.example.com",
	} {
		if got, err := caddymodule.ParseAddress(raw); err == nil {
			t.Errorf("%q: got %q, want an error", raw, got)
		}
	}
}

// Who leaves out the scheme is told their own host with one, and who writes anything
// else an example: never what would be refused next.
func TestParseAddressSaysWhatIsMeant(t *testing.T) {
	for raw, want := range map[string]string{
		"login.localhost:8080": "https://login.localhost:8080",
		"Wiki.Example.com/a":   "https://wiki.example.com/a",
		"[::1]:8080":           "https://[::1]:8080",
		"wss://example.org":    "https://wiki.example.com",
		"a b":                  "https://wiki.example.com",
		"":                     "https://wiki.example.com",
	} {
		_, err := caddymodule.ParseAddress(raw)
		if err == nil || !strings.HasSuffix(err.Error(), "such as "+want) {
			t.Errorf("%q: %v, want the advice %s", raw, err, want)
		}
	}
}

// An address that was accepted is its own canonical form.
func FuzzAddress(f *testing.F) {
	for _, seed := range []string{"https://wiki.example.com/a", "http://[::1]:80", "https://BÜCHER.example./", "https://127.0.0.1:0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		once, err := caddymodule.ParseAddress(raw)
		if err != nil {
			return
		}
		if twice, err := caddymodule.ParseAddress(once); err != nil || twice != once {
			t.Errorf("%q: %q becomes %q, %v", raw, once, twice, err)
		}
	})
}
