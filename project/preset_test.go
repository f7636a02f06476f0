package project_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/project"
)

func presets(t *testing.T) []*project.Preset {
	t.Helper()
	list, err := project.Presets()
	if err != nil || len(list) < 11 {
		t.Fatalf("%d presets, %v", len(list), err)
	}
	return list
}

// Every value says why and where the project says so, under a profile that
// there is.
func TestPresetsExplainThemselves(t *testing.T) {
	t.Parallel()
	for _, p := range presets(t) {
		if p.Title == "" || !strings.HasPrefix(p.Guide, "https://") || len(p.Has)+len(p.Remotes) == 0 || len(p.Settings) == 0 {
			t.Errorf("%s: title %q, guide %q, found by %q and %q, %d settings", p.Name, p.Title, p.Guide, p.Has, p.Remotes, len(p.Settings))
		}
		seen := map[string]bool{}
		for _, d := range p.Settings {
			where := p.Name + ": " + d.Key + " " + d.Profile
			if !strings.HasSuffix(d.Why, ".") || !strings.HasPrefix(d.Source, "https://") {
				t.Errorf("%s: why %q, source %q", where, d.Why, d.Source)
			}
			if d.Profile != "" && !slices.Contains(p.ProfileNames(), d.Profile) {
				t.Errorf("%s: no such profile", where)
			}
			if seen[where] {
				t.Errorf("%s: set twice", where)
			}
			seen[where] = true
			if strings.HasSuffix(d.Key, "mask") && strings.Count(d.Values[0], "%s") != 1 {
				t.Errorf("%s: %q", where, d.Values)
			}
		}
		for _, profile := range p.Profiles {
			if profile.Title == "" || len(p.For(profile.Name)) <= len(p.For("")) && !overrides(p, profile.Name) {
				t.Errorf("%s: profile %s says nothing of its own", p.Name, profile.Name)
			}
		}
	}
}

func overrides(p *project.Preset, profile string) bool {
	return slices.ContainsFunc(p.Settings, func(d project.Default) bool { return d.Profile == profile })
}

// git reads the files as we do, so that a user can, too.
func TestPresetsAreGitConfiguration(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	for _, p := range presets(t) {
		file, err := filepath.Abs(filepath.Join("presets", p.Name+".config"))
		if err != nil {
			t.Fatal(err)
		}
		var want, got []string
		for line := range strings.SplitSeq(r.Git("config", "--file", file, "--list", "--null"), "\x00") {
			key, value, _ := strings.Cut(strings.TrimPrefix(line, "\n"), "\n")
			if section, _, _ := strings.Cut(key, "."); key != "" && !slices.Contains([]string{"preset", "detect", "profile"}, section) {
				want = append(want, key+"="+value)
			}
		}
		for _, d := range p.Settings {
			section, name, _ := strings.Cut(d.Key, ".")
			if d.Profile != "" {
				section += "." + d.Profile
			}
			for _, value := range d.Values {
				got = append(got, section+"."+name+"="+value)
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: read\n%q\ngit reads\n%q", p.Name, got, want)
		}
	}
}

// A key that nobody reads would promise what does not happen.
func TestPresetsSetWhatTheProgramReads(t *testing.T) {
	t.Parallel()
	var source strings.Builder
	for _, dir := range []string{".", "../submission", "../inbox", "../cmd/kprep"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatal(dir, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") || strings.HasPrefix(file, "preset") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			source.Write(text)
		}
	}
	for _, p := range presets(t) {
		for _, d := range p.Settings {
			_, name, _ := strings.Cut(d.Key, ".")
			if !strings.Contains(source.String(), `"`+name+`"`) {
				t.Errorf("%s: nothing reads %q", p.Name, d.Key)
			}
		}
	}
}

func TestDetect(t *testing.T) {
	t.Parallel()
	kernel := []string{"Kbuild", "kernel/Makefile", "init/Kconfig"}
	qemu := []string{"qemu-img-cmds.hx", "scripts/get_maintainer.pl"}
	const netdev = "git://git.kernel.org/pub/scm/linux/kernel/git/netdev/"
	for _, c := range []struct {
		why     string
		files   []string
		remotes []string // name, URL, …
		branch  string   // remote that the branch follows
		best    string   // preset, or preset/profile; "" for none
		others  string
	}{
		{"a kernel from nowhere", kernel, nil, "", "linux", ""},
		{"Linus' kernel", kernel, []string{"origin", "https://git.kernel.org/pub/scm/linux/kernel/git/torvalds/linux.git"}, "", "linux", ""},
		{"net-next", kernel, []string{"origin", netdev + "net-next.git"}, "", "linux-netdev/net-next", "linux"},
		{"net by ssh", kernel, []string{"origin", "git@gitolite.kernel.org:pub/scm/linux/kernel/git/netdev/net"}, "", "linux-netdev/net", "linux"},
		{"the only remote counts whatever its name", kernel, []string{"up", netdev + "net.git/"}, "", "linux-netdev/net", "linux"},
		{"net-next beside Linus' kernel", kernel, []string{"next", netdev + "net-next", "origin", "https://example.org/linux"}, "", "linux", "linux-netdev"},
		{"a branch of net, in a clone of net-next", kernel, []string{"origin", netdev + "net-next", "fixes", netdev + "net"}, "fixes", "linux-netdev/net", "linux"},
		{"half a kernel", kernel[:2], nil, "", "", ""},
		{"a name alone proves nothing", []string{"README"}, []string{"origin", netdev + "net-next.git"}, "", "", ""},
		{"QEMU, wherever it is kept", qemu, []string{"origin", "https://git.sr.ht/~me/qemu"}, "", "qemu", "sourcehut"},
		{"a project on SourceHut", []string{"README"}, []string{"origin", "git@git.sr.ht:~me/tool"}, "", "sourcehut", ""},
		{"a copy on SourceHut", []string{"README"}, []string{"origin", "https://example.org/tool", "copy", "git@git.sr.ht:~me/tool"}, "", "", ""},
		{"nothing", []string{"README"}, nil, "", "", ""},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			for _, name := range c.files {
				r.Write(name, "")
			}
			base := r.Commit("base\n")
			for i := 0; i < len(c.remotes); i += 2 {
				r.Git("remote", "add", c.remotes[i], c.remotes[i+1])
			}
			if c.branch != "" {
				r.Git("config", "branch."+strings.TrimSpace(r.Git("branch", "--show-current"))+".remote", c.branch)
			}
			s, _ := load(t, r, base)
			matches, err := s.Detect()
			if err != nil {
				t.Fatal(err)
			}
			best, ok, err := project.Best(matches)
			got, others := "", []string{}
			if ok {
				got = best.Preset.Name
				if best.Profile != "" {
					got += "/" + best.Profile
				}
				for _, m := range matches[1:] {
					others = append(others, m.Preset.Name)
				}
			}
			if err != nil || got != c.best || strings.Join(others, " ") != c.others {
				t.Errorf("got %q before %q, %v; want %q before %q", got, others, err, c.best, c.others)
			}
		})
	}
}

