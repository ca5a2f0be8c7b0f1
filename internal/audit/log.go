// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package audit

import (
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Log returns a sink that writes one line for each event: the kind is the
// message, and what is set of the event are its fields.
func Log(l *zap.Logger) Sink { return log{l} }

type log struct{ logger *zap.Logger }

// Record implements [Sink].
func (l log) Record(e Event) { l.logger.Log(level(e.Kind), string(e.Kind), fields(e)...) }

// level returns how loud a kind is. That people mistype passwords or open what
// they may not is daily business; that we fail is not.
func level(k Kind) zapcore.Level {
	switch k {
	case Failure:
		return zapcore.ErrorLevel
	case HandoffRefused, CookiesDropped, BackchannelDelayed, BackchannelFailed:
		return zapcore.WarnLevel
	}
	return zapcore.InfoLevel
}

func fields(e Event) []zap.Field {
	var set []zap.Field
	text := func(key, value string) {
		if value != "" {
			set = append(set, zap.String(key, line(value)))
		}
	}
	text("user", e.User)
	text("app", e.App)
	if e.Address.IsValid() {
		text("address", e.Address.String())
	}
	text("reason", e.Reason)
	if !e.Session.IsZero() {
		text("session", e.Session.String())
	}
	text("request", e.Request)
	if e.Count != 0 {
		set = append(set, zap.Int("count", e.Count))
	}
	return set
}
