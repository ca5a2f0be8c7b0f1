// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package pages

import "time"

// Resend asks somebody who has signed in again whether a form is to be sent that they sent after their session had
// ended. Its first form posts Reference under the name Name to Action; its second the same to DropAction, which
// destroys the form.
//
// The answer to the first form is the app's, which may redirect wherever it likes, so this page goes without the
// policy's form-action. Nothing can be typed into it.
type Resend struct {
	Site
	User       Person
	App        string // the app's name
	Target     string // where the form goes, for people to read
	Sent       time.Time
	Fields     []FormField // the names of fields, each once
	Count      int         // how many fields there are, with those not named; 0 where that could not be told
	Size       int         // of the form, in bytes
	Action     string
	DropAction string
	Name       string
	Reference  string
}

func (Resend) file() string { return "resend" }

func (Resend) formsAnywhere() bool { return true }

// KB returns the size in kilobytes, never less than it is.
func (p Resend) KB() int { return (p.Size + 999) / 1000 }

// FormField is a field of a form without its value.
type FormField struct {
	Name string
	File string // the name of the file in it; empty where there is none
}

// ResendGone is shown in place of [Resend] when there is nothing to send.
type ResendGone struct {
	Site
	App       string
	Foreign   bool   // it was another person's, or from before a sign-out, and has been dropped
	HomeURL   string // the app's front page
	RequestID string
}

func (ResendGone) file() string { return "resendgone" }

// NotKeptReason says why a form cannot be kept during a sign-in.
type NotKeptReason string

// The reasons of [NotKept].
const (
	NotKeptLarge NotKeptReason = "large" // it is too large (413)
	NotKeptFull  NotKeptReason = "full"  // there is no room for another one (503)
	NotKeptOther NotKeptReason = ""      // it could not be stored (503)
)

// NotKept is shown instead of a sign-in page that would cost the person their form, so that they can still save
// what they have typed.
type NotKept struct {
	Site
	App       string
	Reason    NotKeptReason
	MB        int    // the largest form that is kept, in megabytes
	SignInURL string // a page of the app, to be opened in another tab
	RequestID string
}

func (NotKept) file() string { return "notkept" }