// What a kill in the middle of writing leaves is no obstacle, and a
// configuration that others write is left alone.
func TestApplyAfterACrash(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	base := r.Commit("base\n")
	s, repo := load(t, r, base)
	preset, err := project.FindPreset("gcc")
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Adopt(context.Background(), project.Choice{Match: project.Match{Preset: preset}})
	if err != nil {
		t.Fatal(err)
	}
	lock, scratch := filepath.Join(repo.CommonDir, "config.lock"), filepath.Join(repo.CommonDir, "kprep", "init-config")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := a.Apply(context.Background()); err == nil {
		t.Error("written under somebody else's lock")
	}
	if got := r.Git("config", "--list", "--local"); strings.Contains(got, "gcc") {
		t.Errorf("changed: %s", got)
	}
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(scratch, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(scratch, lock); err != nil {
		t.Fatal(err)
	}
	if err := a.Apply(context.Background()); err != nil {
		t.Fatal(err)
	}
	if got := r.Git("config", "--get-all", "b4.send-series-to"); strings.TrimSpace(got) != "gcc-patches@gcc.gnu.org" {
		t.Errorf("set %q", got)
	}
	if _, err := os.Lstat(scratch); err == nil {
		t.Error("a file is left over")
	}
}

// The page of the presets names each of them, and where its series go.
func TestPageOfPresets(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/init.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := map[string]string{}
	for line := range strings.SplitSeq(string(page), "\n") {
		if name, rest, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") {
			rows[name] = rest
		}
	}
	for _, p := range presets(t) {
		row, ok := rows[p.Name]
		if !ok {
			t.Errorf("docs/init.md has no row for %s", p.Name)
		}
		for _, d := range p.Settings {
			script, _, _ := strings.Cut(strings.TrimPrefix(d.Values[0], "./"), " ")
			switch {
			case d.Key == "b4.send-series-to" && !strings.Contains(row, d.Values[0]),
				strings.HasSuffix(d.Key, "-cmd") && script != "echo" && !strings.Contains(row, script),
				d.Key == "b4.send-same-thread" && strings.Contains(row, "thread of their own") != (d.Values[0] == "no"):
				t.Errorf("docs/init.md, %s: %q does not have %s = %s", p.Name, row, d.Key, d.Values[0])
			}
		}
	}
}
