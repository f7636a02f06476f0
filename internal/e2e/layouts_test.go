package e2e

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/mailtest"
)

// A layout is a way to have a repository. Place makes it at dir, a clone of
// upstream, and returns the work tree with base checked out; the other two
// steps, if any, come before the first mail and between the revisions.
type layout struct {
	name   string
	init   []string // options of git init for the upstream
	place  func(w *world, upstream, dir string) *world
	before func(w *world)
	again  func(w *world)
}

func cloned(options ...string) func(w *world, upstream, dir string) *world {
	return func(w *world, upstream, dir string) *world {
		w.git(append(append([]string{"clone", "--quiet", "--branch=main"}, options...), upstream, dir)...)
		return w.at(dir)
	}
}

// remotely is cloned through git's transport, which file names avoid.
func remotely(options ...string) func(w *world, upstream, dir string) *world {
	return func(w *world, upstream, dir string) *world { return cloned(options...)(w, "file://"+upstream, dir) }
}

func layouts() []layout {
	packRefs := func(w *world) { w.git("pack-refs", "--all", "--prune") }
	return []layout{
		{name: "a clone", place: cloned()},
		{name: "a linked work tree", place: func(w *world, upstream, dir string) *world {
			main := cloned()(w, upstream, dir)
			main.git("worktree", "add", "--quiet", "-b", "side", "../linked")
			return w.at(filepath.Join(filepath.Dir(dir), "linked"))
		}},
		{name: "a linked work tree with a detached HEAD", place: func(w *world, upstream, dir string) *world {
			main := cloned()(w, upstream, dir)
			main.git("worktree", "add", "--quiet", "--detach", "../linked", "main")
			return w.at(filepath.Join(filepath.Dir(dir), "linked"))
		}},
		{name: "a clone that borrows objects", place: cloned("--shared")},
		{name: "a sparse checkout with its own configuration", place: func(w *world, upstream, dir string) *world {
			clone := cloned()(w, upstream, dir)
			clone.git("sparse-checkout", "set", "x")
			if clone.git("config", "extensions.worktreeConfig") != "true" {
				w.t.Error("git sparse-checkout uses no extensions.worktreeConfig")
			}
			clone.git("config", "--worktree", "sendemail.cc", "standing@example.org")
			return clone
		}},
		{name: "SHA-256", init: []string{"--object-format=sha256"}, place: cloned()},
		{name: "a shallow clone", place: remotely("--depth=1")},
		{name: "a partial clone", place: func(w *world, upstream, dir string) *world {
			clone := remotely("--filter=blob:none", "--sparse")(w, upstream, dir)
			clone.git("sparse-checkout", "set", "x")
			if !strings.Contains(clone.git("rev-list", "--objects", "--missing=print", "HEAD"), "\n?") {
				w.t.Error("no object is missing")
			}
			return clone
		}},
		{name: "a work tree of a bare repository", place: func(w *world, upstream, dir string) *world {
			w.git("clone", "--quiet", "--bare", upstream, dir)
			w.at(dir).git("worktree", "add", "--quiet", "-b", "side", "../of-bare", "main")
			return w.at(filepath.Join(filepath.Dir(dir), "of-bare"))
		}},
		{name: "a git directory elsewhere", place: func(w *world, upstream, dir string) *world {
			return cloned("--separate-git-dir="+dir+".elsewhere")(w, upstream, dir)
		}},
		{name: "a submodule", place: func(w *world, upstream, dir string) *world {
			w.git("init", "--quiet", dir)
			w.at(dir).git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "-b", "main", upstream, "sub")
			return w.at(filepath.Join(dir, "sub"))
		}},
		{name: "a directory below the top", place: func(w *world, upstream, dir string) *world {
			return cloned()(w, upstream, dir).at(filepath.Join(dir, "part1"))
		}},
		{name: "replaced commits", place: cloned(), before: func(w *world) {
			other := w.git("commit-tree", "-p", "HEAD~3", "-m", "not what was committed", "HEAD~3^{tree}")
			w.git("replace", "HEAD~1", other)
			other = w.git("commit-tree", "-m", "no history", "HEAD^{tree}")
			w.git("replace", "HEAD~3", other)
		}, again: func(w *world) { w.git("replace", "-d", strings.Fields(w.git("replace", "-l"))[0]) }},
		{name: "packed refs", place: cloned(), before: packRefs, again: packRefs},
		{name: "a branch named like a file", place: cloned(), before: func(w *world) {
			for _, name := range []string{"b4/whole-life", "HEAD", "main", "sent"} {
				w.write(name, "a file named like a branch\n")
			}
			w.commit("x: add files\n\nWith names of branches.\n")
		}},
		{name: "a path with blanks and letters", place: func(w *world, upstream, dir string) *world {
			return cloned()(w, upstream, filepath.Join(filepath.Dir(dir), " größe 'und' \"mehr\" 日本 "))
		}},
	}
}

