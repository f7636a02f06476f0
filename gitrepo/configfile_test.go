package gitrepo_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

// Git is the judge: the sections that are found for a branch, alone in a
// file, say about it what the whole file says.
func TestConfigSectionsAreThoseThatGitSees(t *testing.T) {
	t.Parallel()
	r := gittest.New(t)
	repo := open(t, r, r.Dir)
	path, alone := filepath.Join(r.Dir, ".git", "config"), filepath.Join(r.Dir, "alone")
	scratch := filepath.Join(r.Dir, "scratch")
	original, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	branches := []string{"a", "b/c", `q"uo\te`, "A"}
	lines := []string{"[branch \"a\"]", "  [Branch \"b/c\"] inline = 1", `[branch "q\"uo\\te"]`, "[branch.A]", "[other]", "[branch]",
		"\tkey = value", "\tlong = one \\", "[branch \"b/c\"] x", "\tnull", "# comment \\", "; [branch \"a\"]", "", `	q = "a # b" ; c \`,
		"\tq = \"[branch]\\\\\"", "\tend = a\\\\", "[branch \"a\"] y = z \\", "\tcr = 1\r", "[x \"]\"] k = 1"}
	random := rand.New(rand.NewPCG(1, 2))
	tried := 0
	for range 150 {
		text := string(original)
		for range 2 + random.IntN(7) {
			text += lines[random.IntN(len(lines))] + "\n"
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		whole, ok := branchValues(r, path)
		if !ok {
			continue
		}
		file, err := repo.ConfigFile()
		if err != nil {
			t.Fatal(err)
		}
		tried++
		var edits []gitrepo.BranchEdit
		for _, name := range branches {
			sections := file.Branch(name)
			var only string
			for _, s := range sections {
				only += s.Text
			}
			if err := os.WriteFile(alone, []byte(only), 0o600); err != nil {
				t.Fatal(err)
			}
			values, _ := branchValues(r, alone)
			if got, want := values["branch."+name+"."], whole["branch."+name+"."]; got != want {
				t.Errorf("in %q branch %q has %q, want %q", text, name, got, want)
			}
			edits = append(edits, gitrepo.BranchEdit{Name: name, From: sections})
		}
		// Taken out and put back, the file is the same.
		without := file.WithBranches(edits...)
		if err := repo.WriteConfigFile(context.Background(), file, without, scratch); err != nil {
			t.Fatal(err)
		}
		for i := range edits {
			edits[i].From, edits[i].To = nil, edits[i].From
		}
		if err := repo.WriteConfigFile(context.Background(), without, without.WithBranches(edits...), scratch); err != nil {
			t.Fatal(err)
		}
		if got, _ := os.ReadFile(path); string(got) != text {
			t.Errorf("put back: %q, want %q", got, text)
		}
	}
	if tried < 30 {
		t.Errorf("git took only %d of the files", tried)
	}
}

// branchValues lists keys and values by "branch.<name>.".
func branchValues(r *gittest.Repo, path string) (map[string]string, bool) {
	repo, err := gitrepo.Open(context.Background(), r.Dir, gitrepo.Options{Env: append(r.Env[:len(r.Env):len(r.Env)], "GIT_CONFIG_GLOBAL="+path, "GIT_CONFIG_SYSTEM=/dev/null")})
	if err != nil {
		return nil, false
	}
	defer repo.Close()
	config, err := repo.Config()
	if err != nil {
		return nil, false
	}
	values := map[string]string{}
	for _, key := range config.Keys() {
		if config.Scope(key) == "" || strings.Count(key, ".") < 2 {
			continue
		}
		values[key[:strings.LastIndexByte(key, '.')+1]] += key + "=" + strings.Join(config.All(key), ",") + "\n"
	}
	return values, true
}

func TestWriteConfigFileRefuses(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	r := gittest.New(t)
	repo := open(t, r, r.Dir)
	old, err := repo.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	changed, err := repo.Set(ctx, old, r.Dir, "branch.x.y", "1")
	if err != nil {
		t.Fatal(err)
	}
	scratch := filepath.Join(r.Dir, "scratch")
	r.Git("config", "user.name", "Jane")
	if err := repo.WriteConfigFile(ctx, old, changed, scratch); !errors.Is(err, gitrepo.ErrConfigChanged) {
		t.Errorf("changed meanwhile: %v", err)
	}
	lock := filepath.Join(r.Dir, ".git", "config.lock")
	if err := os.WriteFile(lock, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := repo.WriteConfigFile(ctx, old, changed, scratch); !errors.As(err, new(*gitrepo.ConfigBusyError)) {
		t.Errorf("locked: %v", err)
	}
	if _, err := os.Stat(lock); err != nil {
		t.Error("somebody else's lock was removed")
	}
	if got := r.Git("config", "--get-regexp", "branch|user"); got != "user.name Jane" {
		t.Errorf("configuration is %q", got)
	}

	// The same lock as a killed kprep leaves it.
	if err := errors.Join(os.Remove(lock), os.WriteFile(scratch, []byte("[half"), 0o600), os.Link(scratch, lock)); err != nil {
		t.Fatal(err)
	}
	if old, err = repo.ConfigFile(); err != nil {
		t.Fatal(err)
	}
	if changed, err = repo.Set(ctx, old, r.Dir, "branch.x.y", "1"); err != nil {
		t.Fatal(err)
	}
	if err := repo.WriteConfigFile(ctx, old, changed, scratch); err != nil || r.Git("config", "branch.x.y") != "1" {
		t.Errorf("after a crash: %v", err)
	}
	for _, path := range []string{lock, scratch} {
		if _, err := os.Stat(path); err == nil {
			t.Errorf("%s stayed", path)
		}
	}
}

// A key is set as git config sets it, with and without its help.
func TestSetAsGit(t *testing.T) {
	t.Parallel()
	world := gittest.New(t)
	repo := open(t, world, world.Dir)
	path, copied := filepath.Join(world.Dir, ".git", "config"), filepath.Join(world.Dir, "copied")
	for _, text := range []string{"", "[core]\n\tbare = false\n", "[core]\n\tbare = false", "# comment", "[a]\n\tkey = goes \\", "[a]\n\tkey = goes \\\n",
		"[branch \"b4/x\"]\n\told = 1\n", "[Branch \"b4/x\"]\n[core]\n\tbare = false\n", "[branch.b4/x]\n\told = 1\n", "[branch \"b4/xy\"]\n\told = 1\n", "[core]\r\n\tbare = false\r\n"} {
		for _, tc := range []struct{ key, value string }{
			{"branch.b4/x.b4-prep-cover-strategy", "commit"},
			{"branch.b4/x.description", "two words"},
			{"branch.b4/x.description", "a # b"},
			{"branch.b4/x.description", " blanks "},
			{"branch.b4/x.description", ""},
			{"branch.b4/q\"uote.key", "value"},
			{"branch.B4.X.Key", "value"},
		} {
			for _, file := range []string{path, copied} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := exec.Command("git", "config", "--file", copied, "--replace-all", tc.key, tc.value).Run(); err != nil {
				continue // git does not take the file
			}
			want, err := os.ReadFile(copied)
			if err != nil {
				t.Fatal(err)
			}
			before, err := repo.ConfigFile()
			if err != nil {
				t.Fatal(err)
			}
			after, err := repo.Set(t.Context(), before, world.Dir, tc.key, tc.value)
			if err != nil {
				t.Errorf("%q: set %s to %q: %v", text, tc.key, tc.value, err)
				continue
			}
			if err := repo.WriteConfigFile(t.Context(), before, after, filepath.Join(world.Dir, "scratch")); err != nil {
				t.Fatal(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != string(want) {
				t.Errorf("%q: with %s = %q it is %q, %v; git makes %q", text, tc.key, tc.value, got, err, want)
			}
		}
	}
}
