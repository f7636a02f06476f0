package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// Prerequisites returns commits that a bundle of work on top of bases may
// leave out: those of the history of bases that are in remote-tracking
// branches, their tops only. Copies of own, a short branch name, do not count,
// since they go when the branch does. A base that is in no remote-tracking
// branch, and has no commit below it that is, adds none.
func (r *Repo) Prerequisites(ctx context.Context, own string, bases []ID) ([]ID, error) {
	if len(bases) == 0 {
		return nil, nil
	}
	args := []string{"rev-list", "--boundary"}
	for _, b := range bases {
		args = append(args, string(b))
	}
	out, err := r.git.output(ctx, append(args, "--not", "--exclude=*/"+own, "--remotes")...)
	if err != nil {
		return nil, err
	}
	missing, list := map[ID]bool{}, []ID{}
	for _, line := range strings.Fields(string(out)) {
		if id, edge := strings.CutPrefix(line, "-"); edge {
			list = append(list, ID(id))
		} else {
			missing[ID(line)] = true
		}
	}
	for _, b := range bases {
		if !missing[b] {
			list = append(list, b)
		}
	}
	return list, nil
}

// Unpublished lists the commits from from, exclusive, to to that are in no
// remote-tracking branch.
func (r *Repo) Unpublished(ctx context.Context, from, to ID) (map[ID]bool, error) {
	out, err := r.git.output(ctx, "rev-list", string(to), "--not", string(from), "--remotes")
	if err != nil {
		return nil, err
	}
	list := map[ID]bool{}
	for _, id := range strings.Fields(string(out)) {
		list[ID(id)] = true
	}
	return list, nil
}

// CreateBundle writes a bundle of refs, full names, into a file that must not
// be there yet; the prerequisites and what is below them are left out. It
// returns false, and writes none, when that leaves nothing.
func (r *Repo) CreateBundle(ctx context.Context, file string, refs []string, prerequisites []ID) (bool, error) {
	var in bytes.Buffer
	for _, name := range refs {
		fmt.Fprintln(&in, name)
	}
	for _, id := range prerequisites {
		fmt.Fprintf(&in, "^%s\n", id)
	}
	count, err := r.git.filter(ctx, bytes.NewReader(in.Bytes()), "rev-list", "--objects", "--max-count=1", "--stdin")
	if err != nil {
		return false, err
	}
	if len(count) == 0 {
		return false, nil
	}
	_, err = r.git.filter(ctx, &in, "bundle", "create", "--quiet", file, "--stdin")
	return err == nil, err
}

// BundleHeads returns the refs that a bundle names.
func (r *Repo) BundleHeads(ctx context.Context, file string) (map[string]ID, error) {
	out, err := r.git.output(ctx, "bundle", "list-heads", file)
	if err != nil {
		return nil, err
	}
	heads := map[string]ID{}
	for line := range strings.Lines(string(out)) {
		id, name, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		heads[name] = ID(id)
	}
	return heads, nil
}

// Unbundle takes over the objects of a bundle. No ref moves. It fails when
// the bundle is damaged, or when refs do not lead to its prerequisites.
func (r *Repo) Unbundle(ctx context.Context, file string) error {
	_, err := r.git.output(ctx, "bundle", "unbundle", file)
	return err
}

// CheckConnected proves that all that objects lead to is here.
func (r *Repo) CheckConnected(ctx context.Context, ids ...ID) error {
	args := []string{"rev-list", "--objects", "--quiet"}
	for _, id := range ids {
		args = append(args, string(id))
	}
	_, err := r.git.output(ctx, append(args, "--not", "--all")...)
	return err
}

// Mailbox returns the commits from from, exclusive, to to in the form that
// git am takes; commits without changes are in it too, merges are not.
func (r *Repo) Mailbox(ctx context.Context, from, to ID) ([]byte, error) {
	args := append(diffConfig(), "-c", "format.mboxrd=false", "-c", "format.pretty=", "-c", "i18n.logOutputEncoding=UTF-8", "-c", "log.showSignature=false",
		"format-patch", "--stdout", "--always", "--binary", "--full-index", "--no-cover-letter", "--no-attach", "--no-thread",
		"--no-numbered", "--no-signature", "--no-signoff", "--no-notes", "--no-base", "--no-to", "--no-cc", "--no-add-header",
		"--no-from", "--encode-email-headers", "--subject-prefix=PATCH", "--no-ignore-if-in-upstream", "-U3")
	for _, o := range diffOptions() {
		if o != "-r" {
			args = append(args, o)
		}
	}
	return r.git.output(ctx, append(args, string(from)+".."+string(to))...)
}

// ParseConfig reads text in git configuration syntax. Includes are not
// followed.
func (r *Repo) ParseConfig(ctx context.Context, text []byte) (*Config, error) {
	out, err := r.git.filter(ctx, bytes.NewReader(text), "config", "--file=-", "--no-includes", "--list", "--null", "--show-scope")
	if err != nil {
		return nil, err
	}
	return parseConfig(out)
}
