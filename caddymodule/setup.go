// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"go.uber.org/zap"
	"golang.org/x/term"

	"github.com/gatehouse-sso/gatehouse/internal/portal"
)

// offerSetup makes a link for the first account where nobody has one, and shows
// it to the operator alone: on the terminal that Caddy logs to, or in a file that
// only they may read. A log that goes elsewhere is read by others.
func (a *App) offerSetup(ctx context.Context) error {
	link, err := a.portal.Setup.Link(ctx, a.portal.Origin, time.Now())
	file := a.tenancy.house.private
	switch {
	case errors.Is(err, portal.ErrSetupGone):
		return forgetSetup(file)
	case err != nil:
		return fmt.Errorf("gatehouse: %w", err)
	case term.IsTerminal(int(os.Stderr.Fd())) || file == "":
		a.logger.Warn("nobody has an account yet: open this link to make the first one",
			zap.String("link", link), zap.Duration("good_for", portal.SetupLifetime))
		return nil
	}
	if err := writePrivate(file, link+"\n"); err != nil {
		return fmt.Errorf("gatehouse: set-up link: %w", err)
	}
	a.logger.Warn("nobody has an account yet: open the link in this file to make the first one",
		zap.String("file", file), zap.Duration("good_for", portal.SetupLifetime))
	return nil
}

// writePrivate replaces a file that only its owner may read.
func writePrivate(path, text string) error {
	if err := forgetSetup(path); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// forgetSetup removes the file with the link, which is worth nothing any more.
func forgetSetup(path string) error {
	if path == "" {
		return nil
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}
