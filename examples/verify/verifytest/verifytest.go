// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Package verifytest runs the sample verifiers as an app would, as real processes.
// What they have to say of which token is for the test to know: those beside the
// verifiers hand them whatever can be wrong with a token, those of the whole command
// what a running gateway gives its apps.
package verifytest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Verifier is one of the sample verifiers as a command.
type Verifier struct {
	Name    string
	dir     string
	command []string
}

// All returns the verifiers that this machine can run. A missing one is skipped with
// its name, and fails where the environment asks for all and Debian has what it needs.
// The folder is that of the verifiers, examples/verify.
func All(t *testing.T, dir string) (found []Verifier) {
	t.Helper()
	for _, v := range []struct {
		name    string
		command []string
		probe   []string // succeeds where the verifier can run
		extra   bool     // needs what Debian does not have
	}{
		{"php", []string{"php", "-d", "display_errors=stderr", "php/verify.php"}, []string{"php", "-r", "exit(extension_loaded('openssl') ? 0 : 1);"}, false},
		{"php-jwt", []string{"php", "-d", "display_errors=stderr", "php-jwt/verify.php"}, []string{"php", "-r", "exit(is_file('php-jwt/vendor/autoload.php') ? 0 : 1);"}, true},
		{"python", []string{"/usr/bin/python3", "-B", "python/verify.py"}, []string{"/usr/bin/python3", "-c", "import cryptography"}, false},
		{"node", []string{"node", "node/verify.js"}, []string{"node", "-e", "fetch"}, false},
		{"ruby", []string{"ruby", "ruby/verify.rb"}, []string{"ruby", "-ropenssl", "-e", "OpenSSL::PKey.method(:read)"}, false},
		{"java", []string{"java", "java/Verify.java"}, []string{"java", "--list-modules"}, false},
		{"go", []string{filepath.Join(t.TempDir(), "verify")}, []string{"go", "build", "-o", "", "./go"}, false},
	} {
		if v.name == "go" {
			v.probe[3] = v.command[0]
		}
		probe := exec.Command(v.probe[0], v.probe[1:]...)
		probe.Dir = dir
		if out, err := probe.CombinedOutput(); err != nil {
			if os.Getenv("GATEHOUSE_REQUIRE") == "all" && !v.extra {
				t.Errorf("%s cannot run here: %v\n%s", v.name, err, out)
			} else {
				t.Run(v.name, func(t *testing.T) { t.Skipf("%s cannot run here: %v", v.name, err) })
			}
			continue
		}
		found = append(found, Verifier{v.name, dir, v.command})
	}
	return found
}

// Process is a running verifier.
type Process struct {
	t       *testing.T
	stdin   io.WriteCloser
	answers chan string
}

// Trust is what a verifier is told of the gateway: where its keys are, who it is, and
// what the app is called there.
type Trust struct{ JWKS, Issuer, Audience string }

// Start runs the verifier until the test ends.
func (v Verifier) Start(t *testing.T, trust Trust, options ...string) *Process {
	t.Helper()
	args := append(v.command[1:len(v.command):len(v.command)], "--jwks", trust.JWKS, "--issuer", trust.Issuer, "--audience", trust.Audience)
	command := exec.CommandContext(t.Context(), v.command[0], append(args, options...)...)
	command.Dir, command.Stderr = v.dir, t.Output()
	stdin, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	answers := make(chan string)
	go func() {
		defer close(answers)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			answers <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		stdin.Close() // it ends when its input does
		for range answers {
		}
		if err := command.Wait(); err != nil && t.Context().Err() == nil {
			t.Errorf("%s: %v", v.Name, err)
		}
	})
	return &Process{t, stdin, answers}
}

// patience is how long a process may think about a token; the first time, a compiler
// may have to look at the verifier before.
const patience = 60 * time.Second

// Ask returns what the verifier says of a token: "ok SUB NAME", or "refused: WHY".
func (p *Process) Ask(token string) string {
	p.t.Helper()
	go io.WriteString(p.stdin, token+"\n") // a long line may need more than one turn of the pipe
	select {
	case answer, running := <-p.answers:
		if !running {
			p.t.Fatal("the verifier has ended")
		}
		return answer
	case <-time.After(patience):
		p.t.Fatal("no answer")
	}
	return ""
}

// AskUntil asks again and again until the verifier gives an answer that fits.
func (p *Process) AskUntil(token string, fits func(answer string) bool) {
	p.t.Helper()
	var answer string
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answer = p.Ask(token); fits(answer) {
			return
		}
	}
	p.t.Fatalf("the answer stays %q", answer)
}
