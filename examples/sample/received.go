// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package sample

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
)

// received is what the app has received with a request.
type received struct {
	App string `json:"app"`
	// Path is the path as it arrived, with its query.
	Path string `json:"path"`
	// User is the person that the headers name, or empty.
	User string `json:"user,omitempty"`
	// Headers are the identity headers that arrived, in order.
	Headers []pair `json:"headers"`
	// Assertion is the JWT as it arrived, cut open but not believed.
	Assertion *assertion `json:"assertion,omitempty"`
	// Verified says that the assertion is genuine and for this app; otherwise
	// Problem says why not.
	Verified bool   `json:"verified"`
	Problem  string `json:"problem,omitempty"`
}

// pair is a name and a value.
type pair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// assertion is a JWT cut open.
type assertion struct {
	Header json.RawMessage `json:"header"`
	Claims json.RawMessage `json:"claims"`
	Raw    string          `json:"-"`
}

const assertionHeader = "X-Gatehouse-Jwt"

// receive collects what arrived and verifies the assertion.
func (s *Sample) receive(r *http.Request) *received {
	got := &received{App: s.Name, Path: r.URL.RequestURI(), User: r.Header.Get("Remote-User"), Headers: []pair{}}
	for _, name := range []string{"Remote-User", "Remote-Name", "Remote-Email", "Remote-Groups"} {
		for _, value := range r.Header.Values(name) {
			got.Headers = append(got.Headers, pair{name, value})
		}
	}
	token := r.Header.Get(assertionHeader)
	if token == "" {
		got.Problem = "no assertion arrived: nobody is signed in, or there is no gate in front"
		return got
	}
	got.Assertion = cut(token)
	if _, err := s.verifier.Verify(r.Context(), token); err != nil {
		got.Problem = err.Error()
		return got
	}
	got.Verified = true
	return got
}

// cut opens a token for showing, or returns nil when it is none.
func cut(token string) *assertion {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil
	}
	header, errHeader := base64.RawURLEncoding.DecodeString(parts[0])
	claims, errClaims := base64.RawURLEncoding.DecodeString(parts[1])
	if errHeader != nil || errClaims != nil || !json.Valid(header) || !json.Valid(claims) {
		return nil
	}
	return &assertion{Header: header, Claims: claims, Raw: token}
}

// pairs returns the members of a JSON object in the order in which they are written.
func pairs(object json.RawMessage) []pair {
	var list []pair
	decoder := json.NewDecoder(bytes.NewReader(object))
	if start, err := decoder.Token(); err != nil || start != json.Delim('{') {
		return nil
	}
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			return list
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return list
		}
		text := string(value)
		var plain string
		if json.Unmarshal(value, &plain) == nil {
			text = plain
		}
		list = append(list, pair{name.(string), text})
	}
	return list
}

func (got *received) writeJSON(w http.ResponseWriter) error {
	w.Header().Set("Content-Type", "application/json")
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(got)
}
