package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// A release is one version of the source in the current directory.
type release struct {
	version string
	made    time.Time
	tags    string
	nfpm    string // "": no packages
	out     string
	work    string // for what is in between
}

func run(ctx context.Context, words []string) (err error) {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	var r release
	flags.StringVar(&r.out, "o", "dist", "put everything into `DIR`, which is emptied")
	flags.StringVar(&r.version, "version", "", "as git describe says it")
	epoch := flags.String("epoch", "", "the time of the release, in `SECONDS` since 1970")
	flags.StringVar(&r.tags, "tags", "", "build `TAGS` of Go")
	flags.StringVar(&r.nfpm, "nfpm", "", "the program nfpm, for .deb and .rpm")
	if err := flags.Parse(words); err != nil {
		return err
	}
	if r.version == "" || flags.NArg() == 0 {
		return errors.New("a version and targets are needed")
	}
	seconds, err := strconv.ParseInt(*epoch, 10, 64)
	if err != nil || seconds <= 0 {
		return fmt.Errorf("%q is no time: without git, SOURCE_DATE_EPOCH has to be set", *epoch)
	}
	r.made = time.Unix(seconds, 0).UTC()
	var targets []target
	for _, word := range flags.Args() {
		t, err := parseTarget(word)
		if err != nil {
			return err
		}
		targets = append(targets, t)
	}
	if err := errors.Join(os.RemoveAll(r.out), os.MkdirAll(r.out, 0o755)); err != nil {
		return err
	}
	if r.work, err = os.MkdirTemp(r.out, ".work-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.work)) }()
	return r.make(ctx, targets)
}

func (r release) make(ctx context.Context, targets []target) error {
	shared, err := r.sharedFiles(ctx)
	if err != nil {
		return err
	}
	var made []string
	for _, t := range targets {
		files, err := r.publish(ctx, t, shared)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		for _, name := range files {
			fmt.Println(filepath.Join(r.out, name))
		}
		made = append(made, files...)
	}
	sums, err := hashes(r.out, made)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(sums), 0o644)
}

// publish makes all files of one target and returns their names.
func (r release) publish(ctx context.Context, t target, shared tree) ([]string, error) {
	program, err := r.build(ctx, t)
	if err != nil {
		return nil, err
	}
	licences, err := r.licences(ctx, t)
	if err != nil {
		return nil, err
	}
	files := append(tree{
		{name: "bin/kprep" + t.suffix(), mode: 0o755, text: program},
		{name: "share/doc/kprep/THIRD-PARTY-LICENSES", mode: 0o644, text: licences},
	}, shared...)
	if t.os != "windows" { // there git wants a program, see docs/installing.md
		files = append(files, entry{name: "bin/git-kprep", link: "kprep"})
	}
	files.sort()
	name := strings.Join([]string{"kprep", packageVersion(r.version, r.made), t.os, t.arch}, "-")
	archive, err := r.archive(t, name, files)
	if err != nil || t.os != "linux" || r.nfpm == "" {
		return []string{archive}, err
	}
	packages, err := r.packages(ctx, t, files)
	return append([]string{archive}, packages...), err
}
