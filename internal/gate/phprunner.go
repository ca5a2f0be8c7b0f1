// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

// PHPRunner signs people in to an app made with PHPRunner, by the token that one of
// its projects would get from another: in a cookie, on the way to the app only. The
// zero value does nothing.
type PHPRunner struct {
	// Keys are the app's. The first signs; the others are those that are being
	// replaced, whose tokens are still known for what they are.
	Keys [][]byte
}

// The cookies by which such an app passes a login on.
const (
	phpRunnerCookie = "token"
	phpRunnerSecond = "2ftoken"
)

func (p *PHPRunner) on() bool { return len(p.Keys) > 0 }

// clean takes out of the request what would sign in somebody whom the gate has not
// seen: the cookies, and a token in the query. Whoever holds a link would otherwise be
// its owner. A token in the body of a form stays, and is good for 30 s at most.
func (p *PHPRunner) clean(r *http.Request) {
	if !p.on() {
		return
	}
	if lines := r.Header["Cookie"]; lines != nil {
		p.cleanCookies(r.Header, lines)
	}
	if query := p.cleanQuery(r.URL.RawQuery); query != r.URL.RawQuery {
		changed := *r.URL // others may hold the address
		changed.RawQuery = query
		r.URL = &changed
	}
}

// signed reports whether a query holds a token that one of the keys has signed. Nobody
// else can write one to keep a request out of a log.
func (p *PHPRunner) signed(query string) bool {
	if !p.on() {
		return false
	}
	return slices.ContainsFunc(strings.Split(query, "&"), func(pair string) bool {
		name, value, _ := strings.Cut(pair, "=")
		return phpName(name) == phpRunnerCookie && keyring.SignedPHPRunner(lenient(value), p.Keys...)
	})
}

// stripsLogin leads a person away from an address with a token of ours in it, which would
// stay in the address bar and go on to the portal with whoever has to sign in, and reports
// whether it has.
func (v *visit) stripsLogin() bool {
	if !v.App.PHPRunner.on() || v.r.Method != http.MethodGet || !IsNavigation(v.r) {
		return false
	}
	plain := *v.arrival.URL
	if plain.RawQuery = v.App.PHPRunner.cleanQuery(plain.RawQuery); plain.RawQuery == v.arrival.URL.RawQuery {
		return false
	}
	v.arrival.URL = &plain
	v.redirect(v.here())
	return true
}

func (p *PHPRunner) cleanCookies(h http.Header, lines []string) {
	var kept []string
	for _, line := range lines {
		for pair := range strings.SplitSeq(line, ";") {
			if pair = strings.TrimSpace(pair); pair != "" && !isPHPRunnerCookie(pair) {
				kept = append(kept, pair)
			}
		}
	}
	if len(kept) == 0 {
		delete(h, "Cookie")
		return
	}
	h["Cookie"] = []string{strings.Join(kept, "; ")}
}

// cleanQuery drops the pairs that PHP would read as a token of ours.
func (p *PHPRunner) cleanQuery(query string) string {
	isToken := func(pair string) bool {
		name, value, _ := strings.Cut(pair, "=")
		return phpName(name) == phpRunnerCookie && keyring.IsPHPRunner(lenient(value), p.Keys...)
	}
	pairs := strings.Split(query, "&")
	if !slices.ContainsFunc(pairs, isToken) {
		return query
	}
	return strings.Join(slices.DeleteFunc(pairs, isToken), "&")
}

// add signs the person in, for a GET: an app that has a session ignores it, one whose
// session has run out takes it. It comes first, where PHP looks.
func (p *PHPRunner) add(r *http.Request, told *identity.User, at *place, portal string, now time.Time) error {
	if !p.on() || r.Method != http.MethodGet {
		return nil
	}
	token, err := keyring.SignPHPRunner(p.Keys[0], keyring.PHPRunnerClaims{
		Username: told.Name, Host: at.Base.Host, Origin: portal + "/",
	}, now)
	if err != nil {
		return err
	}
	cookie := phpRunnerCookie + "=" + token
	if lines := r.Header["Cookie"]; len(lines) > 0 {
		cookie += "; " + strings.Join(lines, "; ")
	}
	r.Header["Cookie"] = []string{cookie}
	return nil
}

// isPHPRunnerCookie reports whether a pair, or the beginning of a Set-Cookie line, is
// one of the cookies, as PHP reads names.
func isPHPRunnerCookie(line string) bool {
	pair, _, _ := strings.Cut(line, ";")
	name, _, _ := strings.Cut(pair, "=")
	name = strings.TrimFunc(phpName(name), isBlank)
	return name == phpRunnerCookie || name == phpRunnerSecond
}

// phpName returns the name under which PHP keeps a variable: decoded, without blanks
// before it, and only up to a NUL.
func phpName(name string) string {
	name, _, _ = strings.Cut(strings.TrimLeft(lenient(name), " \t\r\n\v\f"), "\x00")
	name, _, _ = strings.Cut(name, "[") // token[]= is an array of that name
	return name
}

// lenient decodes what can be decoded, as PHP does.
func lenient(text string) string {
	if decoded, err := url.QueryUnescape(text); err == nil {
		return decoded
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if i+2 < len(text) && text[i] == '%' {
			if one, err := url.QueryUnescape(text[i : i+3]); err == nil {
				b.WriteString(one)
				i += 2
				continue
			}
		}
		if text[i] == '+' {
			b.WriteByte(' ')
			continue
		}
		b.WriteByte(text[i])
	}
	return b.String()
}
