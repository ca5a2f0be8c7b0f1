// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/handoff"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
	"github.com/gatehouse-sso/gatehouse/internal/policy"
)

// App is one upstream application as its gate sees it. It does not change once
// a gate uses it.
type App struct {
	// Name is the app's name and the `aud` of its assertions.
	Name string
	// Targets are the app's public addresses, at least one.
	Targets handoff.Targets
	// Policy says who may do what.
	Policy *policy.Policy
	// Headers are the names under which the app learns who it is.
	Headers Headers
	// Signer signs the app's assertions, each good for Lifetime.
	Signer   keyring.Signer
	Lifetime time.Duration
	// Origins are those of the app's own pages.
	Origins Origins
	// StrictOrigin refuses unsafe requests that a page of another origin sent.
	StrictOrigin bool
	// KeepAuthorization leaves the client's Authorization header to the app.
	KeepAuthorization bool
	// Response says what the app may not tell browsers.
	Response ResponseFilter
	// Redirects says that this gate stands on plain http for an app whose
	// address is https: navigations are sent to the right address.
	Redirects bool
}

// target returns the address of the app at which a request has arrived. The Host
// header only chooses among the configured addresses. A host that is none of
// them is answered as if it were the first, so that sign-in leads people there.
func (a *App) target(r *http.Request, path string) handoff.Target {
	if len(a.Targets) == 1 {
		return a.Targets[0]
	}
	best := -1
	for i, t := range a.Targets {
		if !sameAuthority(r.Host, t.Base) || !strings.HasPrefix(path, t.Base.Path) {
			continue
		}
		if best < 0 || len(t.Base.Path) > len(a.Targets[best].Base.Path) {
			best = i
		}
	}
	return a.Targets[max(best, 0)]
}

// sameAuthority compares a Host header with an address, without case, a dot at
// the end of the name, and the scheme's own port.
func sameAuthority(host string, base *url.URL) bool {
	if strings.EqualFold(host, base.Host) {
		return true
	}
	u := url.URL{Scheme: base.Scheme, Host: host}
	name := strings.TrimSuffix(u.Hostname(), ".")
	if !strings.EqualFold(name, base.Hostname()) {
		return false
	}
	return withPort(&u) == withPort(base)
}

func withPort(u *url.URL) string {
	switch {
	case u.Port() != "":
		return u.Port()
	case u.Scheme == "https":
		return "443"
	}
	return "80"
}
