package submission

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/maintainers"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

// CollectOptions says how to collect recipients.
type CollectOptions struct {
	Now    time.Time
	Mailer string
	Home   string
	Env    []string // of the commands
	// Consent returns an error for a command that must not run.
	Consent func(project.Command) error
	Again   bool // add those too whom the user took out since they were collected
	// Project is what the query of MAINTAINERS looks up; nil leaves the answer
	// to the project's script, as Script does.
	Project *maintainers.Project
	Script  bool
	Scripts project.Scripts // what comparisons have shown
	Compare bool            // ask both, and only say where they differ: [Collected.Differences]
	// Progress, which may be nil, is called as patches are answered for, by several
	// goroutines.
	Progress func(done, total int)
}

// Collected is who should receive a series.
type Collected struct {
	To, Cc []patchmail.Address // new to the cover letter
	Text   string              // the cover letter with them
	// Stale are in the cover letter because an earlier collection added them,
	// and nothing names them any more; see [Collected.Prune].
	Stale []patchmail.Address
	// LeftOut were collected before and are no longer in the cover letter, so
	// the user took them out.
	LeftOut []patchmail.Address
	Dropped []patchmail.Address // named, and dropped from this repository
	Found   []Found             // all that was named, old and new
	Asked   bool                // some command was run, or MAINTAINERS was asked
	Note    string              // why the script was asked and not MAINTAINERS; "" for none
	// Unproven says that MAINTAINERS was asked in place of a script that it was
	// never compared with.
	Unproven bool
	// Differences is what Compare found; nothing else is then set but Found and
	// Warnings.
	Differences []Difference
	Warnings    []Warning

	earlier []string            // mailboxes that earlier collections added
	pruned  []patchmail.Address // taken out of Text
}

// Collect asks the project's commands about every patch and puts whom they
// name, and the recipients of the settings, into the text of the cover
// letter. Nothing is stored. The user's own recipients stay as they are.
func Collect(ctx context.Context, repo *gitrepo.Repo, s *series.Series, o CollectOptions) (*Collected, error) {
	settings, err := project.Load(ctx, repo, s.Base)
	if err != nil {
		return nil, err
	}
	settings.Home = o.Home
	toCmd, ccCmd, err := settings.RecipientCommands()
	if err != nil {
		return nil, err
	}
	got := &Collected{}
	var to, cc []patchmail.Address
	book, err := plainAddressBook(repo, o.Home)
	if err != nil {
		return nil, err
	}
	if to, err = readLists(book, seriesLists(settings, "send-series-to")); err != nil {
		return nil, err
	}
	if cc, err = readLists(book, seriesLists(settings, "send-series-cc")); err != nil {
		return nil, err
	}
	who, err := ask(toCmd, ccCmd, o)
	if err != nil {
		return nil, err
	}
	got.Note, got.Unproven = who.aside, who.unproven
	for _, q := range who.questions {
		got.Asked = got.Asked || q.asks()
		if q.query == nil && q.command.Line != "" || o.Compare && q.asks() {
			if err := o.Consent(q.command); err != nil {
				return nil, err
			}
		}
	}
	if got.Asked {
		patches, err := patchMails(ctx, repo, s, o.Now, o.Mailer)
		if err != nil {
			return nil, err
		}
		find := finder(repo.TopLevel, o.Env, collectLimit, who.questions...)
		all, err := findAll(ctx, patches, counting(find, len(patches), o.Progress))
		if err != nil {
			return nil, err
		}
		got.Found, got.Warnings = all.Found, all.Warnings
		if o.Compare {
			return got, got.compareScript(ctx, patches, who, repo.TopLevel, o)
		}
		to, cc = append(to, all.To...), append(cc, all.Cc...)
	}
	return got, got.merge(s, to, cc, o.Again)
}

// patchMails are the patches as they would be mailed, without the cover.
func patchMails(ctx context.Context, repo *gitrepo.Repo, s *series.Series, now time.Time, mailer string) ([]PatchMail, error) {
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	from, _ := config.Get("sendemail.from")
	me, err := sender(repo, from)
	if err != nil {
		return nil, err
	}
	// No id or date that the commands see is ever sent.
	rendered, err := s.Render(ctx, series.Rendering{From: me, Now: now, Random: strings.Repeat("0", 12), Mailer: mailer})
	if err != nil {
		return nil, err
	}
	var patches []PatchMail
	for _, d := range rendered.Drafts {
		if d.Commit == nil {
			continue
		}
		mail, err := d.Mail()
		if err != nil {
			return nil, err
		}
		raw, err := mail.Bytes()
		if err != nil {
			return nil, &UnwritableError{Draft: &d, Err: err}
		}
		head, _, _ := bytes.Cut(raw, []byte("\n\n"))
		text := slices.Concat(head, []byte("\n\n"), mail.Body)
		patches = append(patches, PatchMail{Title: d.Title, Mail: raw, Text: text})
	}
	return patches, nil
}
