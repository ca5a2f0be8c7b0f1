// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
)

func explainCommand() *cobra.Command {
	var (
		user, method, from string
		asJSON             bool
	)
	cmd := newCommand("explain URL|REQUEST-ID", "Says which rule lets a request in or turns it away, or why one was refused", 1, func(cmd *cobra.Command, w wish, words []string) error {
		if !strings.Contains(words[0], "/") {
			return explainRequest(cmd, w, words[0], asJSON)
		}
		return w.with(cmd.Context(), need{places: true}, func(c *client) error {
			path := withQuery("explain", "url", words[0], "user", user, "method", method, "address", from)
			e, err := ask[admin.Explanation](cmd.Context(), c, http.MethodGet, path, nil)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), e)
			}
			return printExplanation(cmd.OutOrStdout(), e)
		})
	})
	cmd.Flags().StringVar(&user, "user", "", "Who is signed in (default: nobody)")
	cmd.Flags().StringVar(&method, "method", "", "The request's method (default: GET)")
	cmd.Flags().StringVar(&from, "client", "", "The client's IP address (default: not known)")
	jsonFlag(cmd, &asJSON)
	return cmd
}

// explainRequest says why a request was refused whose ID somebody has read off a page.
func explainRequest(cmd *cobra.Command, w wish, id string, asJSON bool) error {
	return w.with(cmd.Context(), need{}, func(c *client) error {
		r, err := ask[audit.Refusal](cmd.Context(), c, http.MethodGet, withQuery("refusals", "request", id), nil)
		if err != nil {
			return err
		}
		if asJSON {
			return printJSON(cmd.OutOrStdout(), r)
		}
		return printTable(cmd.OutOrStdout(), "WHEN\tWHAT\tAPP\tUSER\tFROM\tWHY", [][]string{
			{r.Time.Local().Format(time.DateTime), string(r.Kind), r.App, r.User, r.Address, r.Reason},
		})
	})
}

func printExplanation(w io.Writer, e admin.Explanation) error {
	who := e.User
	if who == "" {
		who = "nobody"
	}
	fmt.Fprintf(w, "app %s: %s %s as %s\n", e.App, cell(e.Method), cell(e.Path), who)
	if e.Note != "" {
		fmt.Fprintln(w, e.Note)
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, line := range e.Lines {
		mark := "no"
		switch {
		case line.Decides:
			mark = "=>"
		case line.Fits:
			mark = "yes"
		}
		rows = append(rows, []string{mark, line.Text, line.Why, line.Source})
	}
	return printTable(w, "FITS\tRULE\tWHY\tWRITTEN IN", rows)
}
