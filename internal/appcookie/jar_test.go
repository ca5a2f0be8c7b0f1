// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
)

const origin = "https://app.example.com"

var (
	tagger = appcookie.NewTagger([]byte("a key for tests, 32 bytes long .."))
	ada    = tagger.Person("ada", "bond of ada", origin)
	bob    = tagger.Person("bob", "bond of bob", origin)
	nobody = tagger.Nobody(origin)
	now    = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)
)

// jar is a browser's for one host, by RFC 6265bis, written from the standard and
// not from the code under test. It knows no domains.
type jar struct {
	cookies []stored
}

type stored struct {
	name, value, path string
	httpOnly          bool
}

// set takes a Set-Cookie line in answer to a request for the page.
func (j *jar) set(line, page string) {
	parts := strings.Split(line, ";")
	c := readPair(parts[0])
	c.path = defaultPath(page)
	gone := false
	for _, part := range parts[1:] {
		attribute := readAttribute(part)
		switch strings.ToLower(attribute.name) {
		case "httponly":
			c.httpOnly = true
		case "max-age":
			seconds, err := strconv.Atoi(attribute.value)
			gone = err == nil && seconds <= 0
		case "expires":
			gone = strings.Contains(attribute.value, "1970")
		}
		if strings.EqualFold(attribute.name, "Path") && strings.HasPrefix(attribute.value, "/") {
			c.path = attribute.value
		}
	}
	if len(c.name)+len(c.value) > 4096 || c.name+c.value == "" && !gone {
		return
	}
	j.put(c, gone)
}

// script is document.cookie's setter: it touches no cookie with HttpOnly.
func (j *jar) script(name, value, path string) {
	if at := j.index(stored{name: name, path: path}); at < 0 || !j.cookies[at].httpOnly {
		j.put(stored{name: name, value: value, path: path}, false)
	}
}

func (j *jar) index(c stored) int {
	return slices.IndexFunc(j.cookies, func(o stored) bool { return o.name == c.name && o.path == c.path })
}

func (j *jar) put(c stored, gone bool) {
	switch at := j.index(c); {
	case at >= 0 && gone:
		j.cookies = slices.Delete(j.cookies, at, at+1)
	case at >= 0:
		j.cookies[at] = c
	case !gone:
		j.cookies = append(j.cookies, c)
	}
}

// sent returns the cookies that come with a request, the longest path first.
func (j *jar) sent(page string) []stored {
	var sent []stored
	for _, c := range j.cookies {
		rest, ok := strings.CutPrefix(page, c.path)
		if ok && (rest == "" || rest[0] == '/' || strings.HasSuffix(c.path, "/")) {
			sent = append(sent, c)
		}
	}
	slices.SortStableFunc(sent, func(a, b stored) int { return len(b.path) - len(a.path) })
	return sent
}

func (j *jar) header(page string) http.Header {
	var pairs []string
	for _, c := range j.sent(page) {
		if c.name == "" {
			pairs = append(pairs, c.value)
		} else {
			pairs = append(pairs, c.name+"="+c.value)
		}
	}
	if len(pairs) == 0 {
		return http.Header{}
	}
	return http.Header{"Cookie": {strings.Join(pairs, "; ")}}
}

// visible is document.cookie's getter.
func (j *jar) visible(page string) []stored {
	return slices.DeleteFunc(j.sent(page), func(c stored) bool { return c.httpOnly })
}

// visit sends a request for the page and takes what the app sets in answer. It
// returns the Cookie header as the app has seen it.
func (j *jar) visit(tag *appcookie.Tag, page string, sets ...string) string {
	request, answer := j.header(page), http.Header{}
	for _, line := range sets {
		answer.Add("Set-Cookie", line)
	}
	taken := tag.Take(request)
	taken.Answer(answer, page, now)
	for _, line := range answer["Set-Cookie"] {
		j.set(line, page)
	}
	return request.Get("Cookie")
}

// claim is the landing of a person, or the end at their logout. It returns Clear-Site-Data.
func (j *jar) claim(tag *appcookie.Tag, page string) string {
	answer := http.Header{}
	tag.Claim(j.header(page), answer, page, false)
	for _, line := range answer["Set-Cookie"] {
		j.set(line, page)
	}
	return answer.Get("Clear-Site-Data")
}

func readPair(s string) stored {
	name, value, ok := strings.Cut(s, "=")
	if !ok {
		name, value = "", s
	}
	return stored{name: strings.Trim(name, " \t"), value: strings.Trim(value, " \t")}
}

func readAttribute(s string) stored {
	name, value, _ := strings.Cut(s, "=")
	return stored{name: strings.Trim(name, " \t"), value: strings.Trim(value, " \t")}
}

func defaultPath(page string) string {
	if end := strings.LastIndexByte(page, '/'); end > 0 {
		return page[:end]
	}
	return "/"
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
