package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/project"
)

// A noSourceError means that nothing says where a message could be.
type noSourceError struct{ id string }

func (e *noSourceError) Error() string {
	return fmt.Sprintf("<%s> is not looked up: neither kprep.archive nor b4.midmask says where mail is", e.id)
}

// walkWord visits the mail that an argument of verify names: standard input, a
// file or folder, or the revision that a message-id belongs to.
func (e *env) walkWord(ctx context.Context, a *attestation, word string, visit func(inbox.Mail) error, broken func(error)) error {
	if word == "-" {
		return inbox.WalkReader(ctx, e.input(ctx), "standard input", visit, broken)
	}
	_, missing := os.Stat(e.path(word))
	if missing == nil {
		return inbox.Walk(ctx, e.path(word), visit, broken)
	}
	id, err := parseMessageID("verify", word)
	if err != nil {
		return fmt.Errorf("read mail: %w", missing)
	}
	found, err := e.lookUp(ctx, a, id, broken)
	if err != nil {
		return err
	}
	for _, m := range inbox.RevisionOf(found, id) {
		if err := visit(inbox.Mail{Raw: m.Raw, File: m.File, Number: m.Number}); err != nil {
			return err
		}
	}
	return nil
}

// lookUp finds the thread of a message in the mail of kprep.archive, and on the
// server of b4.midmask.
func (e *env) lookUp(ctx context.Context, a *attestation, id string, broken func(error)) ([]*inbox.Message, error) {
	settings, err := inbox.ReadSettings(a.config)
	if err != nil {
		return nil, err
	}
	mask, err := a.midMask(ctx)
	if err != nil {
		return nil, err
	}
	if mask != "" {
		if err := settings.AddMask(mask); err != nil {
			return nil, fmt.Errorf("midmask: %w", err)
		}
	}
	settings.Offline = settings.Offline || a.offline
	archive, err := e.openSources(&settings)
	if err != nil {
		return nil, err
	}
	defer archive.Close()
	if len(archive.Sources) == 0 {
		return nil, &noSourceError{id}
	}
	result, err := archive.Find(ctx, inbox.Query{IDs: []string{id}}, broken)
	if err != nil {
		return nil, fmt.Errorf("look for <%s>: %w", id, err)
	}
	var where []string
	var failed []inbox.Status
	for _, s := range result.Sources {
		where = append(where, s.Name)
		if s.Err != nil {
			failed = append(failed, s)
		}
	}
	there := slices.ContainsFunc(result.Messages, func(m *inbox.Message) bool { return m.ID == id })
	switch {
	case !there && len(failed) > 0: // others have answers to it, and nothing more is known
		return nil, fmt.Errorf("look for <%s>: %w", id, &inbox.NoAnswerError{Failed: failed})
	case !there:
		return nil, &inbox.NotFoundError{ID: id, Where: strings.Join(where, ", ")}
	}
	e.tellSources(result.Sources, archive.Offline)
	return result.Messages, nil
}

// midMask is the URL of the inbox where messages are looked up, "" for none. A
// project may name its own.
func (a *attestation) midMask(ctx context.Context) (string, error) {
	if a.repo == nil {
		for _, key := range []string{"kprep.midmask", "b4.midmask"} {
			if mask, ok := a.config.Get(key); ok {
				return mask, nil
			}
		}
		return "", nil
	}
	base, err := settingsCommit(ctx, a.repo)
	if err != nil {
		return "", err
	}
	settings, err := project.Load(ctx, a.repo, base)
	if err != nil {
		return "", err
	}
	mask, _ := settings.Get("midmask")
	return mask.Text, nil
}

// past is the mail in files and folders of kprep.archive, where somebody may have
// signed before; nil without any. Whole lists would take too long.
func (e *env) past(a *attestation) *attest.Past {
	paths := slices.DeleteFunc(e.mailPaths(slices.DeleteFunc(a.config.All("kprep.archive"), func(name string) bool {
		return strings.Contains(name, "://")
	})), inbox.IsMirror)
	if len(paths) == 0 {
		return nil
	}
	return &attest.Past{Walk: func(ctx context.Context, visit func(raw []byte, where string)) error {
		for _, path := range paths {
			err := inbox.Walk(ctx, path, func(m inbox.Mail) error {
				visit(m.Raw, m.File)
				return nil
			}, func(err error) { e.debugf("passed over: %v", err) })
			if errors.Is(err, fs.ErrNotExist) {
				e.warnf("kprep.archive: %v", err)
			} else if err != nil {
				return err
			}
		}
		return nil
	}}
}
