package series

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
)

// maxNeeded bounds how many commits are looked at for prerequisites.
const maxNeeded = 1000

// A resolver finds the patches behind prerequisites in this repository and in
// mail. It lists the series of the repository once, when it first needs them.
type resolver struct {
	repo   *gitrepo.Repo
	mail   Archives
	series []*Series // nil until asked for
	listed bool
}

// all lists the series of the repository. One that cannot be read is nobody's
// prerequisite.
func (r *resolver) all(ctx context.Context) ([]*Series, error) {
	if r.listed {
		return r.series, nil
	}
	all, err := List(ctx, r.repo, func(error) {})
	r.series, r.listed = all, err == nil
	return all, err
}

// own is the branch of a series, nil when there is none.
func (r *resolver) own(ctx context.Context, changeID string) (*Series, error) {
	all, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	for _, s := range all {
		if s.Tracking.ChangeID == changeID {
			return s, nil
		}
	}
	return nil, nil
}

// sent lists the revisions of a series that were mailed, also of one whose
// branch is gone.
func (r *resolver) sent(ctx context.Context, changeID string, own *Series) ([]Sent, error) {
	if own == nil {
		own = &Series{Tracking: coverletter.NewTracking(changeID), repo: r.repo}
	}
	return own.Sent(ctx)
}

// A need is a prerequisite with what was found for it.
type need struct {
	Prerequisite
	line    string              // as the tracking data has it
	patches []gitrepo.ID        // oldest first; nil when they are not here
	mails   []gitrepo.MailPatch // the patches, when they are only in mail
	from    string              // what the patches are from, for people
	ids     []string            // the patch-ids, one for each of patches that changes something
	problem string              // why the mail cannot be used
}

// resolve finds the patches of each prerequisite: of a sent revision, else of
// the branch where it is at that revision, else of mail. Of patches that were
// found in mail before, only the patch-ids are known.
func (r *resolver) resolve(ctx context.Context, s *Series) ([]need, error) {
	needs := make([]need, len(s.Tracking.Prerequisites))
	for i, p := range s.Prerequisites() {
		n := need{Prerequisite: p, line: s.Tracking.Prerequisites[i]}
		var err error
		switch p.Kind {
		case NeedsSeries:
			err = r.bySeries(ctx, &n)
		case NeedsThread:
			err = r.byThread(ctx, &n)
		case NeedsPatch:
			n.ids = []string{p.Value}
		}
		switch {
		case err != nil:
		case n.patches != nil:
			n.ids, err = r.patchIDs(ctx, n.patches)
		case p.Kind == NeedsSeries, p.Kind == NeedsThread:
			err = r.byMail(ctx, s, &n)
		}
		if err != nil {
			return nil, err
		}
		needs[i] = n
	}
	return needs, nil
}

// patchIDs leaves out commits that change nothing.
func (r *resolver) patchIDs(ctx context.Context, commits []gitrepo.ID) ([]string, error) {
	ids, err := r.repo.PatchIDs(ctx, commits)
	return slices.DeleteFunc(ids, func(id string) bool { return id == "" }), err
}

func (r *resolver) bySeries(ctx context.Context, n *need) error {
	changeID, revision, err := n.Series()
	if err != nil {
		return nil
	}
	own, err := r.own(ctx, changeID)
	if err != nil {
		return err
	}
	return r.revision(ctx, n, changeID, own, revision)
}

// revision finds the patches of one revision.
func (r *resolver) revision(ctx context.Context, n *need, changeID string, own *Series, revision int) error {
	all, err := r.sent(ctx, changeID, own)
	if err != nil {
		return err
	}
	for _, sent := range all {
		if sent.Revision != revision {
			continue
		}
		n.from = sent.Tag
		n.patches, err = r.sentPatches(ctx, sent)
		return err
	}
	if own != nil && own.Tracking.Revision == revision {
		n.from = fmt.Sprintf("branch %q", own.Name())
		n.patches = append([]gitrepo.ID{}, own.patchIDs()...)
	}
	return nil
}

// sentPatches is nil when the tag does not say where the patches begin, or the
// commits are not here.
func (r *resolver) sentPatches(ctx context.Context, sent Sent) ([]gitrepo.ID, error) {
	if sent.Base == "" {
		return nil, nil
	}
	if _, err := r.repo.Commit(string(sent.Base)); err != nil {
		if errors.As(err, new(*gitrepo.MissingError)) || errors.As(err, new(*gitrepo.NotCommitError)) {
			return nil, nil
		}
		return nil, err
	}
	return r.repo.Between(ctx, sent.Base, sent.Tip, maxNeeded)
}

// byThread knows the threads of the series that were sent from here.
func (r *resolver) byThread(ctx context.Context, n *need) error {
	all, err := r.all(ctx)
	if err != nil {
		return err
	}
	id := strings.Trim(n.Value, "<>")
	for _, own := range all {
		for key, ids := range own.Tracking.History {
			var revision int
			if _, err := fmt.Sscanf(key, "v%d", &revision); err == nil && slices.Contains(ids, id) {
				return r.revision(ctx, n, own.Tracking.ChangeID, own, revision)
			}
		}
	}
	return nil
}

