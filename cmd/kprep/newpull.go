package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/pullrequest"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

// A pullError says why no series can be made of a pull request.
type pullError struct {
	reason string
	hint   string // "" for none
}

func (e *pullError) Error() string { return e.reason }

// newPull makes a series of a pull request, or the next revision of the one that
// it is already; name may be "".
func (e *env) newPull(c *cli.Context, repo *gitrepo.Repo, name, word string) error {
	request, err := e.readRequest(c, word)
	if err != nil {
		return err
	}
	pull, err := e.pullOf(c, repo, request, word)
	if err != nil {
		return err
	}
	known, err := knownPull(c.Context, repo, request.URL, name)
	if err != nil {
		return err
	}
	if known != nil {
		return e.takeAgain(c, repo, known, pull, name)
	}
	if name == "" {
		if name = request.Title; name == "" {
			return usagef("new", "a ref says no title: name the series")
		}
	}
	origin, err := e.origin(c, repo, name, "")
	if err != nil {
		return err
	}
	s, err := series.StartOf(c.Context, repo, origin, pull)
	if err != nil {
		return err
	}
	e.notef("on the new branch %q, %s from %s, committed in your name; the authors are as they were", s.Name(), plural(len(s.Patches), "patch", "patches"), s.Base.Short())
	e.notePulled("To", pull.To)
	e.notePulled("Cc", pull.Cc)
	if c.Bool("autosquash") {
		if err := e.carryOut(c.Context, [][]string{{"rebase", "--autosquash", "--", string(s.Base)}}); err != nil {
			return err
		}
	}
	e.notef("look at the cover letter with 'kprep cover', find recipients with 'kprep collect'")
	return nil
}

// notePulled tells whom a description wants as recipients: it is from others, and
// a forge may show less of it.
func (e *env) notePulled(field string, list []patchmail.Address) {
	var names []string
	for _, a := range list[:min(len(list), 5)] {
		names = append(names, a.String())
	}
	if more := len(list) - len(names); more > 0 {
		names = append(names, fmt.Sprintf("and %d more", more))
	}
	if len(names) > 0 {
		e.notef("%s, as the description says: %s", field, strings.Join(names, ", "))
	}
}

// readRequest reads what the word names: a file that tells of a pull request, "-"
// being standard input, or else a ref, of which nothing is told.
func (e *env) readRequest(c *cli.Context, word string) (*pullrequest.Request, error) {
	if info, err := os.Stat(e.path(word)); word != "-" && (err != nil || info.IsDir()) {
		if c.IsSet("head") {
			return nil, &pullError{reason: fmt.Sprintf("%q is no file", word), hint: "--head names the commits of a pull request of which a file tells the title and the description"}
		}
		return &pullrequest.Request{}, nil
	}
	text, err := e.readAll(c.Context, word)
	if err != nil {
		return nil, err
	}
	request, err := pullrequest.Parse([]byte(text))
	if form := (*pullrequest.FormError)(nil); errors.As(err, &form) {
		return nil, &pullError{reason: fmt.Sprintf("%s is no pull request: %s", patchmail.PrintableLine(word), form.Reason),
			hint: "save what the forge's API says of the one pull request, or its title and description as plain text"}
	}
	return request, err
}

