package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// largest is how many bytes the program may have.
const largest = 30_000_000

// A target is what the program is built for.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

func parseTarget(word string) (target, error) {
	system, arch, ok := strings.Cut(word, "/")
	if !ok || system == "" || arch == "" || strings.Contains(arch, "/") {
		return target{}, fmt.Errorf("a target is OS/ARCH, not %q", word)
	}
	return target{system, arch}, nil
}

func (t target) suffix() string {
	if t.os == "windows" {
		return ".exe"
	}
	return ""
}

// environ is the environment of Go's commands: what changes a program is fixed,
// whatever the user has set.
func (t target) environ() []string {
	return append(os.Environ(), "GOOS="+t.os, "GOARCH="+t.arch, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOEXPERIMENT=", "GOFIPS140=off",
		"GOAMD64=v1", "GOARM64=v8.0", "GORISCV64=rva20u64")
}

// build returns the program.
func (r release) build(ctx context.Context, t target) ([]byte, error) {
	file := filepath.Join(r.work, "program")
	defer os.Remove(file)
	if err := r.buildInto(ctx, t.environ(), file); err != nil {
		return nil, err
	}
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	return program, fits(program)
}

func fits(program []byte) error {
	if len(program) > largest {
		return fmt.Errorf("the program has %d bytes, more than %d", len(program), largest)
	}
	return nil
}

// buildInto builds as "make" does.
func (r release) buildInto(ctx context.Context, environ []string, file string) error {
	_, err := output(ctx, environ, "go", "build", "-buildvcs=false", "-trimpath", "-tags", r.tags,
		"-ldflags", "-s -w -X main.version="+r.version, "-o", file, "./cmd/kprep")
	return err
}

// output runs a program and returns what it prints.
func output(ctx context.Context, environ []string, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = environ
	var out, complaint bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaint
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %s: %w\n%s", program, args[0], err, bytes.TrimSpace(complaint.Bytes()))
	}
	return out.Bytes(), nil
}
