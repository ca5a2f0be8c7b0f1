// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

func backupCommand() *cobra.Command {
	return newCommand("backup FILE", "Writes users, keys and settings to a new file; no sessions, and not the sealing key", 1,
		func(cmd *cobra.Command, w wish, words []string) error {
			return w.with(cmd.Context(), need{}, func(c *client) error {
				answer, err := c.send(cmd.Context(), http.MethodGet, "backup", nil)
				if err != nil {
					return err
				}
				defer answer.Body.Close()
				if err := saveNew(words[0], answer.Body); err != nil {
					return err
				}
				fmt.Fprintf(cmd.OutOrStdout(), "backup written to %s, users: %s\n", words[0], answer.Header.Get(backupUsers))
				if key := answer.Header.Get(backupKey); key != "" {
					fmt.Fprintf(cmd.OutOrStdout(), "It opens only with the sealing key %s: keep a copy of that too, in another place.\n", key)
				}
				return nil
			})
		})
}

// saveNew writes a file that only its owner may read, and replaces none. A file is
// there in full or not at all.
func saveNew(path string, from io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return fmt.Errorf("%s is there already: name a new file", path)
	}
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	if err = errors.Join(err, file.Sync(), file.Close()); err != nil {
		return errors.Join(fmt.Errorf("writing %s: %w", path, err), os.Remove(path))
	}
	return nil
}

func restoreCommand() *cobra.Command {
	var force bool
	cmd := newCommand("restore FILE", "Makes the store from a backup, while Caddy is stopped", 1,
		func(cmd *cobra.Command, w wish, words []string) error {
			file, err := w.stopped()
			if err != nil {
				return err
			}
			r, err := file.restore(cmd.Context(), words[0], force, time.Now())
			if err != nil {
				return err
			}
			printRestored(cmd.OutOrStdout(), r)
			return nil
		})
	cmd.Flags().BoolVar(&force, "force", false, "Restore although there is a store; it is kept aside")
	return cmd
}

func printRestored(w io.Writer, r restored) {
	fmt.Fprintf(w, "%s restored as of %s, users: %d. Everybody has to sign in again, and new keys sign.\n",
		r.store, r.Made.Local().Format("2 Jan 2006 15:04"), r.Users)
	if len(r.aside) == 0 {
		fmt.Fprintln(w, "Whoever was disabled or removed since then is as before: look at `caddy gatehouse user list`.")
	} else {
		fmt.Fprintf(w, "The store from before is %s\n", strings.Join(r.aside, ", "))
	}
	if len(r.enabled) > 0 {
		fmt.Fprintf(w, "These were disabled or removed since then and can sign in AGAIN: %s\n", strings.Join(r.enabled, " "))
	}
}

func initCommand() *cobra.Command {
	var anew bool
	cmd := newCommand("init", "Makes a fresh link for the first account", 0, func(cmd *cobra.Command, w wish, _ []string) error {
		if anew {
			return beginAnew(cmd, w)
		}
		return w.with(cmd.Context(), need{}, func(c *client) error {
			link, err := ask[setupLink](cmd.Context(), c, http.MethodPost, "setup", nothing{})
			if err != nil {
				return err
			}
			printSetup(cmd.OutOrStdout(), link)
			return nil
		})
	})
	cmd.Flags().BoolVar(&anew, "new", false, "Begin anew without the users there were, while Caddy is stopped; what is there is kept aside")
	return cmd
}

// printSetup shows the link itself to a person, and where it is to everything else:
// what a command prints elsewhere is kept, and read by others.
func printSetup(w io.Writer, link setupLink) {
	until := link.Expires.Local().Format("15:04")
	if text, err := os.ReadFile(link.File); err == nil && term.IsTerminal(int(os.Stdout.Fd())) {
		fmt.Fprintf(w, "Open this link before %s to make the first account:\n%s", until, text)
		return
	}
	fmt.Fprintf(w, "Open the link in %s before %s to make the first account.\n", link.File, until)
}

func beginAnew(cmd *cobra.Command, w wish) error {
	file, err := w.stopped()
	if err != nil {
		return err
	}
	moved, err := file.beginAnew(time.Now())
	for _, name := range moved {
		fmt.Fprintf(cmd.OutOrStdout(), "kept aside: %s\n", name)
	}
	if err != nil {
		return err
	}
	fmt.Fprintln(cmd.OutOrStdout(), "Start Caddy: it begins with no users and makes a link for the first account.")
	return nil
}

// stopped returns the store file of the configuration for a command that replaces it.
// That no Caddy holds it shows when it is opened.
func (w wish) stopped() (*Bbolt, error) {
	if w.address != "" {
		return nil, usageError("this replaces the store file, which no running Caddy can do: stop it, and name its configuration with --config")
	}
	config, err := w.load()
	if err != nil {
		return nil, err
	}
	if config == nil {
		return nil, usageError("there is no Caddyfile in this folder: name the configuration with --config")
	}
	app, err := config.provision(false)
	if err != nil {
		return nil, err
	}
	file, ok := app.opener.(*Bbolt)
	if !ok {
		return nil, errors.New("this is for a store of the kind bbolt, and the configuration has another")
	}
	return file, nil
}
