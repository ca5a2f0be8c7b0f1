// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// adminPrefix is where the admin API lives on Caddy's admin endpoint.
const adminPrefix = "/gatehouse/"

// maxAdminBody bounds what an operator sends, in bytes. The largest is a user with
// a thousand groups.
const maxAdminBody = 1 << 20

// route is one thing that an operator can ask for.
type route struct {
	method string
	serve  func(*operator, http.ResponseWriter, *http.Request) error
}

// adminRoutes are all of them, by the path below adminPrefix. What is GET changes
// nothing.
func adminRoutes() map[string]route {
	return map[string]route{
		"":                look((*operator).about),
		"users":           look((*operator).listUsers),
		"users/add":       change((*operator).AddUser),
		"users/set":       change((*operator).SetUser),
		"users/passwd":    change((*operator).SetPassword),
		"users/disable":   change((*operator).DisableUser),
		"users/enable":    change((*operator).EnableUser),
		"users/unlock":    change((*operator).UnlockUser),
		"users/remove":    change((*operator).RemoveUser),
		"sessions":        look((*operator).listSessions, "user", "app"),
		"sessions/revoke": change((*operator).RevokeSessions),
		"keys":            look((*operator).listKeys),
		"keys/rotate":     change((*operator).RotateKeys),
		"keys/export":     look((*operator).exportKeys),
		"tokens/create":   change((*operator).createToken),
		"tokens/read":     change((*operator).readToken),
		"tokens/update":   change((*operator).updateToken),
		"tokens/delete":   change((*operator).deleteToken),
		"explain":         look((*operator).explain, "user", "url", "method", "address"),
		"refusals":        look((*operator).refusal, "request"),
		"doctor":          look((*operator).facts),
		"setup":           change((*operator).offerSetup),
		"backup":          {http.MethodGet, (*operator).serveBackup},
	}
}

// serve answers one request.
func (o *operator) serve(w http.ResponseWriter, r *http.Request) error {
	routes := adminRoutes()
	path := strings.TrimPrefix(r.URL.Path, adminPrefix)
	asked, found := routes[path]
	if !found {
		return badRequest(http.StatusNotFound, unknown("path below "+adminPrefix, path, slices.Sorted(maps.Keys(routes))))
	}
	if r.Method != asked.method {
		w.Header().Set("Allow", asked.method)
		return badRequest(http.StatusMethodNotAllowed, fmt.Errorf("%s is for %s, not for %s", r.URL.Path, asked.method, r.Method))
	}
	w.Header().Set("Cache-Control", "no-store")
	return asked.serve(o, w, r)
}

// look is a route that tells something and takes the named parameters.
func look[A any](tell func(*operator, context.Context, url.Values) (A, error), known ...string) route {
	return route{http.MethodGet, func(o *operator, w http.ResponseWriter, r *http.Request) error {
		query, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil {
			return badRequest(http.StatusBadRequest, err)
		}
		for name, values := range query {
			if !slices.Contains(known, name) {
				return badRequest(http.StatusBadRequest, unknown("parameter", name, known))
			}
			if len(values) > 1 {
				return badRequest(http.StatusBadRequest, fmt.Errorf("parameter %q is there more than once", name))
			}
		}
		answer, err := tell(o, r.Context(), query)
		return reply(w, answer, err)
	}}
}

// change is a route that takes a JSON object and does what it says.
func change[Q, A any](do func(*operator, context.Context, Q) (A, error)) route {
	return route{http.MethodPost, func(o *operator, w http.ResponseWriter, r *http.Request) error {
		var question Q
		if err := readJSON(w, r, &question); err != nil {
			return err
		}
		answer, err := do(o, r.Context(), question)
		return reply(w, answer, err)
	}}
}

// readJSON reads one JSON object and nothing else. The content type is asked for
// since a page of another site can send any other without asking the browser.
func readJSON(w http.ResponseWriter, r *http.Request, into any) error {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "application/json" {
		return badRequest(http.StatusUnsupportedMediaType, errors.New("the body has to be JSON: send Content-Type: application/json"))
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAdminBody))
	if err == nil && !utf8.Valid(text) {
		// The decoder would put something else in its place, in a password too.
		return badRequest(http.StatusBadRequest, errors.New("the body is not UTF-8 (RFC 8259, section 8.1)"))
	}
	body := json.NewDecoder(bytes.NewReader(text))
	body.DisallowUnknownFields()
	if err == nil {
		err = body.Decode(into)
	}
	if err == nil {
		if _, err := body.Token(); err == io.EOF {
			return nil
		}
		return badRequest(http.StatusBadRequest, errors.New("the body: there is something behind the JSON object"))
	}
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return badRequest(http.StatusRequestEntityTooLarge, fmt.Errorf("the body has more than %d bytes", maxAdminBody))
	}
	return badRequest(http.StatusBadRequest, fmt.Errorf("the body: %w", withoutValue(err)))
}

// withoutValue drops what an error of the JSON package quotes of a value, which may
// be a password.
func withoutValue(err error) error {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return fmt.Errorf("the field %q takes a %s", kind.Field, kind.Type)
	}
	if strings.HasPrefix(err.Error(), "json: unknown field") || errors.Is(err, io.EOF) {
		return err
	}
	return errors.New("it is not one JSON object of the form that docs/commands.md shows")
}

func badRequest(status int, err error) error { return caddy.APIError{HTTPStatus: status, Err: err} }

// reply sends an answer, or turns an error into one of the admin endpoint.
func reply(w http.ResponseWriter, answer any, err error) error {
	if err != nil {
		return caddy.APIError{HTTPStatus: statusOf(err), Err: err}
	}
	data, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(append(data, '\n'))
	return err
}

func (o *operator) listKeys(context.Context, url.Values) ([]keyring.KeyInfo, error) {
	return o.ListKeys(), nil
}

func (o *operator) exportKeys(context.Context, url.Values) (json.RawMessage, error) {
	return o.ExportKeys(), nil
}
