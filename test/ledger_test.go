// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
)

// noToken is the answer to a read of a token that is none (any more).
var noToken = []byte{0xc0}

// ledger is what the token service has answered, over all lives of a process: the
// version of each token, 0 when it was deleted, and every read of one token that may be
// read a number of times. It also knows what was on its way when the process died,
// which may have happened or not.
type ledger struct {
	mu     sync.Mutex
	tokens map[string]*entry
	recent []string // tokens that this life has touched
	// limited is the token that all readers share, with as many reads as there can be.
	limited  string
	left     map[uint32]bool // how many reads were left, by answer
	unknown  int             // reads on their way when a process died
	answered atomic.Int64    // in this life
}

// entry is what is known of one token.
type entry struct {
	version int  // as answered last
	next    int  // as asked for last
	asking  bool // next was asked for and not answered
}

func newLedger() *ledger { return &ledger{tokens: map[string]*entry{}, left: map[uint32]bool{}} }

const (
	ledgerWriters = 8
	ledgerReaders = 64
	mostReads     = math.MaxUint32
)

// versioned is {"v": n} in MessagePack.
func versioned(n int) []byte { return []byte{0x81, 0xa1, 'v', byte(n)} }

// load writes and reads tokens until the context ends or the process does, and returns
// when nothing is on its way any more.
func (l *ledger) load(ctx context.Context, t *testing.T, client tokenpb.TokenServiceClient) {
	l.answered.Store(0)
	l.recent = nil
	var work sync.WaitGroup
	run := func(callers int, life func() error) {
		for range callers {
			work.Go(func() {
				for ctx.Err() == nil {
					if err := life(); err != nil {
						if ctx.Err() == nil && status.Code(err) != codes.Unavailable {
							t.Error(err)
						}
						return
					}
				}
			})
		}
	}
	run(ledgerWriters, func() error { return l.live(ctx, client) })
	run(ledgerReaders, func() error { return l.readLimited(ctx, client) })
	work.Wait()
}

// live is the life of a token: made, changed twice, and every other time deleted.
func (l *ledger) live(ctx context.Context, client tokenpb.TokenServiceClient) error {
	made, err := client.CreateToken(ctx, &tokenpb.CreateTokenRequest{PackedData: versioned(1), Ttl: 36000, SilenceRead: -1})
	if err != nil {
		return err // nobody has the token
	}
	l.knows(made.Token, 1)
	for version := 2; version <= 3; version++ {
		l.asks(made.Token, version)
		done, err := client.UpdateToken(ctx, &tokenpb.UpdateTokenRequest{
			Token: []byte(made.Token), PackedData: versioned(version), Ttl: -1, SilenceRead: -1,
		})
		if err != nil {
			return err
		}
		if !done.Result {
			return errors.New("a token that was answered cannot be updated")
		}
		l.knows(made.Token, version)
	}
	if rand.IntN(2) == 0 {
		return nil
	}
	l.asks(made.Token, 0)
	done, err := client.DeleteToken(ctx, &tokenpb.DeleteTokenRequest{Token: []byte(made.Token)})
	if err != nil {
		return err
	}
	if !done.Result {
		return errors.New("a token that was answered cannot be deleted")
	}
	l.knows(made.Token, 0)
	return nil
}

// asks notes that a call is on its way.
func (l *ledger) asks(token string, version int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tokens[token].next, l.tokens[token].asking = version, true
}

// knows notes an answer.
func (l *ledger) knows(token string, version int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tokens[token] == nil {
		l.tokens[token] = &entry{}
		l.recent = append(l.recent, token)
	}
	*l.tokens[token] = entry{version: version}
	l.answered.Add(1)
}

// readLimited reads the token that all readers share.
func (l *ledger) readLimited(ctx context.Context, client tokenpb.TokenServiceClient) error {
	read, err := client.ReadToken(ctx, &tokenpb.ReadTokenRequest{Token: []byte(l.limited)})
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.unknown++
		return err
	}
	left, err := readsLeft(read.PackedData)
	if err != nil {
		return err
	}
	if l.left[left] {
		return fmt.Errorf("two reads were answered with %d left", left)
	}
	l.left[left] = true
	l.answered.Add(1)
	return nil
}

// readsLeft finds the silence_read of an answer, as a number of four bytes.
func readsLeft(packed []byte) (uint32, error) {
	_, behind, found := bytes.Cut(packed, []byte("silence_read\xce"))
	if !found || len(behind) < 4 {
		return 0, fmt.Errorf("no silence_read of four bytes in %x", packed)
	}
	return binary.BigEndian.Uint32(behind), nil
}

// makeLimited makes the token that all readers share.
func (l *ledger) makeLimited(t *testing.T, client tokenpb.TokenServiceClient) {
	t.Helper()
	made, err := client.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: versioned(1), Ttl: -1, SilenceRead: mostReads})
	if err != nil {
		t.Fatal(err)
	}
	l.limited = made.Token
}

// check replays what was answered: each token is as it was answered last, or as it was
// asked to be when the process died, and stays so from now on.
func (l *ledger) check(t *testing.T, client tokenpb.TokenServiceClient, tokens []string) {
	t.Helper()
	for _, token := range tokens {
		read, err := client.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
		if err != nil {
			t.Fatal(err)
		}
		e, got := l.tokens[token], 0
		if !bytes.Equal(read.PackedData, noToken) {
			got = int(read.PackedData[len(read.PackedData)-1])
		}
		if got != e.version && (!e.asking || got != e.next) {
			t.Errorf("a token is at version %d; answered was %d, asked for %d (%t)", got, e.version, e.next, e.asking)
		}
		*e = entry{version: got}
	}
}

// some returns the tokens that the last life has touched, and some others.
func (l *ledger) some() []string {
	tokens := l.recent
	others := 200
	for token := range l.tokens { // in no order
		if others--; others < 0 {
			break
		}
		tokens = append(tokens, token)
	}
	return tokens
}

// all returns all tokens.
func (l *ledger) all() (tokens []string) {
	for token := range l.tokens {
		tokens = append(tokens, token)
	}
	return tokens
}

// checkReads reads the limited token once more: every read that was answered is counted,
// once, and of those on their way at most each.
func (l *ledger) checkReads(t *testing.T, client tokenpb.TokenServiceClient) {
	t.Helper()
	read, err := client.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(l.limited)})
	if err != nil {
		t.Fatal(err)
	}
	left, err := readsLeft(read.PackedData)
	if err != nil {
		t.Fatal(err)
	}
	counted := int(mostReads-left) - 1 // before this one
	if answered := len(l.left); counted < answered || counted > answered+l.unknown {
		t.Errorf("%d reads are counted; %d were answered, and %d on their way at a kill", counted, answered, l.unknown)
	}
}

// tokenClient connects to a token service until the test ends.
func tokenClient(t *testing.T, port int) tokenpb.TokenServiceClient {
	t.Helper()
	conn, err := grpc.NewClient(fmt.Sprintf("127.0.0.1:%d", port), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return tokenpb.NewTokenServiceClient(conn)
}
