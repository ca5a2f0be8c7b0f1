// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"net/http"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/gate"
)

// walk takes requests through one gate.
type walk struct {
	gate     *gate.Gate
	metrics  *appMetrics
	requests *requestIDs
	hearsay  hearsay
}

// serve passes the request on to next, or answers it.
func (w *walk) serve(rw http.ResponseWriter, r *http.Request, next caddyhttp.Handler) error {
	address := originalURL(r)
	if w.gate.KeepsSecret(address) {
		skipLog(r)
	}
	id := w.requests.next()
	trusted := fromTrustedProxy(r)
	if !trusted {
		w.hearsay.note(r)
	}
	pass := w.gate.Admit(rw, r, gate.Arrival{Client: clientOf(r), URL: address, ID: id, Trusted: trusted})
	if pass == nil {
		logRequestID(r, id)
		w.metrics.answered.Inc()
		return nil
	}
	defer pass.Release()
	w.metrics.passed.Inc()
	placeholders(pass.Request, pass.Told)
	err := next.ServeHTTP(pass.Writer, pass.Request)
	if w.gate.LeadsToSecret(rw.Header()) {
		skipLog(r)
	}
	if err != nil && w.gate.Failed(pass, id, err) {
		return nil
	}
	return err
}

// placeholders lets the rest of the site know who the request comes from, as Caddy's
// own authentication does: access logs show `user_id`, and php_fastcgi sets
// REMOTE_USER. Where nobody is signed in they are empty: what another handler has set
// the app would take for ours, and one that is not known stays in a header as its own
// text, which would be a user of that name.
func placeholders(r *http.Request, u *identity.User) {
	repl, ok := r.Context().Value(caddy.ReplacerCtxKey).(*caddy.Replacer)
	if !ok {
		return
	}
	if u == nil {
		u = &identity.User{}
	}
	repl.Map(func(key string) (any, bool) {
		name, ok := strings.CutPrefix(key, "http.auth.user.")
		if !ok {
			return nil, false
		}
		switch name {
		case "id":
			return u.Name, true
		case "sub":
			return u.ID, true
		case "name":
			return u.FullName, true
		case "email":
			return u.Email, true
		case "groups":
			return strings.Join(u.Groups, ","), true
		}
		return nil, false
	})
	// Whoever has been first wins over what is mapped, and only that is worth a map.
	if id, _ := repl.Get("http.auth.user.id"); id != u.Name {
		repl.Set("http.auth.user.id", u.Name)
	}
}
