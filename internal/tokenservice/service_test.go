// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package tokenservice_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/gatehouse-sso/gatehouse/internal/tokenservice"
	"github.com/gatehouse-sso/gatehouse/internal/tokenservice/tokenpb"
	"github.com/gatehouse-sso/gatehouse/store"
	"github.com/gatehouse-sso/gatehouse/tokens"
)

const (
	metadataKey = "82 a8 6d65746164617461"
	ttlKey      = "a3 74746c"
	silenceKey  = "ac 73696c656e63655f72656164"
	dataKey     = "a4 64617461"
)

// Data comes back as it was sent, byte by byte: what a library would write in another
// way, and what other languages cannot hold, too.
func TestDataComesBackByteByByte(t *testing.T) {
	ask := newAsker(t, serve(t, tokens.Limits{}))
	for name, text := range map[string]string{
		"u64 beyond 2^53":         "82 a161 cf 0020000000000001 a162 cf ffffffffffffffff",
		"small number as 64 bits": "81 a161 cf 0000000000000001",
		"small number signed":     "81 a161 d3 0000000000000001",
		"negative numbers":        "82 a161 ff a162 d3 8000000000000000",
		"floats":                  "83 a161 ca 3fc00000 a162 cb 3ff8000000000000 a163 cb 7ff8000000000001",
		"nil and bool":            "83 a161 c0 a162 c2 a163 c3",
		"bin":                     "81 a161 c4 03 00ff80",
		"nested maps":             "81 a161 81 a162 81 a163 80",
		"empty arrays":            "82 a161 90 a162 dc 0000",
		"UTF-8":                   "81 a4 c5bec3ad a7 f09f8d8e c3a9 21",
		"not UTF-8":               "81 a161 a2 c328",
		"long forms":              "df 00000001 db 00000001 61 01",
		"keys in no order, twice": "83 a162 01 a161 02 a162 03",
		"keys of other types":     "82 01 02 c0 03",
		"timestamp":               "81 a161 d6 ff 5f5e1000",
		"empty":                   "80",
	} {
		t.Run(name, func(t *testing.T) {
			data := unhex(t, text)
			token := ask.create(data, -1, -1)
			want := append(unhex(t, "81"+dataKey), data...)
			if got := ask.read(token); !bytes.Equal(got, want) {
				t.Errorf("after create %x, want %x", got, want)
			}
			if !ask.update(token, data, 10, -1) {
				t.Fatal("not updated")
			}
			want = append(unhex(t, metadataKey+"81"+ttlKey+"0a"+dataKey), data...)
			if got := ask.read(token); !same(got, want) {
				t.Errorf("after update %x, want %x", got, want)
			}
		})
	}
}

// The first read of n answers n-1, the last one 0, with the data; then it is gone.
func TestSilenceReadCountsDown(t *testing.T) {
	ask := newAsker(t, serve(t, tokens.Limits{}))
	data := unhex(t, oneMap)
	token := ask.create(data, 60, 3)
	for left := byte(2); left != 255; left-- {
		want := slices.Concat(unhex(t, metadataKey+"82"+ttlKey+"3c"+silenceKey), []byte{left}, unhex(t, dataKey), data)
		if got := ask.read(token); !same(got, want) {
			t.Fatalf("%d left: %x, want %x", left, got, want)
		}
	}
	if got := ask.read(token); !bytes.Equal(got, []byte{0xc0}) {
		t.Errorf("afterwards %x", got)
	}
	if ask.update(token, data, -1, 5) {
		t.Error("an update has brought it back")
	}
	if ask.delete(token) {
		t.Error("it could be deleted")
	}
}

// An update replaces everything: what it does not limit is not limited any more, and what
// it limits begins anew.
func TestUpdateReplacesLimits(t *testing.T) {
	ask := newAsker(t, serve(t, tokens.Limits{}))
	data, plain := unhex(t, oneMap), unhex(t, "81"+dataKey+oneMap)
	token := ask.create(data, 60, 2)
	ask.read(token)
	if !ask.update(token, data, -1, 2) {
		t.Fatal("not updated")
	}
	for _, left := range []string{"01", "00"} {
		if got, want := ask.read(token), unhex(t, metadataKey+"81"+silenceKey+left+dataKey+oneMap); !bytes.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
	}
	token = ask.create(data, 60, 1)
	if !ask.update(token, data, -1, -1) {
		t.Fatal("not updated")
	}
	for range 3 {
		if got := ask.read(token); !bytes.Equal(got, plain) {
			t.Errorf("%x, want %x", got, plain)
		}
	}
	// A token that was read without limit is in memory. Its limits count nevertheless.
	if !ask.update(token, data, -1, 1) {
		t.Fatal("not updated")
	}
	ask.read(token)
	if got := ask.read(token); !bytes.Equal(got, []byte{0xc0}) {
		t.Errorf("read twice: %x", got)
	}
}

