package gitrepo_test

import (
	"context"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func TestReadMailinfo(t *testing.T) {
	t.Parallel()
	const mail = "From: =?utf-8?q?Jane_D=C3=A9v?= <jane@example.org>\nSubject: [PATCH 1/2] a: title\n" +
		"Content-Transfer-Encoding: quoted-printable\n\nText=2E\n\n-- >8 --\n---\n f | 1 +\n"
	repo := gittest.New(t)
	// Whatever the user has set must not change what is signed.
	repo.Git("config", "--global", "mailinfo.scissors", "true")
	repo.Git("config", "--global", "i18n.commitEncoding", "latin1")
	env := append(repo.Env, "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=mailinfo.quotedCr", "GIT_CONFIG_VALUE_0=strip")
	got, err := gitrepo.ReadMailinfo(context.Background(), gitrepo.Options{Env: env}, []byte(mail))
	if err != nil {
		t.Fatal(err)
	}
	if got.Author != "Jane Dév" || got.Email != "jane@example.org" || got.Subject != "a: title" {
		t.Errorf("got %q <%q> %q", got.Author, got.Email, got.Subject)
	}
	if string(got.Message) != "Text.\n\n-- >8 --\n" || string(got.Patch) != "---\n f | 1 +\n" {
		t.Errorf("got message %q and patch %q", got.Message, got.Patch)
	}
	large := mail + strings.Repeat("+0123456789\n", 100_000) // more than a pipe holds
	if got, err = gitrepo.ReadMailinfo(context.Background(), gitrepo.Options{Env: env}, []byte(large)); err != nil || len(got.Patch) < 1_200_000 {
		t.Errorf("a large patch: %d bytes, %v", len(got.Patch), err)
	}
}
