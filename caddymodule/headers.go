// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// off, as the name of a header, says that the header is not set.
const off = "off"

// Headers are the names of the headers that an app receives. A name that is left
// out is the default; `off` means that the header is not set. What a client sends
// under any of these names, and under names that an app would take for them
// (`Remote_User`), never arrives.
type Headers struct {
	// The signed assertion. Default: `X-Gatehouse-Jwt`.
	JWT string `json:"jwt,omitempty"`

	// The name that the person signs in with. Default: `Remote-User`.
	User string `json:"user,omitempty"`

	// The person's full name. Default: `Remote-Name`.
	Name string `json:"name,omitempty"`

	// The person's e-mail address. Default: `Remote-Email`.
	Email string `json:"email,omitempty"`

	// The person's groups, joined by the group separator. Default: `Remote-Groups`.
	Groups string `json:"groups,omitempty"`

	// When the session ends if nothing more happens, in seconds since 1970 (UTC), for
	// apps that want to warn. Default: `X-Gatehouse-Session-Expires`.
	SessionExpires string `json:"session_expires,omitempty"`
}

// header is one of the headers: the word for it, where its name is kept, and its default.
type header struct {
	word     string
	name     *string
	standard string
}

func (h *Headers) all() []header {
	return []header{
		{"jwt", &h.JWT, "X-Gatehouse-Jwt"},
		{"user", &h.User, "Remote-User"},
		{"name", &h.Name, "Remote-Name"},
		{"email", &h.Email, "Remote-Email"},
		{"groups", &h.Groups, "Remote-Groups"},
		{"session_expires", &h.SessionExpires, "X-Gatehouse-Session-Expires"},
	}
}

// headerOption is the option that names a header: `header jwt|user|name|email|groups|session_expires NAME|off`.
func headerOption(h *Headers) option {
	return option{usage: "jwt|user|name|email|groups|session_expires NAME|off", min: 2, max: 2, repeats: true, words: func(words []string) error {
		var known []string
		for _, header := range h.all() {
			known = append(known, header.word)
			if header.word != words[0] {
				continue
			}
			if *header.name != "" {
				return fmt.Errorf("%q is already named %q: keep one of the two", words[0], *header.name)
			}
			*header.name = words[1]
			return checkHeader(words[1])
		}
		return unknown("header", words[0], known)
	}}
}

// resolve returns the names with defaults filled in and canonical; one that is off is empty.
func (h Headers) resolve() Headers {
	for _, header := range h.all() {
		switch *header.name {
		case "":
			*header.name = header.standard
		case off:
			*header.name = ""
		default:
			*header.name = http.CanonicalHeaderKey(*header.name)
		}
	}
	return h
}

// validate checks the names: each is a header, and no two are the same for an app.
func (h Headers) validate() error {
	resolved := h.resolve()
	seen := map[string]string{}
	for _, header := range resolved.all() {
		if *header.name == "" {
			continue
		}
		if err := checkHeader(*header.name); err != nil {
			return err
		}
		folded := strings.ToLower(strings.ReplaceAll(*header.name, "_", "-"))
		if other, ok := seen[folded]; ok {
			return fmt.Errorf("the headers %s and %s are both named %q: rename one", other, header.word, *header.name)
		}
		seen[folded] = header.word
	}
	return nil
}

// taken are names that have a meaning of their own on the way to an app.
func taken() []string {
	return []string{"Connection", "Content-Length", "Content-Type", "Cookie", "Forwarded", "Host", "Keep-Alive", "Proxy",
		"Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade"}
}

// checkHeader checks the name of a header. Letters, digits, `-` and `_` are what
// every app and every gateway interface can carry.
func checkHeader(name string) error {
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
	if name == "" || strings.Trim(name, letters) != "" {
		return fmt.Errorf("%q is not the name of a header: use letters, digits, - and _, or write %q", name, off)
	}
	for _, other := range taken() {
		if strings.EqualFold(name, other) {
			return fmt.Errorf("the header %q has a meaning of its own: choose another", name)
		}
	}
	return nil
}

// headers returns how the app is told who somebody is.
func (g *Gate) headers() gate.Headers {
	names := g.Headers.resolve()
	return gate.Headers{
		JWT:       names.JWT,
		User:      names.User,
		Name:      names.Name,
		Email:     names.Email,
		Groups:    names.Groups,
		Expires:   names.SessionExpires,
		Separator: g.GroupSeparator,
		Encoding:  gate.Encoding(g.Encode),
	}
}
