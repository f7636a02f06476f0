package rangecache_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/rangecache"
	"github.com/kprep/kprep/rangediff"
)

// A world is a repository, and how it is asked.
type world struct {
	*gittest.Repo
	sub     string // the directory in it where we are
	config  []string
	options []string // for git log
	home    string
}

// twoCommits makes a repository whose last two commits change files of many
// kinds: base..HEAD.
func twoCommits(t *testing.T) *world {
	r := gittest.New(t)
	w := &world{Repo: r, home: t.TempDir()}
	w.Env = append(slices.Clone(r.Env), "HOME="+w.home, "XDG_CONFIG_HOME="+filepath.Join(w.home, "config"))
	lines := func(changed string) string {
		return "class First:\n    def inner(self):\n" + strings.Repeat("        pass\n", 9) + changed + strings.Repeat("        pass\n", 9)
	}
	r.Write("sub/code.py", lines("        old\n"))
	r.Write("moved from", strings.Repeat("a line that stays\n", 20))
	r.Commit("base")
	r.Git("tag", "base")
	r.Write("sub/code.py", lines("        new\n"))
	r.Commit("change")
	r.Git("mv", "moved from", "moved to")
	r.Write("caf\xc3\xa9", "new\n")
	r.Git("add", "caf\xc3\xa9")
	r.Git("commit", "--quiet", "--message", "move")
	r.Git("tag", "v1")
	return w
}

func (w *world) write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// ask asks for a range as a new process would. It also says whether git log
// was needed.
func (w *world) ask(t *testing.T, keep bool) (commits []rangediff.Commit, log bool) {
	t.Helper()
	ctx := context.Background()
	repo, err := gitrepo.Attach(ctx, filepath.Join(w.Dir, w.sub), gitrepo.Options{Env: w.Env, Config: w.config})
	if err != nil {
		t.Fatal(err)
	}
	q := rangecache.Question{Words: []string{"base..v1"}, Options: w.options, Never: !keep}
	q.Log = func(ctx context.Context, _ int, options []string, read func(io.Reader) error) error {
		log = true
		return repo.LogOf(ctx, slices.Concat(options, q.Words, w.options), read)
	}
	answer, err := rangecache.Ask(ctx, repo, q, 1)
	if err != nil {
		t.Fatal(err)
	}
	if keep {
		if err := answer.Keep(ctx); err != nil {
			t.Log(err)
		}
	}
	return answer.Commits[0], log
}

func same(a, b []rangediff.Commit) bool {
	return slices.EqualFunc(a, b, func(a, b rangediff.Commit) bool {
		return a.ID == b.ID && a.DiffAt == b.DiffAt && a.DiffLines == b.DiffLines && string(a.Text) == string(b.Text)
	})
}

func TestKeptTextsAreUsed(t *testing.T) {
	t.Parallel()
	w := twoCommits(t)
	want, _ := w.ask(t, false)
	if len(want) != 2 {
		t.Fatalf("%d commits, want 2", len(want))
	}
	if got, log := w.ask(t, true); !log || !same(got, want) {
		t.Errorf("first: git log %t, want true, with the commits of the log", log)
	}
	for _, sub := range []string{"", "sub"} {
		w.sub = sub
		if got, log := w.ask(t, true); log || !same(got, want) {
			t.Errorf("again in %q: git log %t, want false, with the same commits", sub, log)
		}
	}
	w.sub = ""
	w.Git("worktree", "add", "--quiet", w.Dir+"/tree", "v1")
	w.sub = "tree"
	w.ask(t, true)
	if got, log := w.ask(t, true); log || !same(got, want) {
		t.Errorf("in another work tree: git log %t, want false, with the same commits", log)
	}
}

