// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package verify_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// verifier is one of the sample verifiers as a command.
type verifier struct {
	name    string
	command []string
}

// verifiers returns those that this machine can run. A missing one is skipped
// with its name, and fails where the environment asks for all
// and Debian has what it needs.
func verifiers(t *testing.T) (found []verifier) {
	t.Helper()
	for _, v := range []struct {
		verifier
		probe []string // succeeds where the verifier can run
		extra bool     // needs what Debian does not have
	}{
		{verifier{"php", []string{"php", "-d", "display_errors=stderr", "php/verify.php"}}, []string{"php", "-r", "exit(extension_loaded('openssl') ? 0 : 1);"}, false},
		{verifier{"php-jwt", []string{"php", "-d", "display_errors=stderr", "php-jwt/verify.php"}}, []string{"php", "-r", "exit(is_file('php-jwt/vendor/autoload.php') ? 0 : 1);"}, true},
		{verifier{"python", []string{"/usr/bin/python3", "-B", "python/verify.py"}}, []string{"/usr/bin/python3", "-c", "import cryptography"}, false},
		{verifier{"node", []string{"node", "node/verify.js"}}, []string{"node", "-e", "fetch"}, false},
		{verifier{"ruby", []string{"ruby", "ruby/verify.rb"}}, []string{"ruby", "-ropenssl", "-e", "OpenSSL::PKey.method(:read)"}, false},
		{verifier{"java", []string{"java", "java/Verify.java"}}, []string{"java", "--list-modules"}, false},
		{verifier{"go", []string{filepath.Join(t.TempDir(), "verify")}}, []string{"go", "version"}, false},
	} {
		if err := exec.Command(v.probe[0], v.probe[1:]...).Run(); err != nil {
			if os.Getenv("GATEHOUSE_REQUIRE") == "all" && !v.extra {
				t.Errorf("%s cannot run here: %v", v.name, err)
			} else {
				t.Run(v.name, func(t *testing.T) { t.Skipf("%s cannot run here: %v", v.name, err) })
			}
			continue
		}
		if v.name == "go" {
			if out, err := exec.Command("go", "build", "-o", v.command[0], "./go").CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		}
		found = append(found, v.verifier)
	}
	return found
}

// process is a running verifier.
type process struct {
	t       *testing.T
	stdin   io.WriteCloser
	answers chan string
}

// start runs the verifier until the test ends.
func (v verifier) start(t *testing.T, p *portal, options ...string) *process {
	t.Helper()
	args := append(v.command[1:len(v.command):len(v.command)], "--jwks", p.URL, "--issuer", issuer, "--audience", audience)
	command := exec.CommandContext(t.Context(), v.command[0], append(args, options...)...)
	command.Stderr = t.Output()
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
			t.Errorf("%s: %v", v.name, err)
		}
	})
	return &process{t, stdin, answers}
}

// ask returns what the verifier says of a token.
func (p *process) ask(token string) string {
	p.t.Helper()
	go io.WriteString(p.stdin, token+"\n") // a long line may need more than one turn of the pipe
	select {
	case answer, running := <-p.answers:
		if !running {
			p.t.Fatal("the verifier has ended")
		}
		return answer
	case <-time.After(time.Minute):
		p.t.Fatal("no answer")
	}
	return ""
}

// askUntil asks again and again until the verifier gives that answer.
func (p *process) askUntil(token, want string) {
	p.t.Helper()
	var answer string
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		if answer = p.ask(token); answer == want {
			return
		}
	}
	p.t.Fatalf("the answer stays %q, want %q", answer, want)
}
