// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Command go tries the verifier for Go: it reads one token a line from standard
// input and says of each whose it is, or why it is refused.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gatehouse-sso/gatehouse/examples/verify/go/gatehouse"
)

func main() {
	var verifier gatehouse.Verifier
	flag.StringVar(&verifier.JWKS, "jwks", "", "`URL` of the portal's keys")
	flag.StringVar(&verifier.Issuer, "issuer", "", "`URL` of the portal")
	flag.StringVar(&verifier.Audience, "audience", "", "`name` of the app at the gate")
	floor := flag.Int("floor", 60, "least time between two fetches of the keys, in `seconds`")
	flag.Parse()
	if verifier.JWKS == "" || verifier.Issuer == "" || verifier.Audience == "" || flag.NArg() > 0 {
		flag.Usage()
		os.Exit(2)
	}
	verifier.Floor = time.Duration(*floor) * time.Second
	for lines := bufio.NewReader(os.Stdin); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		user, err := verifier.Verify(context.Background(), strings.TrimSuffix(line, "\n"))
		if err != nil {
			fmt.Println("refused:", err)
			continue
		}
		fmt.Println("ok", user.Subject, user.Name)
	}
}
