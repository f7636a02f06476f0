package gitrepo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A MailPatch is what "git am" takes out of a mail.
type MailPatch struct {
	Name, Address, Date string // of the author; the date as the mail has it
	Subject             string // without prefixes in brackets
	Message             string // of the commit, with the subject
	Diff                []byte
}

// ReadMail takes a patch out of a mail as "git am" does, whatever the user has
// configured for that. A mail with CRLF is read as one with LF, and so is an
// encoded body in which every line ends with CRLF.
func (r *Repo) ReadMail(ctx context.Context, raw []byte) (MailPatch, error) {
	dir, err := r.scratch("mail-")
	if err != nil {
		return MailPatch{}, err
	}
	defer os.RemoveAll(dir)
	message, patch := filepath.Join(dir, "message"), filepath.Join(dir, "patch")
	in := bytes.NewReader(withLF(raw))
	facts, err := r.git.filter(ctx, in, "mailinfo", "--encoding=UTF-8", "--no-scissors", message, patch)
	if err != nil {
		return MailPatch{}, err
	}
	var p MailPatch
	for line := range strings.Lines(string(facts)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch key {
		case "Author":
			p.Name = value
		case "Email":
			p.Address = value
		case "Date":
			p.Date = value
		case "Subject":
			p.Subject = value
		}
	}
	body, err := os.ReadFile(message)
	if err != nil {
		return MailPatch{}, err
	}
	if p.Diff, err = os.ReadFile(patch); err != nil {
		return MailPatch{}, err
	}
	// QUIRK: Exchange sends base64 of CRLF. In a patch to files with CRLF the lines
	// "diff", "---" and "@@" end with LF.
	if bytes.Count(p.Diff, []byte("\r\n")) == bytes.Count(p.Diff, []byte("\n")) {
		body, p.Diff = withLF(body), withLF(p.Diff)
	}
	p.Message = strings.TrimRight(p.Subject+"\n\n"+strings.TrimLeft(string(body), "\n"), " \t\n") + "\n"
	return p, nil
}

func withLF(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// A MailApplyError reports a patch out of a mail that does not apply.
type MailApplyError struct {
	Number  int // of the patch, from 1
	Subject string
	Reason  string
}

func (e *MailApplyError) Error() string {
	return fmt.Sprintf("patch %d, %q, does not apply: %s", e.Number, e.Subject, e.Reason)
}

// ApplyMail makes commits of patches on top of base, one on the other, as "git
// am --3way" would, and returns them oldest first: the authors are those of
// the mails, the committer is the user. No index, no work tree and no ref is
// touched, and unless all patches apply nothing is stored. It returns a
// *MailApplyError.
func (r *Repo) ApplyMail(ctx context.Context, base ID, patches []MailPatch) ([]ID, error) {
	trial, err := r.NewTrial(ctx, base)
	if err != nil {
		return nil, err
	}
	defer trial.Close()
	commits, err := trial.applyAll(ctx, base, patches)
	if err != nil {
		return nil, trial.because(err)
	}
	if len(commits) == 0 {
		return nil, nil
	}
	return commits, trial.keep(ctx, base, commits[len(commits)-1])
}

// applyAll makes a commit of each patch, in the trial alone.
func (t *Trial) applyAll(ctx context.Context, base ID, patches []MailPatch) (commits []ID, err error) {
	tip := base
	for i, p := range patches {
		err := t.Apply(ctx, p.Diff)
		if failed := (*ApplyError)(nil); errors.As(err, &failed) {
			if t.applyThreeWay(ctx, p.Diff) != nil {
				return nil, &MailApplyError{Number: i + 1, Subject: p.Subject, Reason: failed.Reason}
			}
		} else if err != nil {
			return nil, err
		}
		if tip, err = t.commit(ctx, tip, p); err != nil {
			return nil, fmt.Errorf("patch %d, %q: %w", i+1, p.Subject, err)
		}
		commits = append(commits, tip)
	}
	return commits, nil
}

// applyThreeWay merges where the blobs that the diff names are here. After an
// error the trial is of no more use.
func (t *Trial) applyThreeWay(ctx context.Context, diff []byte) error {
	_, err := t.run(ctx, diff, "apply", "--cached", "--3way", "--whitespace=nowarn", "--no-ignore-whitespace", "-p1", "-")
	return err
}

// commit makes a commit of what is applied.
func (t *Trial) commit(ctx context.Context, parent ID, p MailPatch) (ID, error) {
	tree, err := t.run(ctx, nil, "write-tree")
	if err != nil {
		return "", err
	}
	as := *t
	as.git.env = append(t.git.env[:len(t.git.env):len(t.git.env)],
		"GIT_AUTHOR_NAME="+p.Name, "GIT_AUTHOR_EMAIL="+p.Address, "GIT_AUTHOR_DATE="+p.Date)
	id, err := as.run(ctx, []byte(p.Message), "-c", "i18n.commitEncoding=UTF-8", "commit-tree", "-p", string(parent), string(trimNewline(tree)))
	return ID(trimNewline(id)), err
}

// keep stores the commits from base to tip in the repository.
func (t *Trial) keep(ctx context.Context, base, tip ID) error {
	wanted := fmt.Sprintf("%s\n^%s\n", tip, base)
	pack, err := t.run(ctx, []byte(wanted), "-c", "pack.packSizeLimit=0", "pack-objects", "--quiet", "--revs", "--stdout")
	if err != nil {
		return err
	}
	if _, err = t.repo.git.filter(ctx, bytes.NewReader(pack), "unpack-objects", "-q"); err != nil {
		const header = len("PACK") + 4 // and then the number of objects
		return &StoreError{Objects: int(binary.BigEndian.Uint32(pack[header:])), Err: err}
	}
	return nil
}
