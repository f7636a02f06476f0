package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// replied is the number of patches of the series that has replies.
const replied = 30

// repliedRef is where that series was before trailers went into it.
const repliedRef = "refs/bench/replied"

// repliesTo writes an mbox of a series as it was mailed, with two replies to each
// patch and one to the cover letter, and returns its name.
func (w *world) repliesTo(ctx context.Context, patches int) (string, error) {
	if err := w.git(ctx, "update-ref", repliedRef, "refs/heads/"+branch(patches)); err != nil {
		return "", err
	}
	// The jobs before it rewrote the series, and the patches stayed the same.
	name := filepath.Join(w.root, fmt.Sprintf("replies-%d.mbox", patches))
	if _, err := os.Stat(name); err == nil {
		return name, nil
	}
	git := func(args ...string) (string, error) {
		out, err := w.command(ctx, w.repo(), "git", args...).Output()
		return string(out), err
	}
	changeID, err := w.command(ctx, w.repo(), w.kprep, "info", "--branch", branch(patches), "change-id").Output()
	if err != nil {
		return "", fmt.Errorf("kprep info: %w", err)
	}
	commits, err := git("rev-list", "--reverse", fmt.Sprintf("-%d", patches), branch(patches))
	if err != nil {
		return "", fmt.Errorf("git rev-list: %w", err)
	}
	var mbox strings.Builder
	hour := 0
	mail := func(id, from, subject, parent, body string) {
		hour++
		fmt.Fprintf(&mbox, "From mbox@z Thu Jan  1 00:00:00 1970\nFrom: %s\nTo: list@lists.example.org\nSubject: %s\nDate: %d Jan 2025 %02d:00:00 +0000\nMessage-ID: <%s@example.org>\n",
			from, subject, 1+hour/24, hour%24, id)
		if parent != "" {
			fmt.Fprintf(&mbox, "In-Reply-To: <%s@example.org>\nReferences: <cover@example.org> <%[1]s@example.org>\n", parent)
		}
		fmt.Fprintf(&mbox, "\n%s\n", body)
	}
	reply := func(to, who, subject string) {
		mail(fmt.Sprintf("%s-to-%s", who, to), fmt.Sprintf("%s <%s@example.net>", who, strings.ToLower(who)), "Re: "+subject, to,
			fmt.Sprintf("> They are needed by the next one.\n\nFine.\n\nReviewed-by: %s <%s@example.net>\n-- \n%[1]s\n", who, strings.ToLower(who)))
	}
	const me = "Jane Doe <jane@example.org>"
	cover := fmt.Sprintf("[PATCH 0/%d] area: add functions", patches)
	mail("cover", me, cover, "", fmt.Sprintf("Why.\n---\nchange-id: %s", changeID))
	for i, commit := range strings.Fields(commits) {
		patch, err := git("format-patch", "-1", "--stdout", commit)
		if err != nil {
			return "", fmt.Errorf("git format-patch: %w", err)
		}
		_, body, _ := strings.Cut(patch, "\n\n")
		id, subject := fmt.Sprintf("patch-%d", i+1), fmt.Sprintf("[PATCH %d/%d] area: add functions for purpose %[1]d", i+1, patches)
		mail(id, me, subject, "cover", body)
		reply(id, "Anna", subject)
		reply(id, "Bert", subject)
	}
	reply("cover", "Clara", cover)
	return name, os.WriteFile(name, []byte(mbox.String()), 0o600)
}
