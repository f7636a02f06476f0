package landing_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/landing"
)

var ctx = context.Background()

// A project has three patches on the branch topic, which change one line of the
// file each, and a maintainer who works from the same base.
type project struct {
	*gittest.Repo
	base    string
	patches []landing.Patch
}

const changeID = "20250102-topic-0123456789ab"

func content(lines map[int]string) string {
	var b strings.Builder
	for n := range 40 {
		text := fmt.Sprintf("line %d", n)
		if lines[n] != "" {
			text = lines[n]
		}
		fmt.Fprintln(&b, text)
	}
	return b.String()
}

func newProject(t *testing.T) *project {
	r := gittest.New(t)
	r.Write("file", content(nil))
	p := &project{Repo: r, base: r.Commit("base\n")}
	r.Git("checkout", "-q", "-b", "topic")
	lines := map[int]string{}
	for i, name := range []string{"one", "two", "three"} {
		lines[10*i+5] = name
		r.Write("file", content(lines))
		id := r.Commit("sub: add " + name + "\n\nText.\n")
		p.patches = append(p.patches, landing.Patch{Commit: gitrepo.ID(id), Name: "Jane Dév", Mailbox: "jane@example.org", Forms: []landing.Form{
			{Title: "sub: add " + name, PatchID: p.change("HEAD")},
			{Revision: 1, Title: "sub: add " + name, PatchID: p.change("HEAD"), MessageIDs: []string{fmt.Sprintf("topic-v1-%d-0123@example.org", i+1)}},
		}})
	}
	return p
}

func (p *project) change(rev string) string {
	id, _, _ := strings.Cut(p.GitInput(p.Git("show", rev)+"\n", "patch-id", "--stable"), " ")
	return id
}

// pick applies patches of the branch, by number, as one commit; amend "" leaves the
// change, another text is added to the file; "=" keeps the message.
func (p *project) pick(message, amend string, numbers ...int) {
	for _, n := range numbers {
		p.Git("cherry-pick", "-n", fmt.Sprintf("topic~%d", 3-n))
	}
	if amend != "" {
		p.Write("file", p.Git("show", ":file")+"\n"+amend+"\n")
	}
	if message == "=" {
		message = p.Git("log", "-1", "--format=%B", fmt.Sprintf("topic~%d", 3-numbers[0])) + "\n"
	}
	p.Commit(message)
}

func linked(name string, numbers ...int) string {
	text := "sub: add " + name + "\n\nText.\n\n"
	for _, n := range numbers {
		text += fmt.Sprintf("Link: https://lore.kernel.org/r/topic-v1-%d-0123@example.org\n", n)
	}
	return text
}

func (p *project) as(name, mailbox string, do func()) {
	env := p.Env
	p.Env = append(append([]string{}, env...), "GIT_AUTHOR_NAME="+name, "GIT_AUTHOR_EMAIL="+mailbox)
	do()
	p.Env = env
}

func words(found *landing.Found) string {
	var all []string
	for _, l := range found.Landings {
		word := fmt.Sprintf("%d:%s", l.Patch+1, l.Basis)
		if l.Same {
			word += "="
		}
		if l.Revision > 0 {
			word += fmt.Sprintf(" v%d", l.Revision)
		}
		if l.Reverted != "" {
			word += " reverted"
		}
		all = append(all, word)
	}
	return strings.Join(all, ", ")
}

