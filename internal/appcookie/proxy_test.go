// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package appcookie_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/appcookie"
)

// proxy stands before an app as a gate does. The test says who is signed in.
type proxy struct {
	http.Handler
	tag atomic.Pointer[appcookie.Tag]
	// user is what the app is told.
	user atomic.Value
}

type jarKey struct{}

// newProxy returns a proxy before the app at an address, for nobody yet.
func newProxy(t *testing.T, address string) *proxy {
	t.Helper()
	to, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{}
	p.signIn("", nobody)
	next := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		ModifyResponse: func(r *http.Response) error {
			r.Request.Context().Value(jarKey{}).(appcookie.Jar).Answer(r.Header, r.Request.URL.EscapedPath(), time.Now())
			return nil
		},
	}
	p.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tag := p.tag.Load()
		if r.URL.Path == landing {
			tag.Claim(r.Header, w.Header(), r.URL.EscapedPath(), false)
			http.Redirect(w, r, r.URL.Query().Get("to"), http.StatusSeeOther)
			return
		}
		r.Header.Set("Remote-User", p.user.Load().(string))
		taken := tag.Take(r.Header)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), jarKey{}, taken)))
	})
	return p
}

func (p *proxy) signIn(user string, tag *appcookie.Tag) {
	p.user.Store(user)
	p.tag.Store(tag)
}

// require skips the test when the machine lacks what it needs, or fails it when
// GATEHOUSE_REQUIRE=all says that nothing may be lacking.
func require(t *testing.T, err error) {
	t.Helper()
	switch {
	case err == nil:
	case os.Getenv("GATEHOUSE_REQUIRE") == "all":
		t.Fatal(err)
	default:
		t.Skip(err)
	}
}

// until polls a real process.
func until(t *testing.T, what string, ok func() error) {
	t.Helper()
	err := errors.New("not tried")
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		if err = ok(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal(what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
	t.Fatal(what, err)
}
