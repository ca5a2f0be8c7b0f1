// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"strings"

	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	"github.com/spf13/cobra"
)

func init() {
	caddycmd.RegisterCommand(caddycmd.Command{
		Name:  "gatehouse",
		Short: "Manages the users, sessions and keys of the login gateway",
		Long: `
Manages the users, sessions and keys of the login gateway.

The commands ask the running Caddy, at the admin endpoint that the configuration
names (--config, by default the Caddyfile in this folder) or that --address names.
When none is running they open the store of the configuration themselves.`,
		CobraFunc: buildCommands,
	})
}

// buildCommands hangs all commands below `caddy gatehouse`.
func buildCommands(root *cobra.Command) {
	family(root,
		family(&cobra.Command{Use: "user", Short: "Adds, changes, lists and removes users"}, userCommands()...),
		family(&cobra.Command{Use: "session", Short: "Lists sessions and ends them"}, sessionCommands()...),
		family(&cobra.Command{Use: "key", Short: "Lists, rotates and exports signing keys"}, keyCommands()...),
		family(&cobra.Command{Use: "token", Short: "Makes, reads, changes and ends tokens of the token service"}, tokenCommands()...),
		explainCommand(), doctorCommand(), backupCommand(), restoreCommand(), initCommand(),
	)
}

// family gives a command the commands below it. Cobra takes a wrong word there for
// an argument and shows the help as if nothing were wrong.
func family(parent *cobra.Command, children ...*cobra.Command) *cobra.Command {
	parent.AddCommand(children...)
	parent.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var known []string
		for _, child := range cmd.Commands() {
			known = append(known, child.Name())
		}
		return unknown("command", args[0], known)
	}
	parent.SilenceUsage = true
	// Flags belong to the commands below. After a wrong word there, the word is the
	// mistake, and not the flag behind it.
	parent.FParseErrWhitelist.UnknownFlags = true
	return parent
}

// wish is what every command needs to know: where to do its work.
type wish struct {
	config, adapter, address string
}

// newCommand returns a command with the flags that all have. `use` begins with its
// name; do is given the connection and ends with what the command prints.
func newCommand(use, short string, args int, do func(*cobra.Command, wish, []string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, SilenceUsage: true,
		Args: func(cmd *cobra.Command, words []string) error { return checkArgs(cmd, words, args) },
	}
	var w wish
	flags := cmd.Flags()
	flags.StringVarP(&w.config, "config", "c", "", "Configuration file (default: Caddyfile, when there is one)")
	flags.StringVarP(&w.adapter, "adapter", "a", "", "Name of config adapter to apply (when --config is used)")
	flags.StringVarP(&w.address, "address", "", "", "The address of the running Caddy's admin endpoint; only that is asked then")
	cmd.RunE = func(cmd *cobra.Command, words []string) error {
		if err := quietLogs(); err != nil {
			return err
		}
		return do(cmd, w, words)
	}
	return cmd
}

// checkArgs says what a command takes when it was given something else.
func checkArgs(cmd *cobra.Command, words []string, n int) error {
	if len(words) == n || n < 0 {
		return nil
	}
	return usageError("write: " + usage(cmd))
}

// usageError is about how a command was written.
type usageError string

func (e usageError) Error() string { return string(e) }

// usage returns the one line that says how a command is written.
func usage(cmd *cobra.Command) string { return strings.TrimSuffix(cmd.UseLine(), " [flags]") }
