// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/spf13/cobra"
)

// maxTokenInput bounds what is read from standard input, in bytes.
const maxTokenInput = maxAdminBody

func tokenCommands() []*cobra.Command {
	return []*cobra.Command{
		tokenCreateCommand(), tokenReadCommand(), tokenUpdateCommand(), tokenDeleteCommand(),
	}
}

// tokenWish is what the commands for tokens have in common.
type tokenWish struct {
	question  tokenQuestion
	ttl       string
	reads     int64
	fromStdin bool
}

// flags adds those that every command for tokens has.
func (t *tokenWish) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.question.Namespace, "namespace", "", "Whose tokens, where the configuration has several namespaces")
}

// tokenFlag adds the flag of commands that are about one token.
func (t *tokenWish) tokenFlag(cmd *cobra.Command) {
	t.flags(cmd)
	cmd.Flags().BoolVar(&t.fromStdin, "token-stdin", false, "Read the token from standard input; arguments can be seen by other users of this machine")
}

// limitFlags adds those of commands that write.
func (t *tokenWish) limitFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.ttl, "ttl", "", "How long the token lives: seconds, or a duration such as 30m or 12h (default: until it is deleted)")
	cmd.Flags().Int64Var(&t.reads, "silence-read", 0, "How many times the token can be read (default: any number)")
}

// limits takes over what the flags say.
func (t *tokenWish) limits(cmd *cobra.Command) error {
	if cmd.Flags().Changed("silence-read") {
		t.question.SilenceRead = &t.reads
	}
	if !cmd.Flags().Changed("ttl") {
		return nil
	}
	seconds, err := strconv.ParseInt(t.ttl, 10, 64)
	if err != nil {
		d, err := caddy.ParseDuration(t.ttl)
		if err != nil || d%time.Second != 0 {
			return fmt.Errorf("%q is no time to live: write seconds, or a duration such as 30m, 12h or 7d", t.ttl)
		}
		seconds = int64(d / time.Second)
	}
	t.question.TTL = &seconds
	return nil
}

// take takes the token, and returns the words behind it.
func (t *tokenWish) take(cmd *cobra.Command, words []string, behind int) ([]string, error) {
	if t.fromStdin {
		if len(words) != behind {
			return nil, usageError("with --token-stdin, write: " + strings.Replace(usage(cmd), " TOKEN", "", 1))
		}
		text, err := readInput()
		t.question.Token = strings.TrimSuffix(text, "\n")
		return words, err
	}
	if len(words) != 1+behind {
		return nil, usageError("write: " + usage(cmd))
	}
	t.question.Token = words[0]
	return words[1:], nil
}

// data takes the data from an argument, or from standard input where that is "-".
func (t *tokenWish) data(word string) error {
	if word == "-" && t.fromStdin {
		return usageError("standard input can be the token or the data, not both")
	}
	text := word
	if word == "-" {
		var err error
		if text, err = readInput(); err != nil {
			return err
		}
	}
	if !json.Valid([]byte(text)) {
		return usageError(`the data has to be a JSON object, such as '{"user":7}'`)
	}
	t.question.Data = json.RawMessage(text)
	return nil
}

func readInput() (string, error) {
	text, err := io.ReadAll(io.LimitReader(os.Stdin, maxTokenInput))
	if err != nil {
		return "", fmt.Errorf("reading standard input: %w", err)
	}
	return string(text), nil
}

func tokenCreateCommand() *cobra.Command {
	var t tokenWish
	cmd := newCommand("create JSON", "Makes a token and prints it", 1, func(cmd *cobra.Command, w wish, words []string) error {
		if err := t.limits(cmd); err != nil {
			return err
		}
		if err := t.data(words[0]); err != nil {
			return err
		}
		return w.with(cmd.Context(), need{makes: true}, func(c *client) error {
			made, err := ask[madeToken](cmd.Context(), c, http.MethodPost, "tokens/create", t.question)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), made.Token)
			return nil
		})
	})
	t.flags(cmd)
	t.limitFlags(cmd)
	return cmd
}

func tokenReadCommand() *cobra.Command {
	var t tokenWish
	cmd := newCommand("read TOKEN", "Shows what a token stands for, which counts as a read", -1, func(cmd *cobra.Command, w wish, words []string) error {
		if _, err := t.take(cmd, words, 0); err != nil {
			return err
		}
		return w.with(cmd.Context(), need{}, func(c *client) error {
			entry, err := ask[json.RawMessage](cmd.Context(), c, http.MethodPost, "tokens/read", t.question)
			if err != nil {
				return err
			}
			var out bytes.Buffer
			if err := json.Indent(&out, entry, "", "  "); err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), out.String())
			return nil
		})
	})
	t.tokenFlag(cmd)
	return cmd
}

func tokenUpdateCommand() *cobra.Command {
	var t tokenWish
	cmd := newCommand("update TOKEN JSON", "Replaces what a token stands for, its limits included", -1, func(cmd *cobra.Command, w wish, words []string) error {
		if err := t.limits(cmd); err != nil {
			return err
		}
		rest, err := t.take(cmd, words, 1)
		if err != nil {
			return err
		}
		if err := t.data(rest[0]); err != nil {
			return err
		}
		return t.tell(cmd, w, "tokens/update", "updated")
	})
	t.tokenFlag(cmd)
	t.limitFlags(cmd)
	return cmd
}

func tokenDeleteCommand() *cobra.Command {
	var t tokenWish
	cmd := newCommand("delete TOKEN", "Ends a token", -1, func(cmd *cobra.Command, w wish, words []string) error {
		if _, err := t.take(cmd, words, 0); err != nil {
			return err
		}
		return t.tell(cmd, w, "tokens/delete", "deleted")
	})
	t.tokenFlag(cmd)
	return cmd
}

// tell asks for a change, and says that it was made.
func (t *tokenWish) tell(cmd *cobra.Command, w wish, path, done string) error {
	return w.with(cmd.Context(), need{}, func(c *client) error {
		if _, err := ask[nothing](cmd.Context(), c, http.MethodPost, path, t.question); err != nil {
			return err
		}
		fmt.Fprintln(cmd.OutOrStdout(), "token", done)
		return nil
	})
}
