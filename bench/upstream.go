// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"net/http"
	"os"
	"strings"
	"time"
)

// answer is what the upstream serves, and what Caddy serves with -respond.
var answer = strings.Repeat("gatehouse bench ", 16)

// nginxConfig serves the same where nginx is installed.
const nginxConfig = `daemon off;
worker_processes 1;
pid DIR/nginx.pid;
events { worker_connections 1024; }
http {
	access_log off;
	keepalive_requests 100000000;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	server {
		listen ADDRESS;
		location / {
			default_type text/plain;
			return 200 "ANSWER";
		}
	}
}
`

// addressVariable tells the child that is the upstream where to listen.
const addressVariable = "BENCH_UPSTREAM"

// serveUpstream answers every request with 256 bytes, or echoes what is said to a WebSocket,
// until it is interrupted.
func serveUpstream(ctx context.Context) error {
	body := []byte(answer)
	server := &http.Server{
		Addr:              os.Getenv(addressVariable),
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/socket" {
				echo(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write(body)
		}),
	}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); err != http.ErrServerClosed {
		return err
	}
	return nil
}
