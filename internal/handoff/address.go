// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package handoff

import (
	"net/url"
	"strings"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Reserved is the path below an app's base that belongs to its gate.
const Reserved = "/.gatehouse/"

// The steps on an app's host, below Reserved.
const (
	StepBegin  = "begin"
	StepLand   = "land"
	StepLanded = "landed"
	// StepLeft is where a browser passes through after a sign-out at the portal.
	StepLeft = "left"
	// StepResend is where somebody lands whose form was kept while they signed in. It
	// and StepFrame are the steps to which a browser may be told to return.
	StepResend = "resend"
	// StepFrame is where somebody signs in, in a tab, for a frame of another site's page.
	StepFrame = "frame"
	// StepDoor is what stands in that frame, and lets the sign-in in.
	StepDoor = "door"
)

// The pages of the portal that take part, below the portal's URL.
const (
	LoginPath = "/login"
	CodePath  = "/handoff"
)

// The parameters of the steps.
const (
	// ParamReturnTo is the address that the person was going to.
	ParamReturnTo = "return_to"
	// ParamChallenge is the hash of what the browser holds on the app's host.
	ParamChallenge = "challenge"
	// ParamCode is the one-time code.
	ParamCode = "code"
	// ParamAgain marks the second call of StepBegin, which a browser that keeps
	// cookies never makes without one.
	ParamAgain = "again"
	// ParamThen is the page of another app that the browser is on its way to, when it
	// only passes through.
	ParamThen = "then"
	// ParamForm names a kept form.
	ParamForm = "form"
)

// Login returns the portal's sign-in address for somebody on their way to returnTo.
func Login(portal, returnTo string) string {
	return portal + LoginPath + "?" + url.Values{ParamReturnTo: {returnTo}}.Encode()
}

// Begin returns the address of the first step on the app's host.
func Begin(t Target, returnTo string) string {
	return step(t, StepBegin, url.Values{ParamReturnTo: {returnTo}})
}

// BeginAgain returns the address of the first step after a nonce has been set.
func BeginAgain(t Target, returnTo string) string {
	return step(t, StepBegin, url.Values{ParamReturnTo: {returnTo}, ParamAgain: {"1"}})
}

// Pass returns the first step of a browser that is to be signed in at t on its way to
// a page of another app.
func Pass(t Target, then string) string {
	return step(t, StepBegin, url.Values{ParamReturnTo: {t.Home()}, ParamThen: {then}})
}

// CodeToPass is Code for a browser on its way to another app. The challenge may be
// empty, when the browser holds nothing to make one of; it is then led on without a code.
func CodeToPass(portal, challenge, returnTo, then string) string {
	return Code(portal, challenge, returnTo) + "&" + url.Values{ParamThen: {then}}.Encode()
}

// Code returns the portal's address that makes a code.
func Code(portal, challenge, returnTo string) string {
	return portal + CodePath + "?" + url.Values{ParamChallenge: {challenge}, ParamReturnTo: {returnTo}}.Encode()
}

// Land returns the address that spends a code.
func Land(t Target, code string) string {
	return step(t, StepLand, url.Values{ParamCode: {code}})
}

// Landed returns the address that checks whether the browser kept the cookie.
func Landed(t Target, returnTo string) string {
	return step(t, StepLanded, url.Values{ParamReturnTo: {returnTo}})
}

// Left returns the address by which a browser that has signed out at the portal passes on
// its way to the page that says so.
func Left(t Target, returnTo string) string {
	return step(t, StepLeft, url.Values{ParamReturnTo: {returnTo}})
}

// Resend returns the address of the page about a kept form.
func Resend(t Target, form store.ID) string {
	return step(t, StepResend, url.Values{ParamForm: {form.String()}})
}

// Frame returns the address of the page, in a tab, that signs in the frame of whose
// token this is the challenge.
func Frame(t Target, challenge, returnTo string) string {
	return step(t, StepFrame, url.Values{ParamChallenge: {challenge}, ParamReturnTo: {returnTo}})
}

// Door returns the address of what stands in a frame before somebody is signed in there.
func Door(t Target, returnTo string) string {
	return step(t, StepDoor, url.Values{ParamReturnTo: {returnTo}})
}

// keptForm returns the form that an address below an app's base asks for, when it is
// written as Resend writes it.
func keptForm(path, query string) (store.ID, bool) {
	text, ok := strings.CutPrefix(query, ParamForm+"=")
	if !ok || path != Reserved+StepResend {
		return store.ID{}, false
	}
	form, err := store.ParseID(text)
	return form, err == nil
}

func step(t Target, name string, query url.Values) string {
	return t.Origin() + t.Base.EscapedPath() + Reserved + name + "?" + query.Encode()
}
