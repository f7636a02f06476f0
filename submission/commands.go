package submission

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// A commanded is what the user's commands say about one message.
type commanded struct {
	To, Cc  []series.Person
	Headers []patchmail.Header
}

// askCommands runs sendemail.toCmd, ccCmd and headerCmd on every message, as
// git-send-email(1) has them: a line for the shell, to which the name of a file
// with the message is added, from the top of the work tree. They are the
// user's own: a project's file cannot set them. The first failure is returned,
// a *CommandError, and so is a line that names nobody.
func (s *Submission) askCommands(ctx context.Context, o Options, suppress suppression) ([]commanded, error) {
	if suppress[roleCcCmd] {
		s.Mail.CcCmd = ""
	}
	if s.Mail.ToCmd == "" && s.Mail.CcCmd == "" && s.Mail.HeaderCmd == "" {
		return nil, nil
	}
	dir, err := scratchDir(s.repo)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	asks := make([]asker, len(s.rendered.Drafts))
	for i, d := range s.rendered.Drafts {
		mail, err := d.Mail()
		if err != nil {
			return nil, err
		}
		raw, err := mail.Bytes()
		if err != nil {
			return nil, &UnwritableError{Draft: &d, Err: err}
		}
		asks[i] = asker{runner: runner{dir: s.repo.TopLevel, env: o.Env, limit: collectLimit}, title: d.Title, file: filepath.Join(dir, commandFile(&d))}
		if err := os.WriteFile(asks[i].file, raw, 0o600); err != nil {
			return nil, err
		}
	}
	answers, errs := make([]commanded, len(asks)), make([]error, len(asks))
	err = s.patience.wait(s.asked(), func() error {
		var group errgroup.Group
		group.SetLimit(runtime.NumCPU())
		for i, ask := range asks {
			group.Go(func() error {
				answers[i], errs[i] = s.askAbout(ctx, ask)
				return nil
			})
		}
		group.Wait()
		return cmp.Or(errs...) // the first message's, whichever ended first
	})
	return answers, err
}

// asked names the commands that are asked about every message.
func (s *Submission) asked() string {
	var keys []string
	for _, c := range []struct{ name, line string }{{"toCmd", s.Mail.ToCmd}, {"ccCmd", s.Mail.CcCmd}, {"headerCmd", s.Mail.HeaderCmd}} {
		if c.line != "" {
			keys = append(keys, s.mailKey(c.name))
		}
	}
	return fmt.Sprintf("%s, asked about %d messages", strings.Join(keys, " and "), len(s.rendered.Drafts))
}

// obeyCommands adds what the commands say to the messages and to r.
func (s *Submission) obeyCommands(ctx context.Context, o Options, r *Recipients) (err error) {
	if r.ByCommand, err = s.askCommands(ctx, o, r.Suppress); err != nil {
		return err
	}
	for i, c := range r.ByCommand {
		d := &s.rendered.Drafts[i]
		own := d.Message.Headers
		for _, h := range c.Headers {
			if slices.ContainsFunc(own, func(o patchmail.Header) bool { return strings.EqualFold(o.Name, h.Name) }) {
				a := asker{title: d.Title}
				return a.failed(s.mailKey("headerCmd"), s.Mail.HeaderCmd, fmt.Errorf("it printed %s, which the message has already", h.Name))
			}
		}
		d.Message.Headers = append(own[:len(own):len(own)], c.Headers...)
	}
	return nil
}

// mailKey is the key that a setting of sendemail.* comes from: the identity's
// own, where it has one.
func (s *Submission) mailKey(name string) string {
	if config, err := s.repo.Config(); err == nil && s.Mail.Identity != "" {
		own := "sendemail." + s.Mail.Identity + "." + name
		if _, ok := config.Get(own); ok {
			return own
		}
	}
	return "sendemail." + name
}

// commandFile names a message as git format-patch would: commands of users
// know the cover letter by it.
func commandFile(d *series.Draft) string {
	if d.Commit == nil {
		return "0000-cover-letter.patch"
	}
	return patchmail.FileName(d.Counter, d.Title, "patch")
}

