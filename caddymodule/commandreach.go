// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
)

// need says what a command asks of a store that no Caddy holds.
type need struct {
	// places means that it has to be known where the apps are.
	places bool
	// makes means that a store which is missing may be made.
	makes bool
}

// reach finds whoever can answer: the running Caddy if there is one, and otherwise
// this process, which then opens the store.
//
// The admin endpoint is always asked first, since a file that Caddy holds must not
// be opened. With --address nothing but the endpoint is asked. Where nobody
// listens, or what listens has no gatehouse, the store of the configuration is
// opened; its lock refuses that when some other Caddy has it. Where a gateway
// listens that keeps another store than the configuration says, it is not known which
// of the two is meant, and nothing is done.
func (w wish) reach(ctx context.Context, n need) (*client, error) {
	if w.address != "" {
		return newClient(w.address)
	}
	config, err := w.load()
	if err != nil {
		return nil, err
	}
	endpoint, running, err := findRunning(ctx, config)
	switch {
	case err != nil:
		return nil, err
	case config == nil && running == nil:
		return nil, fmt.Errorf("no Caddy with Gatehouse runs at %s, and there is no Caddyfile in this folder: name the configuration with --config, or the running Caddy with --address", caddy.DefaultAdminListen)
	case config == nil:
		return endpoint, nil
	}
	app, err := config.provision(n.places && running == nil)
	if err != nil {
		return nil, err
	}
	place, err := app.opener.Place()
	if err != nil {
		return nil, err
	}
	if running == nil {
		return app.clientOf(place, n)
	}
	if running.Store != place {
		return nil, fmt.Errorf("%s keeps its users in %s, but this configuration in %s: to mean the Caddy that runs, name it with --address; to mean the store of the configuration, give its Caddy an admin address of its own (global option admin), or stop the one that runs",
			endpoint.where, running.Store, place)
	}
	return endpoint, nil
}

// findRunning returns the gateway at the admin endpoint of the configuration, if one runs
// there.
func findRunning(ctx context.Context, config *configuration) (*client, *about, error) {
	address := caddy.DefaultAdminListen
	if config != nil && config.Admin != nil {
		if config.Admin.Disabled {
			return nil, nil, nil
		}
		if config.Admin.Listen != "" {
			address = config.Admin.Listen
		}
	}
	endpoint, err := newClient(address)
	if err != nil {
		return nil, nil, err
	}
	found, err := ask[about](ctx, endpoint, http.MethodGet, "", nil)
	var no *refused
	switch {
	case err == nil:
		return endpoint, &found, nil
	case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, fs.ErrNotExist):
		return nil, nil, nil
	case errors.As(err, &no) && no.status == http.StatusNotFound:
		return nil, nil, nil
	}
	return nil, nil, err
}

// configuration is what --config names, and not what runs.
type configuration struct{ *caddy.Config }

// load reads the configuration, nil when none is named and there is no Caddyfile.
func (w wish) load() (*configuration, error) {
	text, file, _, err := caddycmd.LoadConfig(w.config, w.adapter)
	if err != nil {
		return nil, fmt.Errorf("%w (--address speaks to a running Caddy whatever the configuration says)", err)
	}
	if file == "" {
		return nil, nil
	}
	config := new(caddy.Config)
	if err := caddy.StrictUnmarshalJSON(caddy.RemoveMetaFields(text), config); err != nil {
		return nil, fmt.Errorf("configuration %s: %w", file, err)
	}
	if config.AppsRaw["gatehouse"] == nil {
		return nil, fmt.Errorf("configuration %s has no global option gatehouse: name the right one with --config, or the running Caddy with --address", file)
	}
	return &configuration{config}, nil
}

// provision returns the gatehouse app of the configuration. Only that app is
// provisioned unless the whole is asked for: other apps open logs, make
// certificates and so on even when they are not going to run.
func (c *configuration) provision(whole bool) (*App, error) {
	config := &caddy.Config{AppsRaw: caddy.ModuleMap{"gatehouse": c.AppsRaw["gatehouse"]}}
	if whole {
		*config = *c.Config
	}
	config.Admin = &caddy.AdminConfig{Disabled: true}
	config.Logging = commandLogs()
	ctx, err := caddy.ProvisionContext(config)
	if err != nil {
		return nil, err
	}
	app, err := ctx.AppIfConfigured("gatehouse")
	if err != nil {
		return nil, err
	}
	return app.(*App), nil
}

// clientOf returns a client that opens the store and answers from it.
func (a *App) clientOf(place string, n need) (*client, error) {
	file, ok := a.opener.(*Bbolt)
	isNew := ok && file.isNew(place)
	if isNew && !n.makes {
		return nil, fmt.Errorf("there is no store %s yet: `caddy gatehouse user add` makes it, and so does Caddy when it starts", place)
	}
	here := &inProcess{open: func() (*operator, error) {
		if isNew {
			fmt.Fprintf(os.Stderr, "new store: %s\n", place)
		}
		return a.openOffline(n.places)
	}}
	return &client{RoundTripper: here, origin: "http://localhost", where: "the store " + place, close: a.tenancy.end}, nil
}

// quietLogs keeps what Caddy has to say about reading a configuration out of the
// output of a command.
func quietLogs() error {
	_, err := caddy.ProvisionContext(&caddy.Config{Admin: &caddy.AdminConfig{Disabled: true}, Logging: commandLogs()})
	return err
}

// commandLogs shows warnings and the audit lines of what a command does without a
// running Caddy, which would have logged them.
func commandLogs() *caddy.Logging {
	encoder := json.RawMessage(`{"format":"console","level_format":"upper"}`)
	return &caddy.Logging{Logs: map[string]*caddy.CustomLog{
		"default": {BaseLog: caddy.BaseLog{Level: "WARN", EncoderRaw: encoder}, Exclude: []string{"gatehouse.audit"}},
		"audit":   {BaseLog: caddy.BaseLog{Level: "INFO", EncoderRaw: encoder}, Include: []string{"gatehouse.audit"}},
	}}
}
