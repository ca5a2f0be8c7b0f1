// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package caddymodule

import (
	"github.com/caddyserver/caddy/v2"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// processLogger returns a logger for what outlives a configuration. The logger of
// a configuration writes to files that are closed with it; this one asks Caddy for
// the current one each time.
func processLogger() *zap.Logger { return zap.New(&currentCore{}).Named("gatehouse") }

// currentCore hands each entry to whatever Caddy logs to at the time.
type currentCore struct{ fields []zapcore.Field }

func current() zapcore.Core { return caddy.Log().Core() }

// Enabled implements [zapcore.Core].
func (c *currentCore) Enabled(level zapcore.Level) bool { return current().Enabled(level) }

// With implements [zapcore.Core].
func (c *currentCore) With(fields []zapcore.Field) zapcore.Core {
	return &currentCore{append(c.fields[:len(c.fields):len(c.fields)], fields...)}
}

// Check implements [zapcore.Core].
func (c *currentCore) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !c.Enabled(entry.Level) {
		return checked
	}
	return checked.AddCore(entry, c)
}

// Write implements [zapcore.Core]. It asks the current core once more whether it
// wants the entry: several cores may stand behind it.
func (c *currentCore) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if checked := current().Check(entry, nil); checked != nil {
		checked.Write(append(c.fields[:len(c.fields):len(c.fields)], fields...)...)
	}
	return nil
}

// Sync implements [zapcore.Core].
func (c *currentCore) Sync() error { return current().Sync() }
