package project_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/kprep/kprep/project"
)

func TestScriptsKeepVerdictsByContent(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	scripts, err := project.UserScripts(func(key string) string { return map[string]string{"HOME": home}[key] })
	if err != nil {
		t.Fatal(err)
	}
	expect := func(script string, want project.Verdict) {
		t.Helper()
		if got, err := scripts.Verdict([]byte(script)); err != nil || got != want {
			t.Errorf("%q: %q, %v, want %q", script, got, err, want)
		}
	}
	expect("one", "")
	for script, v := range map[string]project.Verdict{"one": project.Equal, "two": project.Differs} {
		if err := scripts.Learn([]byte(script), v); err != nil {
			t.Fatal(err)
		}
	}
	expect("one", project.Equal)
	expect("two", project.Differs)
	expect("one, changed", "")
	if err := scripts.Learn([]byte("two"), project.Equal); err != nil {
		t.Fatal(err)
	}
	expect("two", project.Equal)
	if info, err := os.Stat(scripts.File); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	for _, broken := range []string{"{", `{"version": 2, "verdicts": {}}`, "null"} {
		if err := os.WriteFile(scripts.File, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := scripts.Verdict([]byte("one")); err == nil {
			t.Errorf("%q is read as %q", broken, v)
		}
		if err := scripts.Learn([]byte("one"), project.Equal); err == nil {
			t.Errorf("%q is written over", broken)
		}
	}
	none := project.Scripts{File: filepath.Join(home, "no", "scripts.json")}
	if v, err := none.Verdict([]byte("one")); v != "" || err != nil {
		t.Error(v, err)
	}
}
