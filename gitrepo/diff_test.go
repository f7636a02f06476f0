package gitrepo_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// hostile is configuration that real users have and that changes what git's
// porcelain prints.
var hostile = []string{
	"log.abbrevCommit=true", "log.showSignature=true", "submodule.recurse=true", "core.pager=cat | cat",
	"diff.noprefix=true", "diff.mnemonicPrefix=true", "diff.external=false", "diff.orderFile=order",
	"diff.algorithm=patience", "diff.context=9", "diff.interHunkContext=5", "diff.indentHeuristic=false",
	"diff.renames=false", "diff.suppressBlankEmpty=true", "diff.statGraphWidth=5", "diff.submodule=log",
	"diff.ignoreSubmodules=all", "diff.wsErrorHighlight=all", "diff.colorMoved=zebra", "diff.relative=true",
	"format.pretty=oneline", "color.ui=always", "core.quotePath=false", "i18n.commitEncoding=ISO-8859-1",
	"i18n.logOutputEncoding=ISO-8859-1", "core.autocrlf=true", "core.abbrev=20", "log.mailmap=true", "diff.noPrefix=true",
}

// patchedRepo has three commits with all that a diff can hold.
func patchedRepo(t *testing.T) (*gittest.Repo, []gitrepo.ID) {
	r := gittest.New(t)
	r.Write("code.c", strings.Repeat("int f(void)\n{\n\treturn 1;\n}\n\n", 12))
	r.Write("old name é.txt", strings.Repeat("line\n", 9))
	r.Write("crlf.txt", "one\r\ntwo\r\nthree\r\n")
	r.Write("blank", "a\n\nb\n\nc\n")
	r.Commit("base\n")
	var ids []gitrepo.ID
	r.Write("code.c", strings.Replace(strings.Repeat("int f(void)\n{\n\treturn 1;\n}\n\n", 13), "1", "2", 1))
	r.Write("crlf.txt", "one\r\n2\r\nthree\r\n")
	r.Write("blank", "a\n\nB\n\nc\n")
	ids = append(ids, gitrepo.ID(r.Commit("change text\n")))
	ids = append(ids, gitrepo.ID(r.Commit("change nothing\n")))
	r.Git("mv", "old name é.txt", "new name é.txt")
	r.Write("binary", "\x00\x01\x02\xff\n")
	r.Write("long", strings.Repeat("x", 100_000)+"\nno newline at end")
	if err := os.Chmod(filepath.Join(r.Dir, "code.c"), 0o755); err != nil {
		t.Fatal(err)
	}
	ids = append(ids, gitrepo.ID(r.Commit("rename, mode, binary\n")))
	for range 6 { // enough for more than one process
		ids = append(ids, ids...)
		if len(ids) > 12 {
			break
		}
	}
	return r, ids
}

func TestPatchesEqualGitsUnderAnyConfiguration(t *testing.T) {
	t.Parallel()
	r, ids := patchedRepo(t)
	show := func(id gitrepo.ID) string {
		return r.Git("show", "--format=", "--binary", "--patch-with-stat", "--find-renames", string(id))
	}
	want := map[gitrepo.ID]string{}
	for _, id := range ids {
		want[id] = show(id)
	}
	base := gitrepo.ID(r.Git("rev-parse", string(ids[0])+"^"))
	wantStat := r.Git("diff", "--stat", string(base), string(ids[2])) + "\n"
	for _, setting := range append([]string{""}, hostile...) {
		t.Run(setting, func(t *testing.T) {
			opts := gitrepo.Options{Env: r.Env}
			if setting != "" {
				opts.Config = []string{setting}
			}
			repo, err := gitrepo.Open(context.Background(), r.Dir, opts)
			if err != nil {
				t.Fatal(err)
			}
			defer repo.Close()
			patches, err := repo.Patches(context.Background(), ids)
			if err != nil {
				t.Fatal(err)
			}
			for i, p := range patches {
				got := strings.TrimRight(string(p.Stat)+"\n"+string(p.Diff), "\n")
				if got != want[ids[i]] {
					t.Errorf("patch %d: got\n%s\nwant\n%s", i, got, want[ids[i]])
				}
			}
			if stat, err := repo.DiffStat(context.Background(), base, ids[2]); err != nil || stat != wantStat {
				t.Errorf("diffstat: got\n%s%v\nwant\n%s", stat, err, wantStat)
			}
		})
	}
}

