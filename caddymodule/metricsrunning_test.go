// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/caddyserver/caddy/v2"

	"github.com/gatehouse-sso/gatehouse/caddymodule"
)

// After a reload that was refused, Caddy's admin endpoint has the registry of the
// configuration that does not run. What runs shows there all the same, with the
// counters that it had.
func TestMetricsAtTheAdminEndpointOutliveARefusedReload(t *testing.T) {
	g := serve(t)
	refused := func(change func(*caddy.Config)) {
		c := config(t, gateway(g.port, "store bbolt "+g.file, "public /open"))
		c.Admin.Disabled, c.Admin.Listen = false, fmt.Sprintf("127.0.0.1:%d", g.desk)
		change(c)
		if err := caddy.Run(c); err == nil {
			t.Fatal("a wrong configuration runs")
		}
	}
	shows := func(when string, passed int) {
		t.Helper()
		ask(t, g.port, "wiki.localhost", "/open")
		_, body := ask(t, g.desk, "127.0.0.1", "/metrics")
		for _, want := range []string{
			fmt.Sprintf(`gatehouse_gate_decisions_total{app="wiki",decision="passed"} %d`, passed),
			"gatehouse_store_size_bytes ",
			"gatehouse_sessions_live 0",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("%s: there is no %q", when, want)
			}
		}
	}
	shows("at first", 1)
	refused(func(c *caddy.Config) { c.AppsRaw["http"] = []byte(`{"servers": 1}`) })
	shows("refused when read", 2)
	refused(func(c *caddy.Config) { delete(c.AppsRaw, "gatehouse"); c.AppsRaw["nonsense"] = []byte(`{}`) })
	shows("refused without a gatehouse", 3)
	refused(func(c *caddy.Config) { c.AppsRaw["gatehouse"] = []byte(`{"portal": "http://elsewhere.localhost"}`) })
	shows("refused at the start", 4)
	g.load("public /open")
	shows("after a good one", 5)
}

// The admin endpoint listens before the first configuration runs: that is not the
// answer of a Caddy without a gatehouse, which would let a command open the store.
func TestTheAPISaysThatCaddyIsStarting(t *testing.T) {
	err := new(caddymodule.AdminAPI).Routes()[0].Handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/gatehouse/", nil))
	answer, ok := err.(caddy.APIError)
	if !ok || answer.HTTPStatus != http.StatusServiceUnavailable || !strings.Contains(answer.Err.Error(), "starting") {
		t.Errorf("got %v", err)
	}
}
