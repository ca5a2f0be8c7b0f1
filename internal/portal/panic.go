// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"

	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/internal/portal/pages"
)

// panicked answers in place of a step that panicked. What that step had made
// ready, a cookie or a redirect, is not sent.
func (p *Portal) panicked(w http.ResponseWriter, a Arrival, cause any) {
	w.Header().Del("Set-Cookie")
	w.Header().Del("Location")
	p.Audit.Record(audit.Event{
		Kind:    audit.Failure,
		Reason:  fmt.Sprintf("panic at %s: %v", panicPlace(), cause),
		Address: a.Client,
		Request: a.ID,
	})
	pages.Plain(w, http.StatusInternalServerError, a.ID)
}

// panicPlace returns where the panic began that is being recovered from: a whole
// stack has no room in a line.
func panicPlace() string {
	callers := make([]uintptr, 64)
	frames := runtime.CallersFrames(callers[:runtime.Callers(0, callers)])
	panicking := false
	for {
		frame, more := frames.Next()
		ours := !strings.HasPrefix(frame.Function, "runtime.")
		switch {
		case frame.Function == "runtime.gopanic":
			panicking = true
		case panicking && ours:
			return fmt.Sprintf("%s:%d", frame.Function, frame.Line)
		case !more:
			return "an unknown place"
		}
	}
}
