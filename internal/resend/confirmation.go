// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package resend

import (
	"strings"

	"github.com/gatehouse-sso/gatehouse/store"
)

// Field is the only field of the form by which a person says that a kept form is to
// be sent, or dropped. Its value is the kept form's name.
const Field = "gatehouse_form"

// ConfirmationType is the type of that form, ConfirmationSize its length in bytes.
const (
	ConfirmationType = "application/x-www-form-urlencoded"
	ConfirmationSize = len(Field) + 1 + store.IDLength
)

// ParseConfirmation returns the name of the kept form that a body of
// [ConfirmationType] names, and false for any other body.
func ParseConfirmation(body []byte) (store.ID, bool) {
	text, ok := strings.CutPrefix(string(body), Field+"=")
	if !ok {
		return store.ID{}, false
	}
	id, err := store.ParseID(text)
	return id, err == nil && !id.IsZero()
}
