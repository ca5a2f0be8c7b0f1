// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package doctor

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// A certificate that is renewed in time has a third of its life left, 30 days of 90.
const (
	expiresSoon    = 14 * 24 * time.Hour
	expiresAtOnce  = 3 * 24 * time.Hour
	shortestLife   = 14 * 24 * time.Hour
	shareThatIsFew = 6 // of a short life
)

// certificates looks at TLS on every https address, once for each host and port.
func (e *examination) certificates(ctx context.Context) []Finding {
	urls := []string{e.facts.Portal}
	for _, app := range e.facts.Apps {
		for _, place := range app.Places {
			urls = append(urls, place.URL)
		}
	}
	var (
		checks []func(context.Context) []Finding
		hosts  []string
	)
	for _, raw := range urls {
		u, err := url.Parse(raw)
		if err != nil || u.Scheme != "https" || slices.Contains(hosts, u.Host) {
			continue
		}
		hosts = append(hosts, u.Host)
		checks = append(checks, func(ctx context.Context) []Finding { return []Finding{e.certificate(ctx, u)} })
	}
	return atOnce(ctx, checks)
}

func (e *examination) certificate(ctx context.Context, u *url.URL) Finding {
	const check = "tls"
	port := u.Port()
	if port == "" {
		port = "443"
	}
	leaf, distrust, err := e.world.Certificate(ctx, u.Hostname(), port)
	if err != nil {
		return fail(check, u.Host, fmt.Sprintf("no TLS: %v", err), notReached)
	}
	if f := judge(leaf, u, e.world.Now()); f.Status == Fail {
		return f
	} else if distrust == nil {
		return f
	}
	return warn(check, u.Host, fmt.Sprintf("this machine does not trust the certificate: %v", distrust),
		"let a public CA sign it, or install the CA wherever people and apps are: browsers warn, and apps cannot fetch keys")
}

// judge says what is to be said of the names and dates of a certificate.
func judge(leaf *x509.Certificate, u *url.URL, now time.Time) Finding {
	const (
		check  = "tls"
		remedy = "see in the log of whatever ends TLS (Caddy's own: tls.obtain, tls.renew) why it gets no new one"
	)
	left := leaf.NotAfter.Sub(now)
	soon, atOnce := expiresSoon, expiresAtOnce
	if life := leaf.NotAfter.Sub(leaf.NotBefore); life < 2*shortestLife {
		soon, atOnce = life/shareThatIsFew, life/(2*shareThatIsFew)
	}
	until := leaf.NotAfter.UTC().Format(time.DateTime) + " UTC"
	switch {
	case leaf.VerifyHostname(u.Hostname()) != nil:
		return fail(check, u.Host, "the certificate is for other names", "see that the name leads to the right server, and has a certificate there")
	case now.Before(leaf.NotBefore):
		return fail(check, u.Host, "the certificate is not valid before "+leaf.NotBefore.UTC().Format(time.DateTime)+" UTC", "check the clocks")
	case left <= 0:
		return fail(check, u.Host, "the certificate has expired at "+until, remedy)
	case left < atOnce:
		return fail(check, u.Host, "the certificate expires at "+until, remedy)
	case left < soon:
		return warn(check, u.Host, "the certificate expires at "+until, remedy)
	}
	return ok(check, u.Host, "the certificate is good until "+until)
}