// Whatever shapes a text is changed after it was kept. The text has to change
// with it, and where nothing could be kept git log has to run.
func TestStaleTextsAreNotUsed(t *testing.T) {
	t.Parallel()
	file := func(name, content string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) { w.write(t, filepath.Join(w.Dir, name), content) }
	}
	atHome := func(name, content string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) { w.write(t, filepath.Join(w.home, name), content) }
	}
	git := func(args ...string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) { w.Git(args...) }
	}
	setting := func(s string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) { w.config = append(w.config, s) }
	}
	environment := func(list ...string) func(*testing.T, *world) {
		return func(t *testing.T, w *world) { w.Env = append(w.Env, list...) }
	}
	all := func(steps ...func(*testing.T, *world)) func(*testing.T, *world) {
		return func(t *testing.T, w *world) {
			for _, step := range steps {
				step(t, w)
			}
		}
	}
	// A submodule comes and, with another name, goes.
	module := func(t *testing.T, w *world) {
		w.Git("update-index", "--add", "--cacheinfo", "160000,"+strings.TrimSpace(w.Git("rev-parse", "v1"))+",module")
		w.Git("commit", "--quiet", "--message", "module")
		w.Git("update-index", "--add", "--cacheinfo", "160000,"+strings.TrimSpace(w.Git("rev-parse", "v1"))+",moved module")
		w.Git("update-index", "--force-remove", "module")
		w.Git("commit", "--quiet", "--message", "move a module")
		w.Git("tag", "--force", "v1")
	}
	settings := func(more string) func(*testing.T, *world) {
		return file(".gitmodules", "[submodule \"module\"]\n\tpath = module\n"+more)
	}
	lose := func(t *testing.T, w *world) { os.Remove(filepath.Join(w.Dir, ".gitmodules")) }
	const identity = "New Name <new@example.org> <jane@example.org>\n"
	replace := func(t *testing.T, w *world) {
		other := strings.TrimSpace(w.Git("commit-tree", "-m", "another", "-p", "v1~2", "v1~1^{tree}"))
		w.Git("replace", "v1~1", other)
	}
	for name, c := range map[string]struct{ before, change func(*testing.T, *world) }{
		"a mailmap appears":                {nil, file(".mailmap", identity)},
		"a mailmap changes":                {file(".mailmap", identity), file(".mailmap", strings.ReplaceAll(identity, "New", "Old"))},
		"mailmap.file":                     {nil, all(file("map", identity), setting("mailmap.file=map"))},
		"the mailmap file changes":         {all(file("map", identity), setting("mailmap.file=map")), file("map", "")},
		"mailmap.blob":                     {nil, all(file("map", identity), git("add", "map"), setting("mailmap.blob=:map"))},
		"log.mailmap":                      {file(".mailmap", identity), git("config", "log.mailmap", "false")},
		"attributes appear":                {nil, file(".gitattributes", "*.py -diff\n")},
		"attributes change":                {file(".gitattributes", "*.py diff=python\n"), file(".gitattributes", "*.py -diff\n")},
		"attributes in a folder":           {nil, file("sub/.gitattributes", "*.py diff=python\n")},
		"attributes of an odd name":        {nil, file(".gitattributes", "caf\xc3\xa9 -diff\n")},
		"attributes of the repository":     {nil, file(".git/info/attributes", "*.py -diff\n")},
		"attributes of the user":           {nil, atHome("config/git/attributes", "*.py -diff\n")},
		"attributes that are configured":   {nil, all(atHome("attributes", "*.py -diff\n"), setting("core.attributesFile=~/attributes"))},
		"attributes that were configured":  {all(atHome("attributes", "*.py -diff\n"), setting("core.attributesFile=~/attributes")), atHome("attributes", "")},
		"a macro":                          {file(".gitattributes", "*.py odd\n"), file(".git/info/attributes", "[attr]odd -diff\n")},
		"attributes remain in the index":   {all(file(".gitattributes", "*.py -diff\n"), git("add", ".gitattributes")), func(t *testing.T, w *world) { os.Remove(filepath.Join(w.Dir, ".gitattributes")) }},
		"in a folder of the work tree":     {func(t *testing.T, w *world) { w.sub = "sub" }, file(".gitattributes", "sub/code.py -diff\n")},
		"a driver's expression":            {all(file(".gitattributes", "*.py diff=x\n"), setting("diff.x.xfuncname=^class.*")), setting("diff.x.xfuncname=^ *def.*")},
		"a driver becomes binary":          {all(file(".gitattributes", "*.py diff=x\n"), setting("diff.x.xfuncname=^class.*")), git("config", "diff.x.binary", "true")},
		"a driver's textconv":              {file(".gitattributes", "*.py diff=x\n"), setting("diff.x.textconv=sed s/new/other/")},
		"a textconv program changes":       {all(file(".gitattributes", "*.py diff=x\n"), file("conv", "s/new/one/"), setting("diff.x.textconv=sed -f conv")), file("conv", "s/new/two/")},
		"GIT_DIFF_OPTS":                    {nil, environment("GIT_DIFF_OPTS=-u1")},
		"diff.context":                     {nil, setting("diff.context=1")},
		"diff.renames":                     {nil, git("config", "diff.renames", "false")},
		"diff.algorithm":                   {nil, all(git("config", "diff.algorithm", "patience"), setting("diff.context=2"))},
		"diff.orderFile":                   {all(file("order", "caf*\n"), setting("diff.orderFile=order")), file("order", "moved*\n")},
		"diff.relative":                    {setting("diff.relative=true"), func(t *testing.T, w *world) { w.sub = "sub" }},
		"diff.ignoreSubmodules":            {module, setting("diff.ignoreSubmodules=all")},
		"a submodule is configured":        {all(module, settings("")), git("config", "submodule.module.ignore", "all")},
		".gitmodules appears":              {module, settings("ignore = all\n")},
		".gitmodules in the index":         {module, all(settings("ignore = all\n"), git("add", ".gitmodules"), lose)},
		".gitmodules in HEAD alone":        {module, all(settings("ignore = all\n"), git("add", ".gitmodules"), git("commit", "-m", "modules"), git("rm", "--cached", ".gitmodules"), lose)},
		".gitmodules changes":              {all(module, settings("ignore = all\n")), settings("")},
		"i18n.logOutputEncoding":           {nil, setting("i18n.logOutputEncoding=ISO-8859-1")},
		"configuration of the user":        {nil, environment("GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=diff.context", "GIT_CONFIG_VALUE_0=1")},
		"configuration in a file":          {nil, func(t *testing.T, w *world) { w.Git("config", "--global", "diff.context", "1") }},
		"included configuration":           {all(file("more", "[diff]\n\tcontext = 1\n"), git("config", "include.path", "../more")), file("more", "[diff]\n\tcontext = 2\n")},
		"a note appears":                   {nil, git("notes", "add", "-m", "a note", "v1")},
		"a note changes":                   {git("notes", "add", "-m", "a note", "v1"), git("notes", "add", "-f", "-m", "another", "v1")},
		"a note goes":                      {git("notes", "add", "-m", "a note", "v1"), git("notes", "remove", "v1")},
		"notes of another name":            {all(git("notes", "--ref=x", "add", "-m", "a note", "v1"), func(t *testing.T, w *world) { w.options = []string{"--notes=x"} }), git("notes", "--ref=x", "add", "-f", "-m", "another", "v1")},
		"notes take another's name":        {all(git("notes", "--ref=x", "add", "-m", "a note", "v1"), setting("notes.displayRef=refs/notes/*")), all(git("update-ref", "refs/notes/y", "refs/notes/x"), git("update-ref", "-d", "refs/notes/x"))},
		"notes.displayRef":                 {git("notes", "--ref=x", "add", "-m", "a note", "v1"), setting("notes.displayRef=refs/notes/x")},
		"notes among the heads":            {all(git("notes", "--ref=x", "add", "-m", "a note", "v1"), git("branch", "n", "refs/notes/x"), setting("notes.displayRef=refs/heads/n")), all(git("notes", "--ref=x", "add", "-f", "-m", "another", "v1"), git("branch", "-f", "n", "refs/notes/x"))},
		"core.notesRef":                    {git("notes", "--ref=x", "add", "-m", "a note", "v1"), setting("core.notesRef=refs/notes/x")},
		"GIT_NOTES_REF":                    {git("notes", "--ref=x", "add", "-m", "a note", "v1"), environment("GIT_NOTES_REF=refs/notes/x")},
		"other options":                    {git("notes", "add", "-m", "a note", "v1"), func(t *testing.T, w *world) { w.options = []string{"--no-notes"} }},
		"a commit is replaced":             {nil, replace},
		"a commit is no longer replaced":   {replace, git("replace", "-d", "v1~1")},
		"a graft":                          {git("config", "advice.graftFileDeprecated", "false"), func(t *testing.T, w *world) { file(".git/info/grafts", w.Git("rev-parse", "v1"))(t, w) }},
		"the clone becomes shallow":        {nil, func(t *testing.T, w *world) { file(".git/shallow", w.Git("rev-parse", "v1"))(t, w) }},
		"the range names other commits":    {nil, git("tag", "-f", "v1", "v1~1")},
		"an entry is damaged":              {nil, func(t *testing.T, w *world) { damage(t, w, func(b []byte) []byte { b[len(b)/2]++; return b }) }},
		"an entry is cut":                  {nil, func(t *testing.T, w *world) { damage(t, w, func(b []byte) []byte { return b[:len(b)/2] }) }},
		"an entry is empty":                {nil, func(t *testing.T, w *world) { damage(t, w, func([]byte) []byte { return nil }) }},
		"an entry has the name of another": {nil, func(t *testing.T, w *world) { damage(t, w, func(b []byte) []byte { return append(b, 0) }) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := twoCommits(t)
			if c.before != nil {
				c.before(t, w)
			}
			before, _ := w.ask(t, true)
			if fresh, _ := w.ask(t, false); !same(before, fresh) {
				t.Fatal("the first answer is not that of git log")
			}
			w.ask(t, true)
			c.change(t, w)
			fresh, _ := w.ask(t, false)
			got, log := w.ask(t, true)
			if !same(got, fresh) {
				t.Errorf("a stale text was used:\n%s\nwant\n%s", texts(got), texts(fresh))
			}
			if strings.HasPrefix(name, "an entry") {
				if !log {
					t.Error("the entry was used")
				}
			} else if same(before, fresh) {
				t.Error("the change does not change the texts, which shows nothing")
			}
			if again, _ := w.ask(t, true); !same(again, fresh) {
				t.Error("a stale text was used the second time")
			}
		})
	}
}

// damage changes what is kept.
func damage(t *testing.T, w *world, change func([]byte) []byte) {
	t.Helper()
	names, _ := filepath.Glob(filepath.Join(w.Dir, ".git/kprep/cache/rangediff/*"))
	if len(names) == 0 {
		t.Fatal("nothing is kept")
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		w.write(t, name, string(change(data)))
	}
}

func texts(commits []rangediff.Commit) string {
	var b strings.Builder
	for _, c := range commits {
		b.WriteString(c.ID + "\n" + string(c.Text))
	}
	return b.String()
}
