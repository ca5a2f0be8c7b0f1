// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"
)

// usage is what a Caddy holds in memory.
type usage struct{ memory, goroutines float64 }

// usage asks the admin endpoint, after a collection.
func (t *target) usage(ctx context.Context) (u usage, err error) {
	for range 2 { // the second frees what the first has finalized
		if _, err := t.ask(ctx, "/debug/pprof/heap?gc=1"); err != nil {
			return u, err
		}
	}
	text, err := t.ask(ctx, "/debug/vars")
	if err != nil {
		return u, err
	}
	var vars struct {
		Memory struct{ HeapInuse, StackInuse float64 } `json:"memstats"`
	}
	if err := json.Unmarshal(text, &vars); err != nil {
		return u, err
	}
	profile, err := t.ask(ctx, "/debug/pprof/goroutine?debug=1")
	if err != nil {
		return u, err
	}
	_, count, _ := bytes.Cut(profile[:min(len(profile), 80)], []byte("total "))
	count, _, _ = bytes.Cut(count, []byte("\n"))
	u.memory = vars.Memory.HeapInuse + vars.Memory.StackInuse
	u.goroutines, err = strconv.ParseFloat(string(count), 64)
	return u, err
}

func (t *target) ask(ctx context.Context, path string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+t.admin+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", path, resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// ticksPerSecond is the unit of /proc/PID/stat, the same on every Linux that Go runs on.
const ticksPerSecond = 100

// idle returns how much of one processor the process takes in a while, in percent.
func (p *process) idle(ctx context.Context, d time.Duration) (float64, error) {
	before, err := p.ticks()
	if err != nil {
		return 0, err
	}
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-time.After(d):
	}
	after, err := p.ticks()
	return float64(after-before) / ticksPerSecond / d.Seconds() * 100, err
}

// ticks returns how much processor time the process has taken (proc(5), fields 14 and 15).
func (p *process) ticks() (int, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name before may hold anything, also a parenthesis.
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 13 {
		return 0, errors.New("/proc/PID/stat is not what it was")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return user + system, errors.Join(err1, err2)
}