// A program that watches the work tree has nothing to say about commits.
func TestPatchesAskNoWatcher(t *testing.T) {
	t.Parallel()
	r, ids := patchedRepo(t)
	asked := filepath.Join(t.TempDir(), "asked")
	r.Git("config", "core.fsmonitor", "touch "+asked+" #")
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: r.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	_, err = repo.Patches(context.Background(), ids)
	_, idErr := repo.PatchIDs(context.Background(), ids)
	if _, statErr := os.Stat(asked); err != nil || idErr != nil || !errors.Is(statErr, os.ErrNotExist) {
		t.Errorf("%v, %v, %v", err, idErr, statErr)
	}
}

// Attributes count where git format-patch has them count: in the work tree, and
// not in the index alone, as a sparse checkout has them.
func TestPatchesHaveTheAttributesOfFormatPatch(t *testing.T) {
	t.Parallel()
	for _, where := range []string{"work tree", "index"} {
		r := gittest.New(t)
		r.Write(".gitattributes", "*.gen -diff\n")
		r.Write("made.gen", "one\n")
		base := r.Commit("base\n")
		r.Write("made.gen", "two\n")
		r.Commit("change\n")
		if where == "index" {
			if err := os.Remove(filepath.Join(r.Dir, ".gitattributes")); err != nil {
				t.Fatal(err)
			}
		}
		want := r.Git("format-patch", "--stdout", "--binary", "--full-index", "-1")
		if binary := strings.Contains(want, "GIT binary patch"); binary != (where == "work tree") {
			t.Fatalf("attributes in the %s: git format-patch says\n%s", where, want)
		}
		repo := open(t, r, r.Dir)
		head := gitrepo.ID(r.Git("rev-parse", "HEAD"))
		patches, err := repo.Patches(t.Context(), []gitrepo.ID{head})
		if err != nil {
			t.Fatal(err)
		}
		_, body, _ := strings.Cut(string(patches[0].Diff), "\nindex ")
		_, body, _ = strings.Cut(body, "\n")
		if !strings.Contains(want, body) || !strings.Contains(want, string(patches[0].Stat)) {
			t.Errorf("attributes in the %s: got\n%s%s\nwant\n%s", where, patches[0].Stat, patches[0].Diff, want)
		}
		stat, err := repo.DiffStat(t.Context(), gitrepo.ID(base), head)
		if err != nil || stat != string(patches[0].Stat) {
			t.Errorf("attributes in the %s: the summary is %q, %v; want %q", where, stat, err, patches[0].Stat)
		}
	}
}

func TestEachPatchEndsWithAnError(t *testing.T) {
	t.Parallel()
	r, ids := patchedRepo(t)
	repo := open(t, r, r.Dir)
	enough := errors.New("enough")
	if err := repo.EachPatch(t.Context(), ids, func(int, gitrepo.Patch) error { return enough }); err != enough {
		t.Errorf("a consumer that fails: %v", err)
	}
	for name, ids := range map[string][]gitrepo.ID{
		"the first commit is missing": append([]gitrepo.ID{missingCommit}, ids...),
		"the last commit is missing":  append(slices.Clone(ids), missingCommit),
		"the only one is missing":     {missingCommit},
	} {
		if err := repo.EachPatch(t.Context(), ids, func(int, gitrepo.Patch) error { return nil }); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// missingCommit is the name of an object that no repository has.
const missingCommit gitrepo.ID = "1234567890123456789012345678901234567890"

func TestTextDecodesTheMessage(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	r.Git("config", "i18n.commitEncoding", "ISO-8859-1")
	r.GitInput("gr\xfc\xdfe\n", "commit", "--allow-empty", "-q", "-F", "-")
	repo := open(t, r, r.Dir)
	c, err := repo.Commit("HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if c.Text() != "grüße\n" || c.Message != "gr\xfc\xdfe\n" {
		t.Errorf("text %q, message %q, encoding %q", c.Text(), c.Message, c.Encoding)
	}
}

func TestAbbreviateAsTheUserWants(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	ids := []gitrepo.ID{gitrepo.ID(r.Commit("one\n")), gitrepo.ID(r.Commit("two\n"))}
	for _, tc := range []struct {
		abbrev string
		length int
	}{{"auto", 7}, {"20", 20}, {"no", 40}} {
		r.Git("config", "core.abbrev", tc.abbrev)
		repo := open(t, r, r.Dir)
		// The newest first, to see that the order is ours.
		got, err := repo.Abbreviate(context.Background(), []gitrepo.ID{ids[1], ids[0]})
		if err != nil || len(got) != 2 || got[0] != string(ids[1])[:tc.length] || got[1] != string(ids[0])[:tc.length] {
			t.Errorf("core.abbrev=%s: %q of %q (%v)", tc.abbrev, got, ids, err)
		}
	}
}
