// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"github.com/gatehouse-sso/gatehouse/identity"
	"github.com/gatehouse-sso/gatehouse/internal/audit"
	"github.com/gatehouse-sso/gatehouse/store"
)

// denied notes a request that may not pass.
func (v *visit) denied(user *identity.User, reason string) {
	v.record(audit.Event{Kind: audit.Denied, Reason: reason}, user)
	if user != nil && v.Gate.Denied != nil {
		v.Gate.Denied(v.r, user)
	}
}

// handoffRefused notes a login that did not reach this host.
func (v *visit) handoffRefused(err error) {
	v.record(audit.Event{Kind: audit.HandoffRefused, Reason: err.Error()}, nil)
}

// loggedOut notes a session that its person ended here.
func (v *visit) loggedOut(id store.ID, user *identity.User) {
	v.record(audit.Event{Kind: audit.Logout, Session: id}, user)
}

// failed notes an error that the person sees only as a code.
func (v *visit) failed(err error) {
	v.record(audit.Event{Kind: audit.Failure, Reason: err.Error()}, nil)
}

func (v *visit) record(e audit.Event, user *identity.User) {
	e.App = v.App.Name
	e.Address = v.arrival.Client
	e.Request = v.arrival.ID
	if user != nil {
		e.User = user.Name
	}
	v.Audit.Record(e)
}
