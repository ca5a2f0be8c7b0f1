// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/keyring"
)

const keyHead = "KEY\tALGORITHM\tSTATE\tMADE\tSIGNS SINCE\tLEAVES"

func keyCommands() []*cobra.Command {
	return []*cobra.Command{
		listCommand("list", "Lists signing keys", need{}, func(ctx context.Context, c *client) ([]keyring.KeyInfo, error) {
			return ask[[]keyring.KeyInfo](ctx, c, http.MethodGet, "keys", nil)
		}, keyHead, keyRow),
		keyRotateCommand(),
		newCommand("export", "Prints the public keys as a JWK Set, for verifiers that cannot fetch it", 0, func(cmd *cobra.Command, w wish, _ []string) error {
			return w.with(cmd.Context(), need{}, func(c *client) error {
				set, err := ask[json.RawMessage](cmd.Context(), c, http.MethodGet, "keys/export", nil)
				if err != nil {
					return err
				}
				return printJSON(cmd.OutOrStdout(), set)
			})
		}),
	}
}

func keyRotateCommand() *cobra.Command {
	var drop bool
	cmd := newCommand("rotate [ALGORITHM…]", "Lets the next keys sign at once; the ones before stay good for what they have signed", -1,
		func(cmd *cobra.Command, w wish, words []string) error {
			return w.with(cmd.Context(), need{}, func(c *client) error {
				keys, err := ask[[]keyring.KeyInfo](cmd.Context(), c, http.MethodPost, "keys/rotate", admin.KeyRotation{Algorithms: words, Drop: drop})
				if err != nil {
					return err
				}
				rows := make([][]string, len(keys))
				for i, key := range keys {
					rows[i] = keyRow(key)
				}
				return printTable(cmd.OutOrStdout(), keyHead, rows)
			})
		})
	cmd.Flags().BoolVar(&drop, "drop", false, "The keys were stolen: fresh ones sign, and those before leave the JWKS at once, the next ones too")
	return cmd
}

func keyRow(k keyring.KeyInfo) []string {
	now := time.Now()
	known := func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return when(t, now)
	}
	return []string{k.KID, string(k.Algorithm), string(k.State), known(k.Created), known(k.SignsSince), known(k.LeavesAt)}
}