// pullOf finds the commits of a pull request, which have been fetched.
func (e *env) pullOf(c *cli.Context, repo *gitrepo.Repo, request *pullrequest.Request, word string) (series.Pull, error) {
	pull := series.Pull{Fixups: c.Bool("autosquash")}
	head := request.Head
	switch {
	case c.IsSet("head"):
		head = c.String("head")
	case head == "" && request.Title == "":
		head = word
	case head == "":
		return pull, usagef("new", "%s says nothing of commits: name them with --head REF", word)
	}
	commit, err := repo.Commit(head + "^{commit}")
	if errors.As(err, new(*gitrepo.MissingError)) || errors.As(err, new(*gitrepo.NotCommitError)) {
		return pull, absentPull(request, head)
	}
	if err != nil {
		return pull, err
	}
	if pull.Base, err = e.pullBase(c, repo, request, commit.ID); err != nil {
		return pull, err
	}
	pull.Request = series.Request{URL: request.URL, Head: string(commit.ID),
		Text: fmt.Sprintf("%x", sha256.Sum256([]byte(request.Title+"\n\n"+request.Description)))}
	if request.Title != "" {
		prose, to, cc := pullrequest.Plain(request.Description)
		author, err := repo.Author()
		if err != nil {
			return pull, err
		}
		if prose == "" {
			prose = "EDITME: describe the purpose of this series."
		}
		title := request.Title
		if strings.HasPrefix(title, "#") { // it would be a comment
			title = ">" + title
		}
		pull.Text = fmt.Sprintf("%s\n\n%s\n\nSigned-off-by: %s <%s>\n", title, prose, author.Name, author.Email)
		pull.To, pull.Cc = to, cc
	}
	return pull, nil
}

func absentPull(request *pullrequest.Request, head string) error {
	err := &pullError{reason: fmt.Sprintf("%q is neither a file nor a commit of this repository", head), hint: "fetch the pull request first, and name the ref"}
	if request.Head != "" {
		err.reason = fmt.Sprintf("the commit %s of the pull request is not in this repository", head)
		err.hint = "fetch it first"
		if request.Fetch != "" {
			err.hint += ": git fetch " + request.Fetch
		}
	}
	return err
}

// knownPull is the series that was made of the pull request before: of the one
// with that URL, or without one on the branch here, unless another name is given.
func knownPull(ctx context.Context, repo *gitrepo.Repo, url, name string) (*series.Series, error) {
	if url != "" {
		return series.OfRequest(ctx, repo, url)
	}
	if name != "" {
		return nil, nil
	}
	s, err := series.Load(ctx, repo, "")
	if noSeries(err) || err != nil {
		return nil, nil // whatever is wrong with the branch here, the new one is another
	}
	state, err := s.State()
	if err != nil || state.Request == nil || state.Request.URL != "" {
		return nil, err
	}
	return s, nil
}

// takeAgain makes a later push the patches of the series.
func (e *env) takeAgain(c *cli.Context, repo *gitrepo.Repo, s *series.Series, pull series.Pull, name string) error {
	if name != "" {
		return &series.ExistsError{Branch: s.Branch}
	}
	if repo.Head.Branch != s.Branch {
		return &pullError{reason: fmt.Sprintf("the pull request is the series %q already", s.Name()), hint: fmt.Sprintf("go there with 'git checkout %s', and do this again to take what was pushed since", s.Name())}
	}
	before, err := s.State()
	if err != nil {
		return err
	}
	taken, err := s.TakeAgain(c.Context, pull)
	if err != nil {
		return err
	}
	if !taken.Changed {
		e.notef("nothing was pushed since; the series is as it was")
		return nil
	}
	e.notef("v%d of %q has the %s of the pull request now; 'kprep undo' brings the old ones back", s.Tracking.Revision, s.Name(), plural(len(s.Patches), "patch", "patches"))
	if open := (*submission.OpenSendError)(nil); errors.As(submission.CheckNotSending(c.Context, repo, s), &open) {
		e.notef("the v%d that is being sent stays as it was planned; when that is over, they are the next one", open.Revision)
	}
	for _, commit := range taken.Lost {
		e.warnf("what you changed in %q is gone", commit.Subject())
	}
	for _, commit := range taken.Kept {
		e.warnf("%q is worded otherwise in the pull request now; your words stay", commit.Subject())
	}
	if pull.Text != "" && before.Request != nil && before.Request.Text != pull.Request.Text {
		e.notef("title or description of the pull request have changed: see whether the cover letter is still right, with 'kprep cover'")
	}
	if c.Bool("autosquash") {
		if err := e.carryOut(c.Context, [][]string{{"rebase", "--autosquash", "--", string(s.Base)}}); err != nil {
			return err
		}
	}
	if s.Tracking.Revision > 1 {
		e.notef("'kprep diff' shows what is other than in the revision before")
	}
	return nil
}
