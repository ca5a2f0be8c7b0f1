// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import "github.com/gatehouse-sso/gatehouse/internal/session"

// leaveToApp is for a path whose callers the app checks itself. The client's
// Authorization arrives, as it came. Nothing else that would say who somebody is does:
// a password which the app believes and a session of ours would be two people in one
// request. So no session is looked for, and none is kept from its end; but somebody who
// signs out there has one to end.
func (v *visit) leaveToApp() {
	if len(v.authorization) > 0 {
		v.r.Header["Authorization"] = v.authorization
	}
	if !v.signsOut {
		v.presented = session.Presented{}
	}
}
