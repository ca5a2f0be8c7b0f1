// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import "github.com/gatehouse-sso/gatehouse/internal/portal/pages"

// Failed is told when the app gave no answer to a request but an error, and reports
// whether the gate has answered in its place. The ID is the request's.
func (g *Gate) Failed(p *Pass, id string, err error) bool {
	switch {
	case p.leaving != nil && !p.leaving.done:
		return p.leaving.failed(err)
	case p.Session != nil && p.tie.IsCut() && !p.writer.sent:
		// It waited for an answer until its session ended, and not the app has failed.
		p.writer.sent = true
		p.Writer.Header().Set("Cache-Control", "no-store")
		pages.Unauthorized(p.writer.ResponseWriter, g.Portal, id)
		return true
	}
	return false
}

// failed signs the person out whose app has not answered, and reports whether they
// have been told.
func (l *leaving) failed(err error) bool {
	l.visit.failed(err)
	l.pass.writer.finish()
	l.pass.writer.silenced = l.answers()
	return l.pass.writer.silenced
}