func TestFind(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	repo, err := gitrepo.Open(ctx, p.Dir, gitrepo.Options{Env: p.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	for i, c := range []struct {
		why  string
		do   func()
		want string
	}{
		{"nothing has landed", func() { p.Commit("other\n") }, ""},
		{"as they are", func() { p.pick("=", "", 1); p.pick("=", "", 2); p.pick("=", "", 3) }, "1:patch-id= v1, 2:patch-id= v1, 3:patch-id= v1"},
		{"with their links", func() { p.pick(linked("one", 1), "", 1); p.pick(linked("two", 2), "", 2) }, "1:message-id= v1, 2:message-id= v1"},
		{"by Message-ID lines", func() { p.pick("sub: one\n\nMessage-ID: <topic-v1-1-0123@example.org>\n", "x", 1) }, "1:message-id v1"},
		{"by URLs of other forms", func() {
			p.pick("sub: one\n\nLink: https://patch.msgid.link/topic-v1-1-0123%40example.org [1]\n", "x", 1)
			p.pick("sub: two\n\nlink: https://lore.kernel.org/all/topic-v1-2-0123@example.org/#t\n", "x", 2)
		}, "1:message-id v1, 2:message-id v1"},
		{"in another order", func() { p.pick("=", "", 3); p.pick("=", "", 1) }, "1:patch-id= v1, 3:patch-id= v1"},
		{"amended", func() { p.pick("=", "more", 1) }, "1:title"},
		{"amended, with its link", func() { p.pick(linked("one", 1), "more", 1) }, "1:message-id v1"},
		{"renamed", func() { p.pick("sub: add 1\n", "", 1) }, "1:patch-id= v1"},
		{"renamed and amended, which nobody can tell", func() { p.pick("sub: add 1\n", "more", 1) }, ""},
		{"two in one", func() { p.pick("=", "", 1, 2) }, "1:title=, 2:sum="},
		{"two in one by the title of the second, with its link", func() { p.pick(linked("two", 2), "", 1, 2) }, "1:sum= v1, 2:message-id= v1"},
		{"three in one, with all links, amended", func() { p.pick(linked("all", 1, 2, 3), "more", 1, 2, 3) }, "1:message-id v1, 2:message-id v1, 3:message-id v1"},
		{"three in one, with all links", func() { p.pick(linked("all", 1, 2, 3), "", 1, 2, 3) }, "1:message-id= v1, 2:message-id= v1, 3:message-id= v1"},
		{"the title of somebody else's", func() { p.as("Sam", "sam@example.org", func() { p.pick("=", "more", 1) }) }, ""},
		{"a link in somebody else's", func() { p.as("Sam", "sam@example.org", func() { p.Commit(linked("fix", 1)) }) }, ""},
		{"a link in a commit of mine that is another patch", func() {
			p.pick(linked("two", 2), "", 2)
			p.Commit("sub: add one\n\nLink: https://lore.kernel.org/r/topic-v1-2-0123@example.org\n")
		}, "2:message-id= v1"},
		{"through a list that rewrites From", func() { p.as("Jane Dév via List", "list@example.org", func() { p.pick("=", "more", 1) }) }, "1:title"},
		{"another change by the same title", func() { p.Write("other", "text\n"); p.Commit("sub: add one\n\nText.\n") }, ""},
		{"another change to the same file by the same title", func() { p.Write("file", content(map[int]string{35: "x"})); p.Commit("sub: add one\n\nText.\n") }, ""},
		{"another change that names the mail", func() { p.Write("other", "text\n"); p.Commit(linked("fix of one", 1)) }, ""},
		{"another change by the same title, and then the patch with changes", func() {
			p.Write("other", "text\n")
			p.Commit("sub: add one\n\nText.\n")
			p.pick("=", "more", 1)
		}, "1:title"},
		{"one line of the patch is another one", func() { p.Write("file", content(map[int]string{5: "One"})); p.Commit("sub: add one\n\nText.\n") }, "1:title"},
		{"taken back", func() { p.pick("=", "", 1); p.Git("revert", "--no-edit", "HEAD") }, "1:patch-id= v1 reverted"},
		{"taken back and applied again", func() { p.pick("=", "", 1); p.Git("revert", "--no-edit", "HEAD"); p.pick("=", "", 1) }, "1:patch-id= v1"},
		{"a revert that was taken back", func() { p.pick("=", "", 1); p.Git("revert", "--no-edit", "HEAD"); p.Git("revert", "--no-edit", "HEAD") }, "1:patch-id= v1"},
		{"my own branch, pushed", func() {
			p.Commit("cover\n\n--- b4-submit-tracking ---\n{ \"" + changeID + "\" }\n")
			p.pick("=", "", 1)
		}, ""},
		{"a merge", func() {
			p.Git("checkout", "-q", "-b", "side", p.base)
			p.pick("=", "more", 1)
			p.Git("checkout", "-q", "-")
			p.Commit("other\n")
			p.Git("merge", "-q", "--no-edit", "side")
		}, "1:title"},
	} {
		branch := fmt.Sprintf("m%d", i)
		p.Git("checkout", "-q", "-b", branch, p.base)
		c.do()
		tip := gitrepo.ID(p.Git("rev-parse", "HEAD"))
		found, err := landing.Find(ctx, repo, changeID, p.patches, []landing.Branch{{Name: branch, Tip: tip}}, []gitrepo.ID{gitrepo.ID(p.base)})
		if err != nil {
			t.Fatalf("%s: %v", c.why, err)
		}
		if got := words(found); got != c.want {
			t.Errorf("%s: got %q, want %q", c.why, got, c.want)
		}
	}
}

func TestFindTakesTheFirstBranch(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	repo, err := gitrepo.Open(ctx, p.Dir, gitrepo.Options{Env: p.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	var branches []landing.Branch
	for _, name := range []string{"main", "next"} {
		p.Git("checkout", "-q", "-B", name, p.base)
		p.pick("=", "", 1)
		p.Git("commit", "-q", "--amend", "-m", "sub: add one\n\nIn "+name)
		if name == "next" {
			p.pick("=", "", 2)
		}
		branches = append(branches, landing.Branch{Name: name, Tip: gitrepo.ID(p.Git("rev-parse", "HEAD"))})
	}
	found, err := landing.Find(ctx, repo, changeID, p.patches, branches, []gitrepo.ID{gitrepo.ID(p.base)})
	if err != nil || len(found.Landings) != 2 || found.Landings[0].Branch != "main" || found.Landings[1].Branch != "next" {
		t.Errorf("got %+v, %v", found, err)
	}
	// A title that is there twice says nothing.
	p.patches[1].Forms[0].Title = p.patches[0].Forms[0].Title
	for i := range p.patches {
		for n := range p.patches[i].Forms {
			p.patches[i].Forms[n].PatchID = ""
		}
	}
	found, err = landing.Find(ctx, repo, changeID, p.patches[:2], branches[:1], []gitrepo.ID{gitrepo.ID(p.base)})
	if err != nil || len(found.Landings) != 0 {
		t.Errorf("a title that two have: got %+v, %v", found, err)
	}
}

// What another branch has taken back is in the first one until that has the
// commit, too; and a search that goes on notices.
func TestFindTakesBackWhereItWas(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	repo, err := gitrepo.Open(ctx, p.Dir, gitrepo.Options{Env: p.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	p.Git("checkout", "-q", "-B", "main", p.base)
	p.pick("=", "", 1)
	p.Git("checkout", "-q", "-b", "next")
	p.Git("revert", "--no-edit", "HEAD")
	find := func() *landing.Found {
		t.Helper()
		var branches []landing.Branch
		for _, name := range []string{"main", "next"} {
			branches = append(branches, landing.Branch{Name: name, Tip: gitrepo.ID(p.Git("rev-parse", name))})
		}
		found, err := landing.Find(ctx, repo, changeID, p.patches, branches, []gitrepo.ID{gitrepo.ID(p.base)})
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	if found := find(); words(found) != "1:patch-id= v1" || !found.Pending {
		t.Errorf("taken back in another branch: %q, pending %t", words(found), found.Pending)
	}
	p.Git("checkout", "-q", "main")
	p.Git("merge", "-q", "--ff-only", "next")
	if found := find(); words(found) != "1:patch-id= v1 reverted" {
		t.Errorf("taken back in both: %q", words(found))
	}
}

func TestFindTellsWhatStays(t *testing.T) {
	t.Parallel()
	p := newProject(t)
	repo, err := gitrepo.Open(ctx, p.Dir, gitrepo.Options{Env: p.Env})
	if err != nil {
		t.Fatal(err)
	}
	defer repo.Close()
	p.Git("checkout", "-q", "-B", "main", p.base)
	p.pick("=", "", 1)
	p.pick("=", "", 2)
	p.patches[1].Forms[0].PatchID = strings.Repeat("0", 40) // changed since
	branches := []landing.Branch{{Name: "main", Tip: gitrepo.ID(p.Git("rev-parse", "main"))}}
	found, err := landing.Find(ctx, repo, changeID, p.patches, branches, []gitrepo.ID{gitrepo.ID(p.base)})
	if err != nil || len(found.Landings) != 2 || found.Landings[0].Stays || !found.Landings[1].Stays {
		t.Errorf("got %+v, %v", found, err)
	}
}
