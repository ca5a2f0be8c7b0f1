// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gatehouse-sso/gatehouse/internal/gate"
	"github.com/gatehouse-sso/gatehouse/internal/resend"
	"github.com/gatehouse-sso/gatehouse/internal/session"
)

// received is what an app has got.
type received struct {
	contentType, origin, referer, user string
	body                               []byte
	length                             int64
}

// collector is an app that keeps what it gets.
type collector struct {
	mu  sync.Mutex
	all []received
}

func (c *collector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	h := r.Header
	c.all = append(c.all, received{h.Get("Content-Type"), h.Get("Origin"), h.Get("Referer"), h.Get("Remote-User"), body, r.ContentLength})
}

func (c *collector) got() []received {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// sendTo sends a request to a server, as a browser does that follows nothing. A length
// below 0 has the body sent in chunks.
func sendTo(ctx context.Context, server string, r *http.Request, length int64) (*http.Response, error) {
	out := r.Clone(ctx)
	out.RequestURI = ""
	to, err := url.Parse(server + r.URL.RequestURI())
	if err != nil {
		return nil, err
	}
	out.URL, out.ContentLength = to, length
	return http.DefaultTransport.RoundTrip(out)
}

// answer reads an answer whole.
func answer(t *testing.T, res *http.Response, err error) (int, string, http.Header) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body), res.Header
}

// upload is a form with a file of random size.
func upload(t *testing.T, size int) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	parts := multipart.NewWriter(&b)
	file, err := parts.CreateFormFile("attachment", "report.pdf")
	if err != nil {
		t.Fatal(err)
	}
	file.Write(bytes.Repeat([]byte{0, '\r', '\n', 0xff}, size/4))
	parts.Close()
	return parts.FormDataContentType(), b.Bytes()
}

// keptOver keeps a form over HTTP and signs anna in again.
func (d *door) keptOver(server string, r *http.Request, length int64, before *session.Session) (string, session.Token) {
	t := d.tb.(*testing.T)
	t.Helper()
	d.lunch()
	res, err := sendTo(t.Context(), server, r, length)
	status, body, h := answer(t, res, err)
	id, ok := keptAs(t, h.Get("Location"))
	if !ok {
		t.Fatalf("not kept: %d %s\n%s", status, h.Get("Location"), body)
	}
	_, token := d.back(d.anna, before)
	return id, token
}

// TestUploadSurvives: a file arrives as it was, however its length was said.
func TestUploadSurvives(t *testing.T) {
	for what, chunked := range map[string]bool{"with a length": false, "in chunks": true} {
		t.Run(what, func(t *testing.T) {
			d := newFormGate(t)
			app := new(collector)
			server := d.serve(app).URL
			before, token := d.signIn()
			contentType, body := upload(t, 900<<10)
			length := int64(len(body))
			if chunked {
				length = -1
			}
			r := post(savePage, contentType, bytes.NewReader(body), holding(token))
			id, fresh := d.keptOver(server, r, length, before)
			res, err := sendTo(t.Context(), server, navigate(resendPage(id), fresh), 0)
			if status, page, _ := answer(t, res, err); status != http.StatusOK || !strings.Contains(page, "report.pdf") {
				t.Errorf("%d:\n%s", status, page)
			}
			length = int64(resend.ConfirmationSize)
			if chunked {
				length = -1
			}
			res, err = sendTo(t.Context(), server, confirm(id, holding(fresh)), length)
			if status, page, _ := answer(t, res, err); status != http.StatusOK {
				t.Fatalf("%d:\n%s", status, page)
			}
			all := app.got()
			if len(all) != 1 {
				t.Fatalf("the app has got %d requests", len(all))
			}
			got := all[0]
			if !bytes.Equal(got.body, body) || got.length != int64(len(body)) || got.contentType != contentType {
				t.Errorf("the app has got %d bytes, said to be %d, of %q", len(got.body), got.length, got.contentType)
			}
			if got.origin != wiki || got.referer != wiki+"/edit?id=3" || got.user != "anna" {
				t.Errorf("from %q, of %q, by %q", got.origin, got.referer, got.user)
			}
		})
	}
}

// TestTooLargeIsSaidBeforeTheSignIn: a browser that sends more than is kept gets to read
// that, though it is still sending, and what to do (threat 37).
func TestTooLargeIsSaidBeforeTheSignIn(t *testing.T) {
	d := newFormGate(t)
	server := d.serve(new(collector)).URL
	_, token := d.signIn()
	d.lunch()
	contentType, body := upload(t, 8<<20)
	for _, length := range []int64{int64(len(body)), -1} {
		r := post(savePage, contentType, bytes.NewReader(body), holding(token))
		res, err := sendTo(t.Context(), server, r, length)
		status, page, h := answer(t, res, err)
		if status != http.StatusRequestEntityTooLarge || !strings.Contains(page, "has not been sent") || !strings.Contains(page, "up to 1 MB") {
			t.Errorf("%d:\n%s", status, page)
		}
		if !strings.Contains(page, portal+"/login?return_to=") || len(h["Set-Cookie"]) != 0 || h.Get("Cache-Control") != "no-store" {
			t.Errorf("no way to sign in beside it, or %v", h)
		}
	}
	if d.forms() != 0 {
		t.Error("a part of it is kept")
	}
}

