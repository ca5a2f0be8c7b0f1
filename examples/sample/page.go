// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package sample

import (
	"bytes"
	_ "embed"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// stylesheetPath is where the style sheet is, since the page allows none inline.
const stylesheetPath = "/sample.css"

//go:embed sample.css
var stylesheet []byte

//go:embed sample.html
var markup string

// page is what the template shows.
type page struct {
	*received
	Portal string
	Links  []link
	Token  []pair
	Claims []pair
}

type link struct{ URL, Host string }

// writePage shows what was received as a page.
func (got *received) writePage(w http.ResponseWriter, s *Sample) error {
	shown := page{received: got, Portal: s.Portal}
	for _, address := range s.Links {
		if u, err := url.Parse(address); err == nil {
			shown.Links = append(shown.Links, link{address, u.Host})
		}
	}
	if got.Assertion != nil {
		shown.Token = pairs(got.Assertion.Header)
		shown.Claims = pairs(got.Assertion.Claims)
	}
	parsed, err := template.New("sample").Funcs(template.FuncMap{"when": when}).Parse(markup)
	if err != nil {
		return err
	}
	var buffer bytes.Buffer
	if err := parsed.Execute(&buffer, shown); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	_, err = w.Write(buffer.Bytes())
	return err
}

// when returns the time that a claim means, or nothing when it means none.
func when(claim pair) string {
	switch claim.Name {
	case "exp", "iat", "nbf", "auth_time":
		if seconds, err := strconv.ParseInt(claim.Value, 10, 64); err == nil {
			return time.Unix(seconds, 0).UTC().Format("2006-01-02 15:04:05 UTC")
		}
	}
	return ""
}