// scratchDir makes a folder in the repository for files that a command reads.
func scratchDir(repo *gitrepo.Repo) (string, error) {
	parent := filepath.Join(repo.CommonDir, "kprep", "validate")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	return os.MkdirTemp(parent, "send-")
}

func (s *Submission) askAbout(ctx context.Context, ask asker) (c commanded, err error) {
	if c.To, err = ask.people(ctx, s.mailKey("toCmd"), s.Mail.ToCmd, roleTo); err != nil {
		return c, err
	}
	if c.Cc, err = ask.people(ctx, s.mailKey("ccCmd"), s.Mail.CcCmd, roleCcCmd); err != nil {
		return c, err
	}
	key := s.mailKey("headerCmd")
	out, err := ask.run(ctx, key, s.Mail.HeaderCmd)
	if err != nil {
		return c, err
	}
	headers, err := readHeaders(out)
	if err != nil {
		return c, ask.failed(key, s.Mail.HeaderCmd, err)
	}
	for _, h := range headers {
		switch strings.ToLower(h.Name) {
		case "to", "cc":
			list, err := patchmail.ParseAddressList(h.Value)
			if err != nil {
				return c, ask.failed(key, s.Mail.HeaderCmd, err)
			}
			for _, a := range list {
				if strings.EqualFold(h.Name, "to") {
					c.To = append(c.To, series.Person{Address: a, Role: roleTo})
				} else {
					c.Cc = append(c.Cc, series.Person{Address: a, Role: roleHeader})
				}
			}
		default:
			if err := patchmail.CheckHeader(h); err != nil {
				return c, ask.failed(key, s.Mail.HeaderCmd, err)
			}
			c.Headers = append(c.Headers, h)
		}
	}
	return c, nil
}

// An asker asks about one message.
type asker struct {
	runner
	title string // of the message, for errors
	file  string // that holds it
}

func (a asker) failed(key, line string, err error) error {
	return &CommandError{Command: project.Command{Key: key, Line: line}, Title: a.title, Status: err.Error(), Err: err}
}

// run returns what a shell command prints; "" without one.
func (a asker) run(ctx context.Context, key, line string) (string, error) {
	if line == "" {
		return "", nil
	}
	out, complaint, err := a.runner.run(ctx, []string{"sh", "-c", line + ` "$@"`, line, a.file}, nil)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case err != nil:
		failed := a.failed(key, line, err).(*CommandError)
		failed.Stderr = complaint
		return "", failed
	}
	return out, nil
}

// people reads one address a line.
func (a asker) people(ctx context.Context, key, line, role string) ([]series.Person, error) {
	out, err := a.run(ctx, key, line)
	if err != nil {
		return nil, err
	}
	var found Answer
	found.read(out, To, 0, key)
	if len(found.Warnings) > 0 {
		return nil, a.failed(key, line, errors.New(found.Warnings[0].String()))
	}
	var all []series.Person
	for _, f := range found.Found {
		all = append(all, series.Person{Address: f.Address, Role: role})
	}
	return all, nil
}

// readHeaders reads header lines as a command prints them: a line that begins
// with a blank continues the one before. Empty lines may stand at the end only.
func readHeaders(text string) ([]patchmail.Header, error) {
	var all []patchmail.Header
	for line := range strings.Lines(strings.TrimRight(text, "\n")) {
		line = strings.TrimSuffix(line, "\n")
		name, value, found := strings.Cut(line, ":")
		switch {
		case strings.Trim(line, " \t") == "":
			return nil, errors.New("it printed an empty line between headers")
		case strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t"):
			if len(all) == 0 {
				return nil, fmt.Errorf("it printed the continuation %q of no header", line)
			}
			all[len(all)-1].Value += " " + strings.Trim(line, " \t")
		case !found:
			return nil, fmt.Errorf("it printed %q, which is no header", line)
		default:
			all = append(all, patchmail.Header{Name: name, Value: strings.Trim(value, " \t")})
		}
	}
	return all, nil
}