// byMail looks for a series in mail, and for what is remembered of it.
func (r *resolver) byMail(ctx context.Context, s *Series, n *need) error {
	var mailed *Posted
	if n.Kind == NeedsThread {
		mailed = r.mail.thread(strings.Trim(n.Value, "<>"))
	} else if id, revision, err := n.Series(); err == nil {
		mailed = r.mail.revision(id, revision)
	}
	if mailed != nil {
		patches, ids, err := mailed.patches(ctx, r.repo)
		if failed := (*PostedError)(nil); errors.As(err, &failed) {
			n.problem = fmt.Sprintf("v%d in %s: %s", mailed.Revision, mailed.Where, failed.Reason)
		} else if err != nil {
			return err
		} else {
			n.mails, n.ids, n.from = patches, ids, mailed.String()
			return nil
		}
	}
	st, err := s.State()
	if errors.As(err, new(*StateError)) {
		return nil // what cannot be read counts as forgotten
	}
	if err != nil {
		return err
	}
	for _, known := range st.Known {
		if known.Line == n.line {
			n.ids = known.PatchIDs
		}
	}
	return nil
}

// mailLines are the lines below the change-id of a mail (spec/b4-interop 6.3),
// each once. What cannot be read is printed as it is, if it is one line.
func mailLines(needs []need) []string {
	var lines []string
	add := func(kind, value string) {
		line := fmt.Sprintf("prerequisite-%s: %s", kind, value)
		if !strings.ContainsFunc(line, unicode.IsControl) && !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	for _, n := range needs {
		kind, value := n.Kind, n.Value
		if kind == "" { // as b4 would print it
			kind, value, _ = strings.Cut(n.line, ":")
			value = strings.TrimSpace(value)
		}
		if kind == NeedsSeries || kind == NeedsThread {
			add(kind, value)
		}
		if kind == NeedsPatch && n.Kind == "" {
			add(kind, value)
		}
		for _, id := range n.ids {
			add(NeedsPatch, id)
		}
	}
	return lines
}

// A footing is what the mail says that the patches apply to.
type footing struct {
	base  string     // for the base-commit line
	id    gitrepo.ID // the commit of that name; "" when it is not here
	needs []need
}

// stand finds the prerequisites and the base commit to print. That is, first,
// the one that the prerequisites name. Else it is the commit below the first
// patch, unless nobody else can have that one: it is in no remote-tracking
// branch and in no tag but of a sent revision, as the tip of another series of
// mine. Then it is the nearest commit below that is public, if every patch in
// between is a prerequisite by its patch-id: base commit and prerequisites
// together then give the tree that the first patch applies to, which is what
// these lines mean (git-format-patch(1), "base tree information"). Where one
// is missing, or changed since, the lines would promise what is not so, and
// the commit stays.
func (r *resolver) stand(ctx context.Context, s *Series) (footing, error) {
	f := footing{base: string(s.Base), id: s.Base}
	if len(s.Tracking.Prerequisites) == 0 {
		return f, nil
	}
	var err error
	if f.needs, err = r.resolve(ctx, s); err != nil {
		return f, err
	}
	for _, n := range slices.Backward(f.needs) {
		if n.Kind != NeedsToStart {
			continue
		}
		c, err := r.repo.Commit(n.Value + "^{commit}")
		switch {
		case err == nil:
			f.base, f.id = string(c.ID), c.ID
		case errors.As(err, new(*gitrepo.MissingError)), errors.As(err, new(*gitrepo.NotCommitError)):
			f.base, f.id = n.Value, ""
		default:
			return f, err
		}
		return f, nil
	}
	public, err := r.publicBelow(ctx, s.Base, f.needs)
	if err == nil && public != "" {
		f.base, f.id = string(public), public
	}
	return f, err
}

// publicBelow is the nearest public commit below an unpublished one, "" when
// that one is public itself, none is found, or a patch in between is no
// prerequisite.
func (r *resolver) publicBelow(ctx context.Context, base gitrepo.ID, needs []need) (gitrepo.ID, error) {
	gap, err := r.repo.LocalOnly(ctx, base, "sent/", maxNeeded)
	if err != nil || len(gap) == 0 || len(gap) == maxNeeded {
		return "", err
	}
	var parent gitrepo.ID
	for i, id := range gap {
		c, err := r.repo.Commit(string(id))
		if err != nil {
			return "", err
		}
		if len(c.Parents) != 1 {
			return "", nil // a root, or a merge, which no patch stands for
		}
		if i == 0 {
			parent = c.Parents[0]
		}
	}
	have, err := r.patchIDs(ctx, gap)
	if err != nil {
		return "", err
	}
	for _, id := range have {
		if !slices.ContainsFunc(needs, func(n need) bool { return slices.Contains(n.ids, id) }) {
			return "", nil
		}
	}
	return parent, nil
}
