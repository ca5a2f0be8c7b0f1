// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "time"

// The pages in this file are shown by the gate on the apps' hosts as well as by the portal.

// ForbiddenReason says why somebody who is signed in may not go on.
type ForbiddenReason string

// The reasons of [Forbidden].
const (
	ForbiddenRule    ForbiddenReason = ""        // the app's rules do not let this account in
	ForbiddenAddress ForbiddenReason = "address" // the rules do not let this network address in
	ForbiddenUnnamed ForbiddenReason = "unnamed" // the app cannot be told who this is
	ForbiddenForeign ForbiddenReason = "foreign" // the request was sent by a page of another site
	ForbiddenVouched ForbiddenReason = "vouched" // an app has signed them in, which is not enough here
)

// Forbidden (403) tells people who they are and how to become somebody else.
type Forbidden struct {
	Site
	User      Person // the zero Person: nobody is signed in
	App       string // the app's name; may be empty
	Reason    ForbiddenReason
	SwitchURL string // where to sign in as somebody else and come back; empty leaves the link out
	RequestID string
}

func (Forbidden) file() string { return "forbidden" }

// BadRequestReason says what was wrong with a request.
type BadRequestReason string

// The reasons of [BadRequest].
const (
	BadRequestOther  BadRequestReason = ""       // nothing that a person could act on
	BadRequestPath   BadRequestReason = "path"   // an address that can be read in more than one way
	BadRequestReturn BadRequestReason = "return" // a link that asks to go somewhere that is no app of ours
	BadRequestForm   BadRequestReason = "form"   // a form that cannot be read, or is too large
)

// BadRequest (400) refuses what cannot be understood without doubt.
type BadRequest struct {
	Site
	Reason    BadRequestReason
	RequestID string
}

func (BadRequest) file() string { return "badrequest" }

// Unavailable (503) is shown while the store cannot be asked. The person stays signed in.
type Unavailable struct {
	Site
	RequestID  string
	RetryAfter time.Duration // not shown when zero
}

func (Unavailable) file() string { return "unavailable" }

func (p Unavailable) retryAfter() time.Duration { return p.RetryAfter }

// CookieCause says why signing in does not stick.
type CookieCause string

// The causes of [CookieTrouble].
const (
	CookieMissing  CookieCause = ""         // the browser did not send our cookie back
	CookieTwice    CookieCause = "twice"    // it sent two of them, and which one is ours cannot be told
	CookieInsecure CookieCause = "insecure" // the host is opened by plain http, where the cookie is not kept
)

// CookieTrouble ends what would be an endless loop of redirects: the browser comes back without the cookie
// that it was given.
type CookieTrouble struct {
	Site
	Host      string // the host whose cookie is missing
	Cause     CookieCause
	RetryURL  string // where to try again; empty leaves the link out
	RequestID string
}

func (CookieTrouble) file() string { return "cookietrouble" }

// Opening (200) has a program that looks at a link load it again, as a browser does that is sent there.
type Opening struct {
	Site
	URL string // the page that the link is for
}

func (Opening) file() string { return "opening" }

// NotFound (404) is for addresses of the portal, and of an app's reserved paths, that do not exist.
type NotFound struct {
	Site
	RequestID string
}

func (NotFound) file() string { return "notfound" }