// The whole life of a series works wherever contributors keep repositories.
func TestLayouts(t *testing.T) {
	t.Parallel()
	for _, l := range layouts() {
		t.Run(l.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			upstream := w.upstream(history{commits: 60, files: 20}, l.init...)
			w.at(upstream).git("config", "uploadpack.allowFilter", "true")
			s := startOwn(t, mailtest.Options{})
			w.uses(s)
			wholeLife(l, l.place(w, upstream, filepath.Join(w.home, "clone")), upstream, s)
		})
	}
}

// wholeLife takes a series from its start to v2.
func wholeLife(l layout, w *world, upstream string, s *ownServer) {
	w.t.Helper()
	top := w.at(w.git("rev-parse", "--show-toplevel"))
	base := w.git("rev-parse", "HEAD")
	if w.start("", "git", "config", "sendemail.cc").status != 0 {
		w.git("config", "sendemail.cc", "standing@example.org")
	}
	w.git("config", "b4.send-auto-to-cmd", "echo Tom To <tom@example.org>")
	w.git("config", "b4.send-auto-cc-cmd", "echo cc@lists.example.org")

	w.kprep("new", "Whole life")
	top.make(changes()[:3])
	w.cover("x: live\n\nA whole life.\n\nSigned-off-by: Jane Dév <jane@example.org>\n")
	w.kprep("collect")
	if again := w.start("", "kprep", "collect"); again.status != 0 || !strings.Contains(again.stdout+again.stderr, "no new recipients") {
		w.t.Errorf("collect is not done after the first time: %+v", again)
	}
	if l.before != nil {
		l.before(top)
	}
	outside := filepath.Join(w.home, "preview")
	w.kprep("preview", "-o", outside)
	w.kprep("send", "--yes")
	v1 := s.received()
	top.checkApplies(upstream, base, v1, changes()[:3])
	if previewed := w.at(w.home).directory("preview"); len(previewed) != len(v1) {
		w.t.Errorf("%d messages were previewed, %d sent", len(previewed), len(v1))
	}
	if cc := strings.Join(open(w.t, v1[0]).cc, ", "); !strings.Contains(cc, "standing@example.org") {
		w.t.Errorf("sendemail.cc does not count, cc is %q", cc)
	}
	w.expect("branch", "b4/whole-life")
	w.expect("revision", "2")
	w.expect("base-commit", base)
	if list := w.kprep("list"); !strings.Contains(list, "* b4/whole-life") || !strings.Contains(list, "v1 sent") {
		w.t.Errorf("list shows %q", list)
	}

	if l.again != nil {
		l.again(top)
	}
	top.amend("line 30\n", "line thirty\n")
	if diff := pairsOf(w.kprep("diff", "v1")); !strings.HasPrefix(diff, "1:") || !strings.Contains(diff, " = 1:") {
		w.t.Errorf("diff v1 shows\n%s", diff)
	}
	w.editCover("EDITME.*", "Older now.")
	w.kprep("send", "--yes")
	v2 := s.received()
	top.checkApplies(upstream, base, v2, changes()[:2])
	w.expect("revision", "3")
	if status := w.git("status", "--porcelain", "--untracked-files=no"); status != "" {
		w.t.Errorf("the work tree is left changed:\n%s", status)
	}
	w.git("fsck", "--no-dangling", "--no-progress")
}
