// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
)

// socket is an open WebSocket.
type socket struct {
	conn net.Conn
	in   *bufio.Reader
}

const socketKey = "dGhlIHNhbXBsZSBub25jZQ==" // that of RFC 6455, section 1.3

// openSocket shakes hands (RFC 6455, section 4.1).
func openSocket(ctx context.Context, t *target, cookie string) (*socket, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", t.address)
	if err != nil {
		return nil, err
	}
	s := &socket{conn, bufio.NewReaderSize(conn, 512)}
	if err := s.shakeHands(t, cookie); err != nil {
		conn.Close()
		return nil, err
	}
	return s, nil
}

func (s *socket) shakeHands(t *target, cookie string) error {
	_, err := fmt.Fprintf(s.conn, "GET /socket HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nOrigin: http://%s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n", t.host, cookie, t.host, socketKey)
	if err != nil {
		return err
	}
	resp, err := http.ReadResponse(s.in, nil)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols || resp.Header.Get("Sec-WebSocket-Accept") != accept(socketKey) {
		return fmt.Errorf("answered %s", resp.Status)
	}
	return nil
}

// accept is the server's part of the handshake (RFC 6455, section 4.2.2).
func accept(key string) string {
	sum := sha1.Sum([]byte(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// message is a text of 16 bytes in one frame of a client, with a mask of zeros
// (RFC 6455, section 5.2).
var message = append([]byte{0x81, 0x80 | 16, 0, 0, 0, 0}, "gatehouse bench "...)

// ping says something and waits for the echo.
func (s *socket) ping() error {
	if _, err := s.conn.Write(message); err != nil {
		return err
	}
	_, err := s.in.Discard(len(message) - 4) // a server's frame has no mask
	return err
}

// echo is the other end: it takes the messages above and sends them back.
func echo(w http.ResponseWriter, r *http.Request) {
	conn, in, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		accept(r.Header.Get("Sec-WebSocket-Key")))
	frame := make([]byte, len(message))
	for err == nil {
		if _, err = io.ReadFull(in, frame); err == nil {
			_, err = conn.Write(append([]byte{frame[0], frame[1] &^ 0x80}, frame[6:]...))
		}
	}
}
