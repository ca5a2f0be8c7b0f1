// SPDX-FileCopyrightText: 2026 The Gatehouse Authors
// SPDX-License-Identifier: Apache-2.0

// Command generate makes the Go code of token.proto. It stands in for protoc, so
// that a checkout and the Go tool are all it takes: it reads the file and hands it
// to the plugins protoc-gen-go and protoc-gen-go-grpc, whose versions are those of
// the tools in go.mod.
//
//	go run ./generate ROOT
//
// ROOT is the root of the checkout.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/protoutil"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/pluginpb"
)

// source is named from the root of the checkout: Go programs know the files that
// their protocols come from by such names, which must differ.
const source = "internal/tokenservice/tokenpb/token.proto"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "write: go run ./generate ROOT")
		os.Exit(2)
	}
	if err := generate(context.Background(), os.Args[1], os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// generate writes the code of the source below one root to its place below another.
func generate(ctx context.Context, from, to string) error {
	file, err := compile(ctx, from)
	if err != nil {
		return err
	}
	for _, plugin := range []string{"protoc-gen-go", "protoc-gen-go-grpc"} {
		if err := run(ctx, plugin, file, to); err != nil {
			return fmt.Errorf("%s: %w", plugin, err)
		}
	}
	return nil
}

func compile(ctx context.Context, from string) (*descriptorpb.FileDescriptorProto, error) {
	compiler := protocompile.Compiler{
		Resolver:       &protocompile.SourceResolver{ImportPaths: []string{from}},
		SourceInfoMode: protocompile.SourceInfoStandard,
	}
	files, err := compiler.Compile(ctx, source)
	if err != nil {
		return nil, err
	}
	return protoutil.ProtoFromFileDescriptor(files[0]), nil
}

// run asks a plugin for its code, as protoc does: a CodeGeneratorRequest on its
// standard input, a CodeGeneratorResponse on its standard output.
func run(ctx context.Context, plugin string, file *descriptorpb.FileDescriptorProto, to string) error {
	request, err := proto.Marshal(&pluginpb.CodeGeneratorRequest{
		FileToGenerate: []string{source},
		Parameter:      proto.String("paths=source_relative"),
		ProtoFile:      []*descriptorpb.FileDescriptorProto{file},
	})
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, "go", "tool", plugin)
	command.Stdin, command.Stderr = bytes.NewReader(request), os.Stderr
	answer, err := command.Output()
	if err != nil {
		return err
	}
	var response pluginpb.CodeGeneratorResponse
	if err := proto.Unmarshal(answer, &response); err != nil {
		return err
	}
	if response.Error != nil {
		return errors.New(response.GetError())
	}
	for _, made := range response.File {
		name := filepath.Join(to, filepath.FromSlash(made.GetName()))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte(made.GetContent()), 0o644); err != nil {
			return err
		}
	}
	return nil
}
