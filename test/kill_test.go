// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"syscall"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
)

// kills is how often TestKilledUnderLoad kills the gateway.
const kills = 50

// TestKilledUnderLoad kills the gateway itself, 50 times and with SIGKILL, at random moments while 72
// callers write and read tokens and a person signs out. Each time bbolt's own check
// finds the file sound, and the next process knows everything that the one before has
// answered, of tokens and of people: nothing that was answered is lost, no session that
// was ended and no code that was redeemed lives again, and no read that is limited was
// answered twice.
func TestKilledUnderLoad(t *testing.T) {
	rounds := kills
	if testing.Short() {
		rounds = 5
	}
	a, port := newApp(t), freePort(t)
	l := twoApps.with("WIKI", a.address, "TICKETS", a.address)
	l.options = fmt.Sprintf("token_service 127.0.0.1:%d", port)
	g := start(t, l)
	stays, leaver := g.person(t, "stays"), g.person(t, "leaves")
	b := g.browser(t)
	b.arrive(stays, wiki+"/")

	book := newLedger()
	book.makeLimited(t, tokenClient(t, port))
	var left []*browser
	for round := range rounds {
		leaves := g.browser(t)
		land := leaves.codeFor(leaver)
		if !gives(leaves.visit(land).header) {
			t.Fatal("no landing")
		}
		out := g.killUnderLoad(t, book, tokenClient(t, port), leaves)
		checkStore(t, g.store())
		g.run()

		client := tokenClient(t, port)
		book.check(t, client, book.some())
		b.mustKnow(stays, wiki+"/")
		if answer := leaves.visit(land); gives(answer.header) {
			t.Error("a code that was redeemed is good again")
		}
		if out {
			left = append(left, leaves)
			leaves.mustBeOut(wiki + "/")
		}
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
	}
	client := tokenClient(t, port)
	book.check(t, client, book.all())
	book.checkReads(t, client)
	for _, leaves := range left {
		leaves.mustBeOut(wiki + "/")
	}
	if len(left) == 0 || len(book.left) == 0 {
		t.Errorf("%d sign-outs and %d limited reads were answered", len(left), len(book.left))
	}
	t.Logf("%d kills, %d tokens, %d limited reads, %d sign-outs", rounds, len(book.tokens), len(book.left), len(left))
}

// killUnderLoad kills the process after a random number of answers, while somebody
// signs out, and reports whether that was answered.
func (g *gateway) killUnderLoad(t *testing.T, book *ledger, client tokenpb.TokenServiceClient, leaves *browser) (out bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	loaded := make(chan struct{})
	go func() {
		defer close(loaded)
		book.load(ctx, t, client)
	}()
	answers := 1 + rand.Int64N(2000)
	g.eventually(fmt.Sprintf("%d calls are answered", answers), func() bool { return book.answered.Load() >= answers })
	leaving := leaves.leave()
	if rand.IntN(2) == 0 { // as often after the answer as before it
		out = <-leaving
	}
	if err := g.process.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-g.ended
	stop()
	<-loaded
	return <-leaving || out
}

// leave signs out, and tells whether that was answered. The process may die meanwhile.
func (b *browser) leave() <-chan bool {
	r := b.post(login+"/logout", url.Values{})
	for _, c := range b.jar.Cookies(r.URL) {
		r.AddCookie(c)
	}
	answered := make(chan bool, 1)
	go func() {
		defer close(answered)
		response, err := b.client.Do(r)
		if err != nil {
			return
		}
		response.Body.Close()
		answered <- response.StatusCode < http.StatusBadRequest
	}()
	return answered
}

// checkStore runs bbolt's own check over the file of a process that has ended.
func checkStore(t *testing.T, file string) {
	t.Helper()
	db, err := bbolt.Open(file, 0o600, &bbolt.Options{NoFreelistSync: true, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.View(func(tx *bbolt.Tx) error {
		for err := range tx.Check() {
			t.Error(err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
