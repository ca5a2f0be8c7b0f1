// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package test_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
)

// dial opens a connection of HTTP/1.1 to an https host of the gateway.
func (g *gateway) dial(t *testing.T, host string) net.Conn {
	t.Helper()
	dialer := tls.Dialer{Config: &tls.Config{ServerName: host, InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}}}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(g.https)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// exchange sends bytes, which no client library would send, and reads the answer.
// A connection that is closed without one is an answer with status 0.
func (g *gateway) exchange(t *testing.T, host, request string) *page {
	t.Helper()
	conn := g.dial(t, host)
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	method, _, _ := strings.Cut(request, " ")
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: method})
	if err != nil {
		return &page{url: &url.URL{Scheme: "https", Host: host}, header: http.Header{}}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return &page{method: method, url: &url.URL{Scheme: "https", Host: host}, status: response.StatusCode, header: response.Header, body: string(body), proto: 1}
}

// head is the beginning of a GET that a browser with this cookie sends when a
// person navigates; the test adds lines and the empty one.
func head(host, path, token string) string {
	lines := fmt.Sprintf("GET %s HTTP/1.1\r\nHost: %s\r\nAccept: text/html\r\n", path, host)
	if token != "" {
		lines += "Cookie: __Host-gatehouse=" + token + "\r\n"
	}
	return lines
}

// metric returns the sum of a metric over its labels.
func (g *gateway) metric(t *testing.T, name string) (sum float64) {
	t.Helper()
	response := g.admin("/metrics")
	defer response.Body.Close()
	found := false
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		series, value, _ := strings.Cut(lines.Text(), " ")
		if base, _, _ := strings.Cut(series, "{"); base != name {
			continue
		}
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			continue // a label with a blank in it is not ours
		}
		found, sum = true, sum+n
	}
	if !found {
		t.Fatalf("no metric %s", name)
	}
	return sum
}

// settled waits until what earlier requests left to write is written: last-seen
// times follow at most a second later.
func (g *gateway) settled(t *testing.T) {
	t.Helper()
	last, since := -1.0, time.Now()
	g.eventually("the store is idle", func() bool {
		now := g.metric(t, "gatehouse_store_writes_total")
		if now != last {
			last, since = now, time.Now()
		}
		return time.Since(since) > 1500*time.Millisecond
	})
}

// switchProtocols sends a request for another protocol and returns the status of
// the answer.
func (g *gateway) switchProtocols(t *testing.T, request string) int {
	t.Helper()
	conn := g.dial(t, "wiki.example.org")
	defer conn.Close()
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	status, err := bufio.NewReader(conn).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(status)
	if len(fields) < 2 {
		t.Fatalf("answered %q", status)
	}
	code, err := strconv.Atoi(fields[1])
	if err != nil {
		t.Fatal(err)
	}
	return code
}