// A token of a second is served for a second, also when it is in memory and when it was
// just read from the file, and says 1 until then.
func TestTTLIsNeverServedLate(t *testing.T) {
	ask := newAsker(t, serve(t, tokens.Limits{}))
	begun := time.Now()
	token := ask.create(unhex(t, oneMap), 1, -1)
	answered := time.Now() // the second began before this, and after begun
	want := unhex(t, metadataKey+"81"+ttlKey+"01"+dataKey+oneMap)
	for {
		late := time.Since(answered) >= time.Second
		got := ask.read(token)
		if len(got) == 1 {
			if time.Since(begun) < time.Second-time.Millisecond { // ends are kept in whole milliseconds
				t.Error("it has ended early")
			}
			return
		}
		if !bytes.Equal(got, want) {
			t.Fatalf("%x, want %x", got, want)
		}
		if late {
			t.Fatalf("served %s after it was made", time.Since(answered))
		}
		time.Sleep(time.Millisecond)
	}
}

// The seconds that are left count down to 1, and are never 0 and never more than was
// given, even if the clock is set back.
func TestTTLCountsDownToOne(t *testing.T) {
	written := time.UnixMilli(1_800_000_000_123)
	e := tokens.Entry{Data: unhex(t, oneMap), Written: written, Expires: written.Add(130 * time.Second)}
	for after, want := range map[time.Duration]string{
		0:                                     "cc82",
		time.Millisecond:                      "cc82",
		time.Second:                           "cc81",
		128*time.Second + time.Millisecond:    "02",
		129 * time.Second:                     "01",
		130*time.Second - time.Nanosecond:     "01",
		130 * time.Second:                     "01",
		-time.Hour:                            "cc82",
		3*time.Second + 1*time.Millisecond:    "cc7f"[2:],
		2*time.Second + 500*time.Millisecond:  "cc80",
		129*time.Second + 1*time.Millisecond:  "01",
		128*time.Second - 1*time.Millisecond:  "03",
		127*time.Second + 20*time.Millisecond: "03",
	} {
		if got, want := tokenservice.Pack(&e, written.Add(after)), unhex(t, metadataKey+"81"+ttlKey+want+dataKey+oneMap); !bytes.Equal(got, want) {
			t.Errorf("%s after: %x, want %x", after, got, want)
		}
	}
}

// A token that may be read n times is read n times by 64 readers, each of whom is told
// another number of reads that are left.
func TestReadLimitUnder64Readers(t *testing.T) {
	const readers, limit = 64, 200
	ask := newAsker(t, serve(t, tokens.Limits{}))
	token := ask.create(unhex(t, oneMap), -1, limit)
	prefix := unhex(t, metadataKey+"81"+silenceKey)
	var left [limit]atomic.Int64
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for range 8 {
				read, err := ask.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
				if err != nil {
					t.Error(err)
					return
				}
				rest, found := bytes.CutPrefix(read.PackedData, prefix)
				switch {
				case !found:
				case rest[0] == 0xcc:
					left[rest[1]].Add(1)
				default:
					left[rest[0]].Add(1)
				}
			}
		})
	}
	wg.Wait()
	for i := range left {
		if n := left[i].Load(); n != 1 {
			t.Errorf("%d reads were told that %d are left", n, i)
		}
	}
}

// Once a delete is answered, nobody reads the token, whatever was on its way: 16 readers
// keep it in memory until then.
func TestNoDataAfterDeleteHasAnswered(t *testing.T) {
	ask := newAsker(t, serve(t, tokens.Limits{}))
	for range 50 {
		token := ask.create(unhex(t, oneMap), -1, -1)
		var deleted, late atomic.Bool
		stop := make(chan struct{})
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					after := deleted.Load()
					read, err := ask.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
					if err != nil {
						t.Error(err)
						return
					}
					if after && len(read.PackedData) > 1 {
						late.Store(true)
					}
				}
			})
		}
		ask.read(token)
		if !ask.delete(token) {
			t.Error("not deleted")
		}
		deleted.Store(true)
		ask.read(token)
		close(stop)
		wg.Wait()
		if late.Load() {
			t.Fatal("data after the delete was answered")
		}
	}
}

