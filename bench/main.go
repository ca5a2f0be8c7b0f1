// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Command bench answers what a gate costs: it starts plain and gated Caddy before
// one upstream, all as processes of their own on loopback, drives them in
// alternation with the same requests and prints the ratio of each pair. Absolute
// figures belong to the machine they were taken on; ratios of one run hold.
//
//	go run . -rounds 5               before a real upstream
//	go run . -rounds 5 -respond      Caddy answers by itself: the gate shows more
//	go run . -rounds 5 -told         plain Caddy sends the upstream headers of the same size
//	go run . -rounds 5 -nojwt        the gate sends the user's name and no assertion
//	go run . -rounds 5 -bare         with the shortest requests there are
//	go run . -anonymous 100000       what visitors without a session write
//	go run . -websockets 5000        what open WebSockets cost (Linux)
//
// The gated side serves one person who has signed in, over HTTP as any browser
// would. Everything that was started is stopped, and nothing is left on disk.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"
)

type options struct {
	rounds      int
	duration    time.Duration
	connections int
	respond     bool
	bare        bool
	told        bool
	nojwt       bool
	anonymous   int
	websockets  int
	client      string
	caddy       string
}

func main() {
	var o options
	flag.IntVar(&o.rounds, "rounds", 5, "pairs of measurements")
	flag.DurationVar(&o.duration, "duration", 5*time.Second, "length of one measurement")
	flag.IntVar(&o.connections, "connections", 64, "open connections, each with one request at a time")
	flag.BoolVar(&o.respond, "respond", false, "let Caddy answer by itself in place of the upstream")
	flag.BoolVar(&o.bare, "bare", false, "send Host and Cookie alone, not the other headers of a browser")
	flag.BoolVar(&o.told, "told", false, "let plain Caddy send headers of the size of the gate's, so that the ratio is what finding out costs, not telling")
	flag.BoolVar(&o.nojwt, "nojwt", false, "let the gate send no assertion, for apps that read the user's name alone")
	flag.IntVar(&o.anonymous, "anonymous", 0, "instead: send this many requests without a session and compare the store's write counter")
	flag.IntVar(&o.websockets, "websockets", 0, "instead: open this many through either side and compare what they cost, and how soon they end with their sessions; each takes four file descriptors")
	flag.StringVar(&o.client, "client", "", "load generator, \"wrk\" or \"go\"; default: wrk where it is installed")
	flag.StringVar(&o.caddy, "caddy", "", "the Caddy to measure, with Gatehouse in it; default: built from this checkout")
	upstream := flag.Bool("upstream", false, "be the upstream (used by the command itself)")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, *upstream); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options, upstream bool) error {
	if upstream {
		return serveUpstream(ctx)
	}
	dir, err := os.MkdirTemp("", "gatehouse-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := start(ctx, dir, o)
	if err != nil {
		return err
	}
	defer b.stop()
	if o.anonymous > 0 {
		return b.countWrites(ctx, o)
	}
	if o.websockets > 0 {
		return b.compareSockets(ctx, o)
	}
	return b.compare(ctx, o)
}

// compare alternates which side goes first, so that neither has the warmer or
// the more tired machine.
func (b *bench) compare(ctx context.Context, o options) error {
	load, err := chooseLoad(o.client)
	if err != nil {
		return err
	}
	fmt.Printf("%d cores, %s, %d connections, %s a measurement, load by %s, answered by %s\n",
		runtime.NumCPU(), runtime.Version(), o.connections, o.duration, load.name, cmp.Or(b.upstream, "Caddy itself"))
	both := []*target{b.plain, b.gated}
	for _, side := range both {
		if _, err := load.drive(ctx, side, o.connections, time.Second); err != nil {
			return fmt.Errorf("warming up %s: %w", side.name, err)
		}
	}
	var pairs []pair
	for i := range o.rounds {
		rates := make([]float64, 2)
		for j := range both {
			side := (i + j) % 2
			if rates[side], err = load.drive(ctx, both[side], o.connections, o.duration); err != nil {
				return fmt.Errorf("round %d, %s: %w", i+1, both[side].name, err)
			}
		}
		pairs = append(pairs, pair{plain: rates[0], gated: rates[1]})
		fmt.Printf("round %2d   plain %8.0f/s   gated %8.0f/s   ratio %.3f\n", i+1, rates[0], rates[1], pairs[i].ratio())
	}
	fmt.Println(summary(pairs))
	return nil
}
