// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// people is how many sessions the sockets are spread over.
	people = 25
	// opening is how many sockets are opened at once, pings how many messages are timed.
	opening = 64
	pings   = 2000
)

// standing is what it costs a server that many sockets stand open.
type standing struct {
	open       time.Duration // for each of them, to open it
	memory     float64       // bytes for each: heap and stacks in use after a collection
	goroutines float64       // for each
	idle       float64       // of one processor while nothing is said, in percent
	latency    []time.Duration
	messages   float64 // per second, there and back, as many at once as there are connections
}

// compareSockets opens the sockets through both sides, one after the other, and says what
// the gate adds. At the end it ends the sessions, and times how long the sockets outlive
// them.
func (b *bench) compareSockets(ctx context.Context, o options) error {
	cookies, err := b.signInPeople(ctx, b.gated)
	if err != nil {
		return err
	}
	fmt.Printf("%d cores, %s, %d WebSockets of %d sessions, %s a measurement\n", runtime.NumCPU(), runtime.Version(), o.websockets, people, o.duration)
	fmt.Println("           open one   memory each   goroutines each   idle CPU   round trip p50, p99      messages")
	var before standing
	for _, side := range []*target{b.plain, b.gated} {
		sockets, found, err := b.stand(ctx, side, cookies, o)
		if err != nil {
			closeAll(sockets)
			return fmt.Errorf("%s: %w", side.name, err)
		}
		fmt.Println(found.line(side.name))
		if side == b.plain {
			before = found
			closeAll(sockets)
			continue
		}
		fmt.Printf("the gate adds %.1f KB for each socket, %.1f MB for all; idle CPU %+.2f %%; messages: ratio %.3f\n",
			(found.memory-before.memory)/1024, (found.memory-before.memory)*float64(len(sockets))/(1<<20),
			found.idle-before.idle, found.messages/before.messages)
		took, err := b.endAll(ctx, sockets)
		if err != nil {
			return err
		}
		fmt.Printf("all sessions ended: the last of %d sockets was cut %s after it was asked for\n", len(sockets), took.Round(time.Millisecond))
	}
	return nil
}

// signInPeople returns the cookies of as many sessions.
func (b *bench) signInPeople(ctx context.Context, side *target) ([]string, error) {
	cookies := []string{side.cookie}
	for len(cookies) < people {
		cookie, err := signIn(ctx, side, b.password)
		if err != nil {
			return nil, fmt.Errorf("signing in: %w", err)
		}
		cookies = append(cookies, cookie)
	}
	return cookies, nil
}

// stand opens the sockets through one side and measures.
func (b *bench) stand(ctx context.Context, side *target, cookies []string, o options) (sockets []*socket, s standing, err error) {
	before, err := side.usage(ctx)
	if err != nil {
		return nil, s, err
	}
	begun := time.Now()
	if sockets, err = openSockets(ctx, side, cookies, o.websockets); err != nil {
		return sockets, s, err
	}
	n := float64(len(sockets))
	s.open = time.Since(begun) / time.Duration(len(sockets))
	after, err := side.usage(ctx)
	if err != nil {
		return sockets, s, err
	}
	s.memory, s.goroutines = (after.memory-before.memory)/n, (after.goroutines-before.goroutines)/n
	if s.idle, err = side.process.idle(ctx, o.duration); err != nil {
		return sockets, s, err
	}
	for range pings {
		begun := time.Now()
		if err := sockets[rand.IntN(len(sockets))].ping(); err != nil {
			return sockets, s, err
		}
		s.latency = append(s.latency, time.Since(begun))
	}
	slices.Sort(s.latency)
	s.messages, err = talk(sockets, o.connections, o.duration)
	return sockets, s, err
}

func (s *standing) line(name string) string {
	return fmt.Sprintf("%-8s %8.0f µs %10.1f KB %17.1f %9.2f %% %9.0f µs, %6.0f µs %9.0f/s", name,
		float64(s.open.Microseconds()), s.memory/1024, s.goroutines, s.idle,
		float64(s.latency[len(s.latency)/2].Microseconds()), float64(s.latency[len(s.latency)*99/100].Microseconds()), s.messages)
}

// openSockets opens n of them, shared out among the cookies.
func openSockets(ctx context.Context, side *target, cookies []string, n int) ([]*socket, error) {
	sockets := make([]*socket, n)
	var next atomic.Int64
	err := each(min(opening, n), func() error {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			s, err := openSocket(ctx, side, cookies[i%len(cookies)])
			if err != nil {
				return fmt.Errorf("WebSocket %d: %w", i+1, err)
			}
			sockets[i] = s
		}
		return nil
	})
	return sockets, err
}

func closeAll(sockets []*socket) {
	for _, s := range sockets {
		if s != nil {
			s.conn.Close()
		}
	}
}

// talk keeps some of the sockets busy and returns messages per second.
func talk(sockets []*socket, connections int, d time.Duration) (float64, error) {
	connections = min(connections, len(sockets))
	var sent, worker atomic.Int64
	begun := time.Now()
	err := each(connections, func() error {
		first := int(worker.Add(1)) - 1
		for i := first; time.Since(begun) < d; i += connections {
			if i >= len(sockets) {
				i = first
			}
			if err := sockets[i].ping(); err != nil {
				return err
			}
			sent.Add(1)
		}
		return nil
	})
	return float64(sent.Load()) / time.Since(begun).Seconds(), err
}

// endAll revokes all sessions, and returns how long it took until no socket was open.
func (b *bench) endAll(ctx context.Context, sockets []*socket) (time.Duration, error) {
	gone := make(chan time.Time, len(sockets))
	for _, s := range sockets {
		go func() {
			_, _ = io.Copy(io.Discard, s.in)
			gone <- time.Now()
			s.conn.Close()
		}()
	}
	asked := time.Now()
	if err := b.revokeAll(ctx); err != nil {
		return 0, err
	}
	patience := time.After(time.Minute)
	var last time.Time
	for left := len(sockets); left > 0; left-- {
		select {
		case at := <-gone:
			if at.After(last) {
				last = at
			}
		case <-patience:
			return 0, fmt.Errorf("%d sockets are open a minute after their sessions ended", left)
		}
	}
	return last.Sub(asked), nil
}

func (b *bench) revokeAll(ctx context.Context) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+b.gated.admin+"/gatehouse/sessions/revoke", strings.NewReader(`{"all":true}`))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("revoking all sessions: %s", resp.Status)
	}
	return nil
}
