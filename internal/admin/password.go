// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package admin

import (
	"fmt"
	"io"
)

// Password is a password on its way. It reads and writes JSON as a string and
// prints as nothing.
type Password string

// Format hides the password from whoever prints it, or the request that holds it.
func (Password) Format(f fmt.State, _ rune) { io.WriteString(f, "(hidden)") }
