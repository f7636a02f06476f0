package gitrepo

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/kprep/kprep/internal/gittest"
)

func TestReadConfigFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	write(".gitconfig", "[endpoint]\n\tname = not asked for\n")
	write("secret", "[sendemail]\n\tsmtpPass = x\n")
	file := write("service", "[endpoint]\n\tname = A\n\tdestination = one\n[include]\n\tpath = secret\n")
	opts := Options{Env: append(gittest.Env(dir), "GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=endpoint.name", "GIT_CONFIG_VALUE_0=environment"),
		Config: []string{"endpoint.name=B", "endpoint.destination=two"}}
	c, err := ReadConfigFile(t.Context(), opts, file)
	if err != nil {
		t.Fatal(err)
	}
	name, _ := c.Get("endpoint.name")
	pass, _ := c.Get("sendemail.smtpPass")
	if all := c.All("endpoint.destination"); name != "B" || pass != "x" || !slices.Equal(all, []string{"one", "two"}) {
		t.Errorf("name %q, smtpPass %q, destination %q", name, pass, all)
	}
	for what, bad := range map[string]string{"no file": filepath.Join(dir, "none"), "a directory": dir, "not this syntax": write("bad", "[endpoint\n")} {
		if _, err := ReadConfigFile(t.Context(), Options{Env: gittest.Env(dir)}, bad); err == nil {
			t.Errorf("%s was read", what)
		}
	}
	c, err = ReadUserConfig(t.Context(), dir, Options{Env: append(gittest.Env(dir), "GIT_CONFIG_GLOBAL="+filepath.Join(dir, ".gitconfig"))})
	if err != nil {
		t.Fatal(err)
	}
	if name, _ := c.Get("endpoint.name"); name != "not asked for" {
		t.Errorf("the user's name is %q", name)
	}
}
