// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sso/gatehouse/internal/doctor"
)

func doctorCommand() *cobra.Command {
	var (
		options doctor.Options
		asJSON  bool
	)
	cmd := newCommand("doctor", "Compares the configuration with the running world, and says what is not well", 0, func(cmd *cobra.Command, w wish, _ []string) error {
		findings, err := w.diagnose(cmd.Context(), options)
		if err != nil {
			findings = []doctor.Finding{{Check: "configuration", Status: doctor.Fail, Text: err.Error()}}
		}
		if asJSON {
			err = printJSON(cmd.OutOrStdout(), findings)
		} else {
			err = printFindings(cmd.OutOrStdout(), findings)
		}
		if n := doctor.Failed(findings); err == nil && n > 0 {
			return fmt.Errorf("not well: %d", n)
		}
		return err
	})
	cmd.Flags().BoolVar(&options.ProbeIdentity, "probe-identity", false,
		"Ask apps around their gates under a forged name that nobody has; an app that makes accounts by itself makes one")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// printFindings prints a line for each.
func printFindings(w io.Writer, findings []doctor.Finding) error {
	var rows [][]string
	for _, f := range findings {
		status := string(f.Status)
		if f.Status == doctor.Fail {
			status = strings.ToUpper(status)
		}
		text := f.Text
		if f.Remedy != "" {
			text += ". To do: " + f.Remedy
		}
		rows = append(rows, []string{status, f.Check, f.Subject, text})
	}
	return printTable(w, "STATUS\tCHECK\tOF\tWHAT", rows)
}

// diagnose asks the gateway that runs what it knows, or reads the configuration when
// none does, and examines the world from here.
func (w wish) diagnose(ctx context.Context, options doctor.Options) ([]doctor.Finding, error) {
	config, running := (*configuration)(nil), true
	if w.address == "" {
		var err error
		if config, err = w.load(); err != nil {
			return nil, err
		}
		_, about, err := findRunning(ctx, config)
		if err != nil {
			return nil, err
		}
		running = about != nil
	}
	if config != nil && !running {
		facts, err := config.facts(ctx)
		if err != nil {
			return nil, err
		}
		return doctor.Examine(ctx, doctor.Network{}, facts, options), nil
	}
	var findings []doctor.Finding
	err := w.with(ctx, need{}, func(c *client) error {
		facts, err := ask[doctor.Facts](ctx, c, http.MethodGet, "doctor", nil)
		if err != nil {
			return err
		}
		facts.Running = true
		c.lookForProxies(ctx, facts.Apps)
		findings = append(doctor.Examine(ctx, doctor.Network{}, facts, options), c.admin())
		return nil
	})
	return findings, err
}

// admin judges who can reach the admin endpoint.
func (c *client) admin() doctor.Finding {
	f := doctor.Finding{Check: "admin", Subject: strings.TrimPrefix(c.where, "the Caddy at "), Status: doctor.OK, Text: "a unix socket: whoever may open it commands the gateway"}
	if c.named {
		f.Status, f.Text = doctor.Warn, "every program that reaches this address commands the gateway, apps included"
		f.Remedy = "write admin unix//run/caddy/admin.sock|0600 into the global options"
	}
	return f
}

// lookForProxies asks a running Caddy which servers trust proxies. That is in its
// configuration, and a module cannot see it once it is loaded.
func (c *client) lookForProxies(ctx context.Context, apps []doctor.App) {
	for _, app := range apps {
		for i := range app.Places {
			place := &app.Places[i]
			if trusts, err := c.trusts(ctx, place.Server); err != nil || trusts {
				// What is not known is not complained of.
				place.TrustsProxies = true
			}
		}
	}
}

func (c *client) trusts(ctx context.Context, server string) (bool, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.origin+"/config/apps/http/servers/"+url.PathEscape(server), nil)
	if err != nil {
		return false, err
	}
	if c.named {
		r.Header.Set("Origin", c.origin)
	}
	answer, err := c.RoundTrip(r)
	if err != nil {
		return false, err
	}
	defer answer.Body.Close()
	var told struct {
		Proxies json.RawMessage `json:"trusted_proxies"`
	}
	if answer.StatusCode != http.StatusOK {
		return false, fmt.Errorf("%s answered %q", c.where, answer.Status)
	}
	if err := json.NewDecoder(answer.Body).Decode(&told); err != nil {
		return false, err
	}
	return len(told.Proxies) > 0 && string(told.Proxies) != "null", nil
}

// facts returns what a configuration that does not run says, and how its store is.
func (c *configuration) facts(ctx context.Context) (doctor.Facts, error) {
	trusting, err := trustingServers(c.AppsRaw["http"])
	if err != nil {
		return doctor.Facts{}, err
	}
	app, err := c.provision(true)
	if err != nil {
		return doctor.Facts{}, err
	}
	if app.town, err = app.locate(); err != nil {
		return doctor.Facts{}, err
	}
	facts, err := app.storeAtRest(ctx)
	if err != nil {
		return doctor.Facts{}, err
	}
	facts.Portal = app.Portal
	if facts.Apps, err = app.town.facts(); err != nil {
		return doctor.Facts{}, err
	}
	for _, told := range facts.Apps {
		for i := range told.Places {
			told.Places[i].TrustsProxies = told.Places[i].TrustsProxies || trusting[told.Places[i].Server]
		}
	}
	return facts, nil
}

// storeAtRest opens the store of a configuration that does not run, and tells how it
// is. It makes none.
func (a *App) storeAtRest(ctx context.Context) (facts doctor.Facts, err error) {
	place, err := a.opener.Place()
	if err != nil {
		return facts, err
	}
	facts = doctor.Facts{Now: time.Now(), Store: storeFacts(place)}
	if file, ok := a.opener.(*Bbolt); ok && file.isNew(place) {
		facts.Store.Missing = true
		return facts, nil
	}
	defer func() {
		if closed := a.tenancy.end(); err == nil {
			err = closed
		}
	}()
	o, err := a.openOffline(false)
	if err != nil {
		facts.Store.Error = err.Error()
		return facts, nil
	}
	return o.facts(ctx, nil)
}

// trustingServers returns the servers of a configuration of the http app that trust
// proxies.
func trustingServers(raw json.RawMessage) (map[string]bool, error) {
	var http struct {
		Servers map[string]struct {
			Proxies json.RawMessage `json:"trusted_proxies"`
		} `json:"servers"`
	}
	if len(raw) > 0 {
		if err := json.Unmarshal(raw, &http); err != nil {
			return nil, fmt.Errorf("configuration of http: %w", err)
		}
	}
	trusting := map[string]bool{}
	for name, server := range http.Servers {
		trusting[name] = len(server.Proxies) > 0
	}
	return trusting, nil
}
