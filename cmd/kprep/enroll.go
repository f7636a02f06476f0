package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/series"
)

func enrollCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "enroll",
		Category:  groupStart,
		Usage:     "make the current branch a series",
		ArgsUsage: "[BASE]",
		Description: "Puts a cover letter below the commits that are on the branch but not in BASE,\n" +
			"a branch, tag or commit; otherwise not in the upstream (@{u}), or else the\n" +
			"nearest remote-tracking branch. The commits must be your own, without merges,\n" +
			"and at most 500. Index and work tree are not touched. On a branch that is a\n" +
			"series already, --sent adds what was sent before and has no tag yet.",
		Flags: []cli.Flag{
			&cli.StringSliceFlag{Name: "sent", Usage: "revision N went out already: `vN=REF[,MSGID]`, a tag, branch or range BASE..TIP"},
		},
		Action: func(c *cli.Context) error {
			given, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			if len(given) == 1 && given[0] == "" {
				return usagef("enroll", "the name of the base is empty")
			}
			repo, err := e.openRepo(c.Context)
			if err != nil {
				return err
			}
			sent, err := sentBefore(c.StringSlice("sent"))
			if err != nil {
				return err
			}
			if len(sent) > 0 && len(given) == 0 {
				s, err := series.Load(c.Context, repo, "")
				if err == nil {
					return e.addSent(c.Context, s, sent)
				}
				if !errors.As(err, new(*series.NotPreparedError)) {
					return err
				}
			}
			base, err := enrollBase(c, repo, strings.Join(given, ""))
			if err != nil {
				return err
			}
			origin, err := e.origin(c, repo, "", base)
			if err != nil {
				return err
			}
			origin.Sent = sent
			s, err := series.Enroll(c.Context, repo, base, origin)
			if err != nil {
				return err
			}
			from := s.Base.Short()
			if len(given) == 0 {
				from += ", where it left " + shortRef(base)
			}
			e.notef("branch %q is a series of %s from %s", s.Name(), plural(len(s.Patches), "patch", "patches"), from)
			e.warnOnce(s)
			if n := len(origin.Sent); n > 0 {
				e.notef("%s sent before; the branch is v%d", plural(n, "revision was", "revisions were"), s.Tracking.Revision)
			}
			e.notef("write the cover letter with 'kprep cover', find recipients with 'kprep collect'")
			return nil
		},
	}
}

// addSent records revisions that went out by other means, of a branch that is
// a series already.
func (e *env) addSent(ctx context.Context, s *series.Series, sent []series.Earlier) error {
	settings, err := project.Load(ctx, e.repo, s.Base)
	if err != nil {
		return err
	}
	compat, err := settings.Bool("compat-tags", false)
	if err != nil {
		return err
	}
	if err := s.AddSent(ctx, sent, compat); err != nil {
		return err
	}
	e.notef("%s on record now; compare with 'kprep diff v%d'", plural(len(sent), "revision is", "revisions are"), sent[0].Revision)
	return nil
}

// enrollBase is the base that the user named, or what is found without a name.
func enrollBase(c *cli.Context, repo *gitrepo.Repo, given string) (string, error) {
	upstream := slices.Contains([]string{"@{upstream}", "@{u}"}, strings.ToLower(given))
	if given != "" && !upstream {
		return given, nil
	}
	return series.FindBase(c.Context, repo, upstream)
}

// shortRef is a branch as people say it.
func shortRef(ref string) string {
	return strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/")
}

// sentBefore reads what was given to --sent. A ref may have commas in it: what
// stands behind the last one is a message-id only if it looks like one.
func sentBefore(given []string) ([]series.Earlier, error) {
	var all []series.Earlier
	for _, text := range given {
		number, ref, ok := strings.Cut(text, "=")
		if !ok || ref == "" {
			return nil, usagef("enroll", "--sent takes vN=REF[,MSGID], not %q", text)
		}
		e := series.Earlier{Ref: ref}
		var err error
		if e.Revision, err = parseRevision("enroll", number); err != nil {
			return nil, err
		}
		if at := strings.LastIndexByte(ref, ','); at > 0 && strings.Contains(ref[at:], "@") {
			e.Ref = ref[:at]
			if e.FirstID, err = parseMessageID("enroll", ref[at+1:]); err != nil {
				return nil, err
			}
		}
		all = append(all, e)
	}
	return all, nil
}