// TestServersOwnBound: where the server bounds bodies itself, what is over it is too
// large as well.
func TestServersOwnBound(t *testing.T) {
	d := newFormGate(t)
	_, token := d.signIn()
	d.lunch()
	r := form(holding(token))
	r.Body = http.MaxBytesReader(nil, r.Body, 10)
	d.answered(r, http.StatusRequestEntityTooLarge)
}

// TestDoubleClickOnTheButton: however often it is clicked, the app gets one form.
func TestDoubleClickOnTheButton(t *testing.T) {
	d := newFormGate(t)
	app := new(collector)
	server := d.serve(app).URL
	before, token := d.signIn()
	id, fresh := d.keptOver(server, form(holding(token)), int64(len(typed)), before)
	var all sync.WaitGroup
	var sent, gone atomic.Int32
	for range 50 {
		all.Go(func() {
			res, err := sendTo(t.Context(), server, confirm(id, holding(fresh)), int64(resend.ConfirmationSize))
			if err != nil {
				t.Error(err)
				return
			}
			res.Body.Close()
			switch res.StatusCode {
			case http.StatusOK:
				sent.Add(1)
			case http.StatusGone:
				gone.Add(1)
			}
		})
	}
	all.Wait()
	if n := len(app.got()); n != 1 || sent.Load() != 1 || gone.Load() != 49 {
		t.Errorf("the app has got %d, %d were told that it was sent, %d that it is gone", n, sent.Load(), gone.Load())
	}
	if got := app.got()[0]; string(got.body) != typed {
		t.Errorf("the app has got %q", got.body)
	}
}

// TestFirstClickIsDropped: a browser drops the request of a first click when there is a
// second one. The app gets the form of the first all the same, whole, and nothing tells
// it to stop.
func TestFirstClickIsDropped(t *testing.T) {
	d := newFormGate(t)
	begun, dropped, result := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	server := d.serve(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(begun)
		<-dropped
		body, err := io.ReadAll(r.Body)
		if err == nil && string(body) != typed {
			err = errors.New(string(body))
		}
		result <- errors.Join(err, r.Context().Err())
	}))
	before, token := d.signIn()
	id, fresh := d.keptOver(server.URL, form(holding(token)), int64(len(typed)), before)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if res, err := sendTo(ctx, server.URL, confirm(id, holding(fresh)), int64(resend.ConfirmationSize)); err == nil {
			res.Body.Close()
			t.Error("the first click was answered")
		}
	}()
	<-begun
	cancel()
	<-ended
	d.answered(confirm(id, holding(fresh)), http.StatusGone)
	close(dropped)
	if err := <-result; err != nil {
		t.Error(err)
	}
}

// TestSignOutCutsTheForm that is on its way, as it cuts every request of the session.
func TestSignOutCutsTheForm(t *testing.T) {
	d := newFormGate(t)
	before, token := d.signIn()
	d.lunch()
	id := d.kept(form(holding(token)))
	again, fresh := d.back(d.anna, before)
	pass := d.passed(confirm(id, holding(fresh)))
	d.must(d.Sessions.End(t.Context(), again.ID))
	select {
	case <-pass.Request.Context().Done():
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}

// TestOrdinaryFormsCostNothing: forms of people who are signed in are looked at by their
// head alone, and nothing is written for them.
func TestOrdinaryFormsCostNothing(t *testing.T) {
	measure := func(keep bool) (least float64) {
		d := newFormGate(t)
		d.reload(func(a *gate.App) { a.KeepPosts = keep })
		_, token := d.signIn()
		d.passed(form(holding(token)))
		writes := d.writes()
		// The same request again and again, since making one costs more than admitting it.
		r, w := form(), httptest.NewRecorder()
		admit := func() {
			holding(token)(r)
			again := *r
			pass := d.Admit(w, &again, gate.Arrival{URL: r.URL, ID: requestID})
			if pass == nil {
				t.Fatal("not admitted")
			}
			pass.Release()
		}
		// What others allocate meanwhile counts as well, so the least is the truth.
		least = testing.AllocsPerRun(200, admit)
		for range 9 {
			least = min(least, testing.AllocsPerRun(200, admit))
		}
		if d.writes() != writes {
			t.Error("something was written")
		}
		return least
	}
	if with, without := measure(true), measure(false); with > without {
		t.Errorf("%v allocations, without kept forms %v", with, without)
	}
}