// What was answered is there after the file was closed and opened again: tokens, the
// reads they have left, and nothing that was deleted.
func TestWhatWasAnsweredSurvivesARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.db")
	life := func(use func(asker)) {
		file, err := tokens.Open(path, tokens.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		listener := listen(t)
		door := openDoor(t, listener, tokenservice.Transport{})
		defer door.Use(&tokenservice.Service{Tokens: newSpace(t, file.Engine, "shop", tokens.Limits{})})()
		use(newAsker(t, connect(t, listener.Addr().String())))
	}
	var kept, twice, deleted string
	life(func(ask asker) {
		kept, twice, deleted = ask.create(unhex(t, oneMap), -1, -1), ask.create(unhex(t, oneMap), -1, 2), ask.create(unhex(t, oneMap), -1, -1)
		ask.read(twice)
		ask.read(deleted)
		ask.delete(deleted)
	})
	life(func(ask asker) {
		if len(ask.read(kept)) == 1 {
			t.Error("a token is lost")
		}
		if len(ask.read(deleted)) != 1 {
			t.Error("a deleted token lives again")
		}
		if got, want := ask.read(twice), unhex(t, metadataKey+"81"+silenceKey+"00"+dataKey+oneMap); !bytes.Equal(got, want) {
			t.Errorf("the last read: %x, want %x", got, want)
		}
		if len(ask.read(twice)) != 1 {
			t.Error("a restart has given a read back")
		}
	})
}

// One app cannot touch the tokens of another, nor anything else in the same store: of
// another namespace, a good token is no token.
func TestForeignTokenIsNoToken(t *testing.T) {
	file := newFile(t)
	client := func(namespace string) asker {
		listener := listen(t)
		door := openDoor(t, listener, tokenservice.Transport{})
		t.Cleanup(door.Use(&tokenservice.Service{Tokens: newSpace(t, file.Engine, namespace, tokens.Limits{})}))
		return newAsker(t, connect(t, listener.Addr().String()))
	}
	shop, wiki := client("shop"), client("wiki")
	token := shop.create(unhex(t, oneMap), -1, -1)
	shop.read(token) // now it is in memory
	if got := wiki.read(token); !bytes.Equal(got, []byte{0xc0}) {
		t.Errorf("read %x", got)
	}
	if wiki.update(token, unhex(t, oneMap), -1, -1) || wiki.delete(token) {
		t.Error("changed by another app")
	}
	if len(shop.read(token)) == 1 {
		t.Error("it has gone")
	}
	for _, kind := range []string{"token:shop", "Session", "", "a/b", ".."} {
		if _, err := file.Space(kind, tokens.Limits{}); err == nil {
			t.Errorf("%q is a namespace", kind)
		}
	}
}

// A full namespace says so, at once, and takes tokens again as soon as others have ended:
// deleted, read out, or expired without anybody noticing.
func TestQuotaIsRefusedAndComesBack(t *testing.T) {
	ask := newAsker(t, serve(t, tokens.Limits{Quota: 3}))
	data := unhex(t, oneMap)
	full := func() {
		t.Helper()
		_, err := ask.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: -1, SilenceRead: -1})
		if codeOf(err) != codes.ResourceExhausted {
			t.Errorf("error %v", err)
		}
	}
	kept, once := ask.create(data, -1, -1), ask.create(data, -1, 1)
	short := ask.create(data, 1, -1)
	full()
	ask.read(once)
	ask.create(data, -1, -1)
	full()
	ask.delete(kept)
	ask.create(data, -1, -1)
	full()
	begun := time.Now()
	for len(ask.read(short)) > 1 {
		time.Sleep(10 * time.Millisecond)
	}
	for {
		_, err := ask.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: data, Ttl: -1, SilenceRead: -1})
		if err == nil {
			return
		}
		if time.Since(begun) > 5*time.Second {
			t.Fatalf("nobody has noticed that a token has expired: %v", err)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// A store that cannot answer is an error and no c0, which would say that the token has
// gone; its cause stays here.
func TestStoreThatIsClosedIsAnError(t *testing.T) {
	file, err := tokens.Open(filepath.Join(t.TempDir(), "tokens.db"), tokens.Options{})
	if err != nil {
		t.Fatal(err)
	}
	listener := listen(t)
	door := openDoor(t, listener, tokenservice.Transport{})
	t.Cleanup(door.Use(&tokenservice.Service{Tokens: newSpace(t, file.Engine, "shop", tokens.Limits{})}))
	ask := newAsker(t, connect(t, listener.Addr().String()))
	token := ask.create(unhex(t, oneMap), -1, -1)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	_, created := ask.CreateToken(t.Context(), &tokenpb.CreateTokenRequest{PackedData: unhex(t, oneMap), Ttl: -1, SilenceRead: -1})
	_, read := ask.ReadToken(t.Context(), &tokenpb.ReadTokenRequest{Token: []byte(token)})
	_, updated := ask.UpdateToken(t.Context(), &tokenpb.UpdateTokenRequest{Token: []byte(token), PackedData: unhex(t, oneMap), Ttl: -1, SilenceRead: -1})
	_, deleted := ask.DeleteToken(t.Context(), &tokenpb.DeleteTokenRequest{Token: []byte(token)})
	for _, err := range []error{created, read, updated, deleted} {
		if codeOf(err) != codes.Unavailable || bytes.Contains([]byte(fmt.Sprint(err)), []byte(store.ErrUnavailable.Error())) {
			t.Errorf("error %v", err)
		}
	}
}
