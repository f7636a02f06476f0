package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
)

func signCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "sign",
		Category:  groupSend,
		Usage:     "sign messages, as patatt does",
		ArgsUsage: "[FILE…]",
		Description: "Signs each message in its file, or the one on standard input onto standard\n" +
			"output, with the key of patatt.signingkey, or else of user.signingkey. What is\n" +
			"signed is what 'git am' would apply, and the Message-ID. When one message cannot\n" +
			"be signed, no file is changed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "section", Aliases: []string{"s"}, Usage: "take the settings of [patatt \"`NAME`\"]"},
		},
		Action: func(c *cli.Context) error {
			files, err := argsBetween(c, 0, -1)
			if err != nil {
				return err
			}
			a, err := e.attestation(c.Context, c.String("section"))
			if err != nil {
				return err
			}
			signer, err := a.settings.Signer(a.gitDir())
			if err != nil {
				return err
			}
			if len(files) == 0 {
				return e.signStdin(c.Context, signer)
			}
			return e.signFiles(c.Context, signer, files)
		},
	}
}

func (e *env) signStdin(ctx context.Context, signer *attest.Signer) error {
	if e.terminal.stdin {
		return usagef("sign", "name the files of the messages, or give one on standard input")
	}
	raw, err := io.ReadAll(e.input(ctx))
	if err != nil {
		return fmt.Errorf("read the message: %w", err)
	}
	signed, err := signer.Sign(ctx, raw, e.now())
	if err != nil {
		return err
	}
	e.warnOfIdentity(ctx, signer, "", signed)
	_, err = e.stdout.Write(signed)
	return err
}

// warnOfIdentity says when those who check will see that a message is by
// somebody else than the one who signed.
func (e *env) warnOfIdentity(ctx context.Context, signer *attest.Signer, name string, signed []byte) {
	report, err := (&attest.Verifier{Programs: attest.Programs{Env: e.environ}}).Check(ctx, signed)
	identity := strings.ToLower(signer.Identity)
	if err != nil || identity == "" || identity == strings.ToLower(report.Email) || slices.Contains(report.Senders, identity) {
		return
	}
	if name != "" {
		name += ": "
	}
	e.warnf("%sit is by %s, and signed as %s: it will not pass", name, patchmail.PrintableLine(report.Email), patchmail.PrintableLine(identity))
}

// signFiles signs all messages before it writes the first.
func (e *env) signFiles(ctx context.Context, signer *attest.Signer, files []string) error {
	signed := make([][]byte, len(files))
	modes := make([]fs.FileMode, len(files))
	for i, name := range files {
		e.progress.count("signing messages", i, len(files))
		var err error
		if signed[i], modes[i], err = e.signFile(ctx, signer, e.path(name)); err != nil {
			return fmt.Errorf("%s: %w", patchmail.PrintableLine(name), err)
		}
	}
	e.progress.doing("")
	for i, name := range files {
		path, err := filepath.EvalSymlinks(e.path(name)) // what a link points to is written, not the link
		if err == nil {
			err = durable.WriteExactly(path, signed[i], modes[i])
		}
		if err != nil {
			return fmt.Errorf("write %s, the %d before it are signed: %w", patchmail.PrintableLine(name), i, cause(err))
		}
		e.notef("signed %s", name)
		e.warnOfIdentity(ctx, signer, name, signed[i])
	}
	return nil
}

// errMailbox means that a file holds more than the one message to be signed.
var errMailbox = errors.New("it is a mailbox with several messages")

func (e *env) signFile(ctx context.Context, signer *attest.Signer, path string) ([]byte, fs.FileMode, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, 0, cause(err)
	}
	if !info.Mode().IsRegular() {
		return nil, 0, errors.New("it is not a file")
	}
	count := 0
	err = inbox.Walk(ctx, path, func(inbox.Mail) error { count++; return nil }, func(error) { count++ })
	if err != nil {
		return nil, 0, err
	}
	if count > 1 {
		return nil, 0, errMailbox
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, cause(err)
	}
	signed, err := signer.Sign(ctx, raw, e.now())
	return signed, info.Mode().Perm(), err
}
