package series

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A cover letter at the tip is on top of what git rebases. It is taken out of
// git's list before the user sees that, and put back by the list's last line,
// so that whoever continues the rebase ends with a whole series.

// EditRebaseList is the sequence editor of a rebase under way: it marks the
// patches in the list in file that are to be dropped, and has edit show it to the
// user. A cover letter at the tip it takes out beforehand, and puts command at the
// end. A list that the user emptied stays empty.
func EditRebaseList(repo *gitrepo.Repo, file, command string, edit func() error) error {
	st, err := readRebase(repo)
	if err != nil {
		return err
	}
	if st == nil {
		return ErrNoRebase
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	list := withDropped(string(text), st.Dropped)
	if st.Storage == TipCommit {
		list = withoutCover(list, st.Cover)
	}
	if err := os.WriteFile(file, []byte(list), 0o600); err != nil {
		return err
	}
	if err := edit(); err != nil || st.Storage != TipCommit {
		return err
	}
	if text, err = os.ReadFile(file); err != nil {
		return err
	}
	// Git may be told to complain of commits that are missing.
	last := "drop " + string(st.Cover) + "\nexec " + command
	return os.WriteFile(file, []byte(withLast(string(text), last)), 0o600)
}

// withDropped has git drop patches of its list. A "fixup!" that would get into the
// patch before instead becomes one of its own.
func withDropped(list string, dropped []gitrepo.ID) string {
	var out strings.Builder
	behind := false
	for line := range strings.Lines(list) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || !isCommand(line):
		case slices.ContainsFunc(dropped, func(id gitrepo.ID) bool { return picks(words, id) }):
			line, behind = "drop"+strings.TrimPrefix(line, words[0]), true
		case behind && (strings.HasPrefix("fixup", words[0]) || strings.HasPrefix("squash", words[0])):
			line, behind = "pick"+strings.TrimPrefix(line, words[0]), false
		case words[0] != "exec" && words[0] != "x":
			behind = false
		}
		out.WriteString(line)
	}
	return out.String()
}

// withoutCover takes the line of the cover letter out of a rebase's list, and
// the user's commands that would run for it. What git moved behind it, a
// "fixup!" of the cover letter's title, would get into the last patch: it
// becomes a patch of its own.
func withoutCover(list string, cover gitrepo.ID) string {
	var out strings.Builder
	behind, left := false, 0
	for line := range strings.Lines(list) {
		words := strings.Fields(line)
		switch {
		case len(words) == 0 || !isCommand(line):
		case picks(words, cover):
			behind = true
			continue
		case behind && (words[0] == "exec" || words[0] == "x"):
			continue
		case behind && strings.HasPrefix("fixup", words[0]) || behind && strings.HasPrefix("squash", words[0]):
			line = "pick" + strings.TrimPrefix(line, words[0])
			left++
		default:
			left++
		}
		if left == 0 && behind && !isCommand(line) { // the cover letter was all there was
			out.WriteString("noop\n")
			left++
		}
		out.WriteString(line)
	}
	if left == 0 {
		out.WriteString("noop\n")
	}
	return out.String()
}

// picks says that a line of the list is about the commit, whose name git
// abbreviates as it likes.
func picks(words []string, id gitrepo.ID) bool {
	return len(words) > 1 && (words[0] == "pick" || words[0] == "p") && len(words[1]) >= 4 && strings.HasPrefix(string(id), words[1])
}

// withLast puts a line behind the last command; a list without any stays.
func withLast(list, last string) string {
	lines, at := strings.SplitAfter(list, "\n"), -1
	for i, line := range lines {
		if isCommand(line) {
			at = i
		}
	}
	if at < 0 {
		return list
	}
	if !strings.HasSuffix(lines[at], "\n") {
		lines[at] += "\n"
	}
	return strings.Join(lines[:at+1], "") + last + "\n" + strings.Join(lines[at+1:], "")
}

// isCommand tells commands from comments, whatever core.commentChar says:
// commands begin with a letter.
func isCommand(line string) bool {
	line = strings.TrimLeft(line, " \t")
	return line != "" && (line[0] >= 'a' && line[0] <= 'z')
}

// PutCover is the last step of a rebase under way: it puts the cover letter
// on top of what git has rebased.
func PutCover(ctx context.Context, repo *gitrepo.Repo) error {
	st, err := readRebase(repo)
	if err != nil {
		return err
	}
	head, err := repo.HeadNow(ctx)
	if err != nil {
		return err
	}
	if branch, ok := repo.Rebasing(); st == nil || !ok || branch != st.Branch || head.Detached == "" {
		return ErrNoRebase
	}
	top, err := repo.Commit(string(head.Detached))
	if err != nil {
		return err
	}
	st.Rewritten = repo.Rewritten() // it is complete now, and gone when git has ended
	if err := st.save(repo); err != nil {
		return err
	}
	chain, err := st.coverOn(ctx, repo, top)
	if err != nil {
		return err
	}
	if err := repo.WriteObjects(ctx, chain.Objects...); err != nil {
		return err
	}
	return repo.UpdateRefs(ctx, "kprep: put the cover letter back", gitrepo.RefUpdate{Name: "HEAD", New: chain.Tip, Old: top.ID})
}
