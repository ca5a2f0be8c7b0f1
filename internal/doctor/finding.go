// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package doctor compares a configuration with the world around it, and says what it
// has found: one [Finding] for each thing that it looked at, with what to do when it is
// not well. It is handed what is configured as [Facts], and looks at the world through
// [World], so that every verdict is a function of the two.
//
// How a configuration becomes facts belongs to whoever can read one. The doctor changes
// nothing: it asks by GET, as nobody, and only when it was told to as somebody whose
// name nobody can have.
package doctor

// Status says how well a thing is.
type Status string

// The statuses.
const (
	// OK: as it should be.
	OK Status = "ok"
	// Warn: it works, or may work, and somebody should look at it.
	Warn Status = "warn"
	// Fail: something does not work, or does not protect.
	Fail Status = "fail"
)

// Finding is what came of one check.
type Finding struct {
	// Check names what was looked at. The names are stable, docs/doctor.md lists them.
	Check string `json:"check"`
	// Subject is what of that: an app, an address. It may be empty.
	Subject string `json:"subject,omitempty"`
	Status  Status `json:"status"`
	// Text says what is, Remedy what to do about it.
	Text   string `json:"text"`
	Remedy string `json:"remedy,omitempty"`
}

func ok(check, subject, text string) Finding {
	return Finding{Check: check, Subject: subject, Status: OK, Text: text}
}

func warn(check, subject, text, remedy string) Finding {
	return Finding{check, subject, Warn, text, remedy}
}

func fail(check, subject, text, remedy string) Finding {
	return Finding{check, subject, Fail, text, remedy}
}

// Failed returns how many of the findings are failures.
func Failed(findings []Finding) int {
	n := 0
	for _, f := range findings {
		if f.Status == Fail {
			n++
		}
	}
	return n
}
