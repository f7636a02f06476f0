package main

import (
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

// published is a folder with what is published for this machine: KPREP_DIST, where
// "make dist-check" has it, otherwise one that is made here.
func published(t *testing.T) string {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("packages are for Linux")
	}
	if dir := os.Getenv("KPREP_DIST"); dir != "" {
		return dir
	}
	nfpm, err := filepath.Abs(filepath.Join("..", "..", "bin", "tools", "nfpm"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(nfpm); err != nil {
		gittest.NoPeer(t, "nfpm is not in bin/tools ('make peers' puts it there)")
	}
	t.Chdir(filepath.Join("..", ".."))
	dir := filepath.Join(t.TempDir(), "dist")
	words := []string{"-o", dir, "-version", "v1.2.3", "-epoch", "1735787045", "-tags", "urfave_cli_no_docs,nopgxregisterdefaulttypes", "-nfpm", nfpm, "linux/" + runtime.GOARCH}
	if err := run(context.Background(), words); err != nil {
		t.Fatal(err)
	}
	return dir
}

// one returns the file in a folder that a pattern names.
func one(t *testing.T, dir, pattern string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, pattern))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d files %s in %s, %v", len(found), pattern, dir, err)
	}
	return found[0]
}

// A debian is a folder that dpkg takes for a whole system, where nothing is
// installed but what the status says.
type debian struct {
	t    *testing.T
	root string
}

