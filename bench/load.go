// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// load is a generator of requests.
type load struct {
	name string
	// drive keeps the connections busy for the duration and returns successful
	// requests per second. An answer other than 200 is an error.
	drive func(ctx context.Context, t *target, connections int, d time.Duration) (float64, error)
}

// chooseLoad prefers wrk: it takes less of the machine than a client in Go does,
// so that more of what is measured is the server.
func chooseLoad(name string) (load, error) {
	_, missing := exec.LookPath("wrk")
	switch {
	case name == "wrk" && missing != nil:
		return load{}, missing
	case name == "wrk", name == "" && missing == nil:
		return load{"wrk, 1 thread", driveWrk}, nil
	case name == "go", name == "":
		return load{"this program", driveGo}, nil
	}
	return load{}, fmt.Errorf("unknown load generator %q: \"wrk\" or \"go\"", name)
}

// browser are the headers that Firefox sends with a page it navigates to. The more a
// request holds, the more everything costs that is not the gate.
var browser = []string{
	"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
	"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
	"Accept-Language: de,en-US;q=0.7,en;q=0.3",
	"Accept-Encoding: gzip, deflate, br, zstd",
	"Upgrade-Insecure-Requests: 1",
	"Sec-Fetch-Dest: document",
	"Sec-Fetch-Mode: navigate",
	"Sec-Fetch-Site: same-origin",
	"Sec-Fetch-User: ?1",
	"Priority: u=0, i",
}

// headers returns what each request to the target says besides Host.
func (t *target) headers() []string {
	headers := []string{"Cookie: " + t.cookie}
	if t.bare {
		return headers
	}
	return append(headers, browser...)
}

var (
	wrkRate  = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkWrong = regexp.MustCompile(`(?m)^\s*(Non-2xx.*|Socket errors:.*)$`)
)

func driveWrk(ctx context.Context, t *target, connections int, d time.Duration) (float64, error) {
	seconds := max(1, int(d.Round(time.Second).Seconds()))
	args := []string{"-t1", "-c" + strconv.Itoa(connections), "-d" + strconv.Itoa(seconds) + "s", "-H", "Host: " + t.host}
	for _, h := range t.headers() {
		args = append(args, "-H", h)
	}
	out, err := exec.CommandContext(ctx, "wrk", append(args, "http://"+t.address+"/")...).CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("wrk: %w\n%s", err, out)
	}
	if wrong := wrkWrong.Find(out); wrong != nil {
		return 0, fmt.Errorf("wrk: %s", bytes.TrimSpace(wrong))
	}
	rate := wrkRate.FindSubmatch(out)
	if rate == nil {
		return 0, fmt.Errorf("wrk prints no rate:\n%s", out)
	}
	return strconv.ParseFloat(string(rate[1]), 64)
}

func driveGo(ctx context.Context, t *target, connections int, d time.Duration) (float64, error) {
	var served atomic.Int64
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	begin := time.Now()
	err := each(connections, func() error {
		return converse(ctx, t, request(t, t.headers()...), func(resp *http.Response) error {
			if resp.StatusCode != http.StatusOK {
				return fmt.Errorf("%s answered %s", t.name, resp.Status)
			}
			served.Add(1)
			return nil
		})
	})
	if errors.Is(err, context.DeadlineExceeded) {
		err = nil
	}
	return float64(served.Load()) / time.Since(begin).Seconds(), err
}

// each runs n of the same and returns the first error.
func each(n int, work func() error) error {
	var group sync.WaitGroup
	failed := make(chan error, n)
	for range n {
		group.Go(func() { failed <- work() })
	}
	group.Wait()
	close(failed)
	var first error
	for err := range failed {
		if err != nil && first == nil {
			first = err
		}
	}
	return first
}

func request(t *target, headers ...string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "GET / HTTP/1.1\r\nHost: %s\r\n", t.host)
	for _, h := range headers {
		fmt.Fprintf(&b, "%s\r\n", h)
	}
	b.WriteString("\r\n")
	return b.Bytes()
}

// converse sends one request after the other over one connection until see
// returns an error or the context ends; either is returned.
func converse(ctx context.Context, t *target, request []byte, see func(*http.Response) error) error {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	reader := bufio.NewReader(conn)
	for {
		if err := exchange(conn, reader, request, see); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		}
	}
}

func exchange(conn net.Conn, reader *bufio.Reader, request []byte, see func(*http.Response) error) error {
	if _, err := conn.Write(request); err != nil {
		return err
	}
	resp, err := http.ReadResponse(reader, nil)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	return see(resp)
}
