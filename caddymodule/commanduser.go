// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/spf13/cobra"

	"github.com/gatehouse-sso/gatehouse/internal/admin"
)

func userCommands() []*cobra.Command {
	return []*cobra.Command{
		userAddCommand(), userSetCommand(), userListCommand(), userPasswdCommand(),
		userNameCommand("disable", "disabled", "Keeps a user from signing in and ends their sessions"),
		userNameCommand("enable", "enabled", "Lets a disabled or removed user in again"),
		userNameCommand("unlock", "unlocked", "Forgets wrong passwords, so that a user can try again at once"),
		userRemoveCommand(),
	}
}

func userAddCommand() *cobra.Command {
	var (
		user       admin.NewUser
		attributes []string
		stdin      bool
	)
	cmd := newCommand("add NAME", "Adds a user", 1, func(cmd *cobra.Command, w wish, words []string) error {
		user.Name = words[0]
		var err error
		if user.Attributes, err = parseAttributes(attributes); err != nil {
			return err
		}
		return w.with(cmd.Context(), need{makes: true}, func(c *client) (err error) {
			if user.Password, err = newPassword(stdin); err != nil {
				return err
			}
			return changeUser(cmd, c, "users/add", user, "added")
		})
	})
	cmd.Flags().StringVar(&user.FullName, "name", "", "The person's name, as apps show it")
	cmd.Flags().StringVar(&user.Email, "email", "", "E-mail address")
	cmd.Flags().StringArrayVar(&user.Groups, "group", nil, "A group; repeat it for several")
	cmd.Flags().StringArrayVar(&attributes, "attr", nil, "An attribute, KEY=VALUE; repeat it for several")
	passwordFlag(cmd, &stdin)
	return cmd
}

func userSetCommand() *cobra.Command {
	var (
		fullName, email    string
		groups, attributes []string
		noGroups           bool
	)
	cmd := newCommand("set NAME", "Changes name, e-mail address, groups and attributes; what is not given stays as it is", 1,
		func(cmd *cobra.Command, w wish, words []string) error {
			edit := admin.UserEdit{Name: words[0]}
			flags := cmd.Flags()
			if flags.Changed("name") {
				edit.FullName = &fullName
			}
			if flags.Changed("email") {
				edit.Email = &email
			}
			if len(groups) > 0 {
				edit.Groups = &groups
			}
			if noGroups {
				edit.Groups = new([]string{}) // an empty list: null would leave the groups as they are
			}
			var err error
			if edit.Attributes, err = parseAttributes(attributes); err != nil {
				return err
			}
			switch {
			case len(groups) > 0 && noGroups:
				return usageError("--group and --no-groups contradict each other")
			case edit.FullName == nil && edit.Email == nil && edit.Groups == nil && edit.Attributes == nil:
				return usageError("nothing to set: give --name, --email, --group, --no-groups or --attr")
			}
			return w.with(cmd.Context(), need{}, func(c *client) error {
				return changeUser(cmd, c, "users/set", edit, "changed")
			})
		})
	cmd.Flags().StringVar(&fullName, "name", "", "The person's name, as apps show it; empty for none")
	cmd.Flags().StringVar(&email, "email", "", "E-mail address; empty for none")
	cmd.Flags().StringArrayVar(&groups, "group", nil, "A group, in place of the ones before; repeat it for several")
	cmd.Flags().BoolVar(&noGroups, "no-groups", false, "Take the user out of all groups")
	cmd.Flags().StringArrayVar(&attributes, "attr", nil, "Set an attribute, KEY=VALUE, or remove it, KEY=; repeat it for several")
	return cmd
}

// parseAttributes reads KEY=VALUE words; without any there is no map.
func parseAttributes(words []string) (map[string]string, error) {
	var attributes map[string]string
	for _, word := range words {
		key, value, found := strings.Cut(word, "=")
		if !found || key == "" {
			return nil, usageError(fmt.Sprintf("--attr %q: write KEY=VALUE, or KEY= to remove the attribute", word))
		}
		if _, twice := attributes[key]; twice {
			return nil, usageError(fmt.Sprintf("--attr %s is there twice: keep one of the two", key))
		}
		if attributes == nil {
			attributes = map[string]string{}
		}
		attributes[key] = value
	}
	return attributes, nil
}

func userPasswdCommand() *cobra.Command {
	var stdin bool
	cmd := newCommand("passwd NAME", "Sets a password and ends the user's sessions", 1, func(cmd *cobra.Command, w wish, words []string) error {
		return w.with(cmd.Context(), need{}, func(c *client) error {
			password, err := newPassword(stdin)
			if err != nil {
				return err
			}
			return changeUser(cmd, c, "users/passwd", admin.NewPassword{Name: words[0], Password: password}, "has a new password")
		})
	})
	passwordFlag(cmd, &stdin)
	return cmd
}

// userNameCommand returns a command that needs nothing but the name of a user.
func userNameCommand(verb, done, short string) *cobra.Command {
	return newCommand(verb+" NAME", short, 1, func(cmd *cobra.Command, w wish, words []string) error {
		return w.with(cmd.Context(), need{}, func(c *client) error {
			return changeUser(cmd, c, "users/"+verb, admin.UserName{Name: words[0]}, done)
		})
	})
}

func userRemoveCommand() *cobra.Command {
	var erase bool
	cmd := newCommand("remove NAME", "Removes a user and ends their sessions; the name stays theirs", 1, func(cmd *cobra.Command, w wish, words []string) error {
		return w.with(cmd.Context(), need{}, func(c *client) error {
			done := "removed"
			if erase {
				done = "erased"
			}
			return changeUser(cmd, c, "users/remove", admin.UserRemoval{Name: words[0], Erase: erase}, done)
		})
	})
	cmd.Flags().BoolVar(&erase, "erase", false, "Leave nothing of the person but that the name is taken, for good; also for one who was removed before")
	return cmd
}

func userListCommand() *cobra.Command {
	return listCommand("list", "Lists users", need{}, func(ctx context.Context, c *client) ([]admin.User, error) {
		return ask[[]admin.User](ctx, c, http.MethodGet, "users", nil)
	}, "NAME\tFULL NAME\tE-MAIL\tGROUPS\tSTATUS", func(u admin.User) []string {
		status := "active"
		if u.Disabled {
			status = "disabled"
		}
		return []string{u.Name, u.FullName, u.Email, strings.Join(u.Groups, ","), status}
	})
}

// changeUser asks for a change and says in one line what has become of it.
func changeUser(cmd *cobra.Command, c *client, path string, question any, done string) error {
	change, err := ask[admin.UserChange](cmd.Context(), c, http.MethodPost, path, question)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s %s%s\n", change.User.Name, done, andEnded(change.SessionsEnded)+andRevoked(change.TokensRevoked))
	if change.Note != "" {
		fmt.Fprintln(out, change.Note)
	}
	return nil
}

// andEnded says how many sessions ended, nothing if none did.
func andEnded(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", 1 session ended"
	}
	return fmt.Sprintf(", %d sessions ended", n)
}

// andRevoked says how many access tokens were revoked, nothing if none were.
func andRevoked(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", 1 access token revoked"
	}
	return fmt.Sprintf(", %d access tokens revoked", n)
}

// with reaches whoever can answer, and closes what was opened for that.
func (w wish) with(ctx context.Context, n need, do func(*client) error) (err error) {
	c, err := w.reach(ctx, n)
	if err != nil {
		return err
	}
	defer func() {
		if closed := c.close(); err == nil {
			err = closed
		}
	}()
	return do(c)
}
