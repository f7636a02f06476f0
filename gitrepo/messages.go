package gitrepo

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A Logged is what a commit says of itself.
type Logged struct {
	ID          ID
	Name, Email string // of the author
	Text        string // the message, in UTF-8
}

// Messages visits the commits that are in one of tips and in none of except,
// newest first, without merges, at most limit. Of except some may be gone.
func (r *Repo) Messages(ctx context.Context, tips, except []ID, limit int, visit func(Logged) error) error {
	var revisions bytes.Buffer
	for _, id := range tips {
		fmt.Fprintln(&revisions, id)
	}
	for _, id := range except {
		fmt.Fprintf(&revisions, "^%s\n", id)
	}
	cmd := r.git.command(ctx, "log", "--ignore-missing", "--stdin", "--no-merges", fmt.Sprintf("--max-count=%d", limit), "-z", "--no-patch", "--no-notes",
		"--no-mailmap", "--no-show-signature", "--no-decorate", "--no-color", "--encoding=UTF-8", "--format=tformat:%H%x00%an%x00%ae%x00%B")
	cmd.Stdin = &revisions
	_, err := stream(ctx, cmd, func(out io.Reader) error {
		in := bufio.NewReader(out)
		for {
			var fields [4]string
			for i := range fields {
				field, err := in.ReadString(0)
				if errors.Is(err, io.EOF) && i == 0 && field == "" {
					return nil
				}
				if err != nil {
					return fmt.Errorf("git log: %w", err)
				}
				fields[i] = strings.TrimSuffix(field, "\x00")
			}
			if err := visit(Logged{ID(fields[0]), fields[1], fields[2], fields[3]}); err != nil {
				return err
			}
		}
	})
	return err
}

// PatchIDBetween is the stable patch-id of what changes from one commit to
// another, as [Repo.PatchIDs] has it of what one commit changes.
func (r *Repo) PatchIDBetween(ctx context.Context, from, to ID) (string, error) {
	args := append(diffConfig(), "diff-tree", "-r", "--binary", "-U3")
	for _, option := range diffOptions() {
		if !strings.HasPrefix(option, "--stat") {
			args = append(args, option)
		}
	}
	diff, err := r.diffTree().output(ctx, append(args, "--patch", "--end-of-options", string(from), string(to))...)
	if err != nil {
		return "", err
	}
	out, err := r.git.filter(ctx, bytes.NewReader(diff), "patch-id", "--stable")
	id, _, _ := strings.Cut(string(out), " ")
	return id, err
}