func newDebian(t *testing.T, status string) debian {
	t.Helper()
	d := debian{t, t.TempDir()}
	for _, dir := range []string{"var/lib/dpkg/info", "var/lib/dpkg/updates", "var/lib/dpkg/triggers", "var/log", "home"} {
		if err := os.MkdirAll(filepath.Join(d.root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(d.root, "var/lib/dpkg/status"), []byte(status), 0o644); err != nil {
		t.Fatal(err)
	}
	return d
}

// dpkg runs dpkg in the folder, by whomever.
func (d debian) dpkg(args ...string) (string, error) {
	cmd := exec.Command("dpkg", append([]string{"--root=" + d.root, "--force-not-root", "--log=" + filepath.Join(d.root, "var/log/dpkg.log")}, args...)...)
	cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin", "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// installed lists what is there, but for what dpkg keeps for itself.
func (d debian) installed() []string {
	d.t.Helper()
	var list []string
	err := fs.WalkDir(os.DirFS(d.root), ".", func(name string, _ fs.DirEntry, err error) error {
		if strings.HasPrefix(name, "var/") || strings.HasPrefix(name, "home/") {
			return err
		}
		list = append(list, name)
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return list
}

// run runs a program of the folder as a user whose PATH begins there.
func (d debian) run(program string, args ...string) string {
	d.t.Helper()
	bin := filepath.Join(d.root, "usr", "bin")
	home := filepath.Join(d.root, "home")
	cmd := exec.Command(program, args...)
	if program == "kprep" {
		cmd = exec.Command(filepath.Join(bin, program), args...)
	}
	cmd.Dir, cmd.Env = home, []string{"PATH=" + bin + ":" + os.Getenv("PATH"), "HOME=" + home, "LC_ALL=C.UTF-8", "GIT_CONFIG_NOSYSTEM=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		d.t.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// git is what a Debian has that has git.
const git = `Package: git
Status: install ok installed
Maintainer: nobody <nobody@example.org>
Architecture: all
Version: 1:2.39.5-0
Description: stands for git
`

func TestPackages(t *testing.T) {
	dir := published(t)
	t.Run("deb", func(t *testing.T) { checkDeb(t, dir) })
	t.Run("rpm", func(t *testing.T) { checkRPM(t, dir) })
}

// checkDeb installs, uses and removes a package.
func checkDeb(t *testing.T, dir string) {
	gittest.Peer(t, "dpkg")
	deb := one(t, dir, "kprep_*_"+runtime.GOARCH+".deb")

	bare := newDebian(t, "")
	if out, err := bare.dpkg("--install", deb); err == nil || !strings.Contains(out, "kprep depends on git") {
		t.Errorf("it was installed without git: %v\n%s", err, out)
	}

	d := newDebian(t, git)
	before := d.installed()
	if out, err := d.dpkg("--install", deb); err != nil {
		t.Fatalf("install: %v\n%s", err, out)
	}
	version, err := exec.Command("dpkg-deb", "--field", deb, "Version").Output()
	if err != nil {
		t.Fatal(err)
	}
	if os.Getenv("KPREP_DIST") == "" && strings.TrimSpace(string(version)) != "1.2.3" {
		t.Errorf("the package has version %s", version)
	}
	own, through := d.run("kprep", "--version"), d.run("git", "kprep", "--version")
	if own != through || !strings.HasPrefix(own, "kprep") {
		t.Errorf("'kprep --version' prints %q, 'git kprep --version' %q", own, through)
	}
	for shell, place := range completions() {
		if text, err := os.ReadFile(filepath.Join(d.root, "usr", place)); err != nil || string(text) != d.run("kprep", "completion", shell) {
			t.Errorf("%s does not complete with what kprep prints: %v", shell, err)
		}
	}
	for _, file := range []string{"man/man1/kprep.1.gz", "man/man1/kprep-send.1.gz", "doc/kprep/copyright", "doc/kprep/CHANGELOG.md"} {
		if info, err := os.Stat(filepath.Join(d.root, "usr", "share", file)); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v", file, err)
		}
	}
	checkLicences(t, filepath.Join(d.root, "usr", "share", "doc", "kprep"))
	checkContents(t, deb)
	t.Run("man", func(t *testing.T) { checkManual(t, debian{t, d.root}) })
	t.Run("shells", func(t *testing.T) { checkShells(t, d) })
	if out := d.run("kprep", "tour"); !strings.Contains(out, "v2") {
		t.Errorf("the tour ended without a v2:\n%s", out)
	}
	if out, err := d.dpkg("--remove", "kprep"); err != nil {
		t.Fatalf("remove: %v\n%s", err, out)
	}
	if left := d.installed(); !slices.Equal(left, before) {
		t.Errorf("it leaves %q, before there was %q", left, before)
	}
}

// checkLicences looks for the terms of what is linked into the program.
func checkLicences(t *testing.T, dir string) {
	text, err := os.ReadFile(filepath.Join(dir, "THIRD-PARTY-LICENSES"))
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), strings.Repeat("=", 72)) // what comes first, then title and terms of each
	for _, work := range []string{"modernc.org/sqlite ", "golang.org/x/crypto ", "the standard library of Go", "rules of chroma in ui/highlight"} {
		i := slices.IndexFunc(parts, func(part string) bool { return strings.HasPrefix(part, "\n"+work) })
		if i < 0 || !strings.Contains(parts[i+1], "Copyright") {
			t.Errorf("no licence of %s", work)
		}
	}
}

// checkContents looks at owners and permissions.
func checkContents(t *testing.T, deb string) {
	out, err := exec.Command("dpkg-deb", "--contents", deb).Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		want := "-rw-r--r--"
		switch name := fields[5]; {
		case strings.HasSuffix(name, "/"):
			want = "drwxr-xr-x"
		case name == "./usr/bin/kprep":
			want = "-rwxr-xr-x"
		case len(fields) > 6: // a link
			want = fields[0]
		}
		if fields[0] != want || fields[1] != "root/root" {
			t.Errorf("want %s root/root, there is %s", want, line)
		}
	}
}

// checkManual has man find and read pages.
func checkManual(t *testing.T, d debian) {
	gittest.Peer(t, "man")
	pages := "--manpath=" + filepath.Join(d.root, "usr", "share", "man")
	for _, page := range []string{"kprep", "git-kprep", "kprep-send", "kprep-tutorial"} {
		if out := d.run("man", pages, page); !strings.Contains(out, "kprep") {
			t.Errorf("man %s prints %q", page, out)
		}
	}
}

// typedInZsh has somebody type at a terminal, and prints what he sees.
const typedInZsh = `
zmodload zsh/zpty
zpty typist 'PS1= zsh -f -i'
zpty -w typist 'fpath+=("$XDG_DATA_DIRS/zsh/site-functions"); autoload -U compinit; compinit -u -D; echo re''ady'
zpty -r -m typist seen '*ready*'
zpty -w -n typist "$typed"$'\t'
zpty -r -m typist seen "*$typed*us*"
zpty -w -n typist $'\C-u'
print -- "${seen/$typed/ $typed}" | tr -d '\r'
zpty -d typist`

// checkShells has shells find by themselves what completes.
func checkShells(t *testing.T, d debian) {
	share := filepath.Join(d.root, "usr", "share")
	for _, tc := range []struct{ name, needs, program, script string }{
		{"bash", "/usr/share/bash-completion/bash_completion", "bash",
			`source /usr/share/bash-completion/bash_completion; _completion_loader kprep; COMP_LINE="kprep stat" COMP_POINT=10; _kprep; echo "${COMPREPLY[@]}"`},
		{"git in bash", "/usr/share/bash-completion/completions/git", "bash",
			`source /usr/share/bash-completion/bash_completion; _completion_loader git; COMP_LINE="git kprep stat" COMP_POINT=14 COMP_WORDS=(git kprep stat) COMP_CWORD=2; __git_wrap__git_main; echo "${COMPREPLY[@]}"`},
		{"fish", "/usr/bin/fish", "fish", `complete --do-complete "kprep stat"`},
		{"git in fish", "/usr/bin/fish", "fish", `complete --do-complete "git kprep stat"`},
		{"zsh", "/usr/bin/zsh", "zsh", "typed='kprep stat'" + typedInZsh},
		{"git in zsh", "/usr/bin/zsh", "zsh", "typed='git kprep stat'" + typedInZsh},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := os.Stat(tc.needs); err != nil {
				gittest.NoPeer(t, tc.needs+" is missing")
			}
			d := debian{t, d.root}
			out := d.run("env", "XDG_DATA_DIRS="+share, "timeout", "30", tc.program, "-c", tc.script)
			if !slices.Contains(strings.Fields(out), "status") {
				t.Errorf("it completes to %q", out)
			}
		})
	}
}

// checkRPM reads a package.
func checkRPM(t *testing.T, dir string) {
	gittest.Peer(t, "rpm")
	rpm := one(t, dir, "kprep_*_"+runtime.GOARCH+".rpm")
	query := func(args ...string) []string {
		t.Helper()
		out, err := exec.Command("rpm", append(args, rpm)...).Output()
		if err != nil {
			t.Fatalf("rpm %q: %v", args, err)
		}
		return strings.Split(strings.TrimSpace(string(out)), "\n")
	}
	query("--checksig", "--nosignature") // its hashes
	if requires := query("--query", "--requires", "--package"); !slices.Contains(requires, "git >= 2.38") {
		t.Errorf("it requires %q", requires)
	}
	files := query("--query", "--list", "--package")
	for _, file := range []string{"/usr/bin/kprep", "/usr/bin/git-kprep", "/usr/share/man/man1/kprep.1.gz", "/usr/share/doc/kprep/LICENSE"} {
		if !slices.Contains(files, file) {
			t.Errorf("it lacks %s", file)
		}
	}
	for _, file := range []string{"/usr", "/usr/bin", "/usr/share"} {
		if slices.Contains(files, file) {
			t.Errorf("it owns the folder %s, which is everybody's", file)
		}
	}
}
