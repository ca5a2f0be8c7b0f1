// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/spf13/cobra"
)

// listCommand returns a command that shows a list: aligned for people, an array for
// programs.
func listCommand[T any](use, short string, n need, list func(context.Context, *client) ([]T, error), head string, row func(T) []string) *cobra.Command {
	var asJSON bool
	cmd := newCommand(use, short, 0, func(cmd *cobra.Command, w wish, _ []string) error {
		return w.with(cmd.Context(), n, func(c *client) error {
			entries, err := list(cmd.Context(), c)
			if err != nil {
				return err
			}
			if asJSON {
				return printJSON(cmd.OutOrStdout(), entries)
			}
			rows := make([][]string, len(entries))
			for i, entry := range entries {
				rows[i] = row(entry)
			}
			return printTable(cmd.OutOrStdout(), head, rows)
		})
	})
	jsonFlag(cmd, &asJSON)
	return cmd
}

func jsonFlag(cmd *cobra.Command, asJSON *bool) {
	cmd.Flags().BoolVar(asJSON, "json", false, "Print JSON, for programs")
}

func printJSON(w io.Writer, value any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(value)
}

func printTable(w io.Writer, head string, rows [][]string) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, head)
	for _, row := range rows {
		for i := range row {
			row[i] = cell(row[i])
		}
		fmt.Fprintln(table, strings.Join(row, "\t"))
	}
	return table.Flush()
}

// cell returns a text as a table shows it. Some of it is what browsers have sent:
// nothing of that may move the cursor or turn the writing around.
func cell(text string) string {
	if text == "" {
		return "-"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text)
}

// cut returns the first n characters of a text.
func cut(text string, n int) string {
	if signs := []rune(text); len(signs) > n {
		return string(signs[:n-1]) + "…"
	}
	return text
}

// when returns a moment as people say it: the time today, the day otherwise.
func when(t, now time.Time) string {
	if t.IsZero() {
		return "never"
	}
	t, now = t.Local(), now.Local()
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return t.Format("15:04")
	case t.Year() == now.Year():
		return t.Format("2 Jan 15:04")
	}
	return t.Format("2006-01-02")
}
