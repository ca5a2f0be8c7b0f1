// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/store"
)

// maxAgent is how much a list shows of what a browser calls itself.
const maxAgent = 60

func sessionCommands() []*cobra.Command {
	return []*cobra.Command{sessionListCommand(), sessionRevokeCommand()}
}

func sessionListCommand() *cobra.Command {
	var user, app string
	cmd := listCommand("list", "Lists who is signed in", need{places: true}, func(ctx context.Context, c *client) ([]admin.Session, error) {
		return ask[[]admin.Session](ctx, c, http.MethodGet, withQuery("sessions", "user", user, "app", app), nil)
	}, "ID\tUSER\tSIGNED IN\tLAST SEEN\tEXPIRES\tAPPS\tADDRESS\tBROWSER", sessionRow)
	cmd.Flags().StringVar(&user, "user", "", "Only the sessions of this user")
	cmd.Flags().StringVar(&app, "app", "", "Only sessions that are signed in at this app")
	return cmd
}

func sessionRow(s admin.Session) []string {
	now := time.Now()
	expires := when(s.Expires, now)
	if s.Ending {
		expires = "ending"
	}
	user := s.User
	if s.Via != "" {
		user += " (by " + s.Via + ")"
	}
	return []string{
		s.ID.String(), user, when(s.Created, now), when(s.Seen, now), expires,
		strings.Join(s.Apps, ","), s.Address, cut(s.Agent, maxAgent),
	}
}

func sessionRevokeCommand() *cobra.Command {
	var r admin.Revocation
	cmd := newCommand("revoke [ID]", "Ends one session, those of a user, or all", -1, func(cmd *cobra.Command, w wish, words []string) (err error) {
		named := len(words)
		if r.User != "" {
			named++
		}
		if r.All {
			named++
		}
		if named != 1 {
			return usageError("write: caddy gatehouse session revoke ID, or --user NAME, or --all")
		}
		if len(words) == 1 {
			if r.ID, err = store.ParseID(words[0]); err != nil {
				return fmt.Errorf("%q is not the ID of a session, as `caddy gatehouse session list` shows it: %w", words[0], err)
			}
		}
		return w.with(cmd.Context(), need{}, func(c *client) error {
			revoked, err := ask[admin.Revoked](cmd.Context(), c, http.MethodPost, "sessions/revoke", r)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "sessions ended: %d\n", revoked.SessionsEnded)
			return nil
		})
	})
	cmd.Flags().StringVar(&r.User, "user", "", "End all sessions of this user")
	cmd.Flags().BoolVar(&r.All, "all", false, "End the sessions of everybody")
	return cmd
}
