package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/docs"
	"github.com/kprep/kprep/internal/gittest"
)

func testManual(t *testing.T) (*cli.App, map[string]string) {
	t.Helper()
	topics, err := docs.Pages()
	if err != nil {
		t.Fatal(err)
	}
	e := testEnv(t).env
	app := newApp(e, commands(e))
	return app, manualPages(app, topics, time.Unix(0, 0))
}

// plainPage is what a reader types off a page.
func plainPage(roff string) string {
	return strings.NewReplacer(`\-`, "-", `\fB`, "", `\fI`, "", `\fR`, "", `\(aq`, "'", `\(dq`, `"`, `\e`, `\`).Replace(roff)
}

func TestEveryVerbHasAPage(t *testing.T) {
	t.Parallel()
	app, pages := testManual(t)
	for _, v := range app.Commands {
		page, there := pages["kprep-"+v.Name+".1"]
		if there == v.Hidden {
			t.Errorf("kprep-%s.1 there: %v, hidden: %v", v.Name, there, v.Hidden)
		}
		if !v.Hidden {
			checkManual(t, plainPage(page), v, "kprep "+v.Name)
			if !strings.Contains(plainPage(pages["kprep.1"]), "\n"+v.Name+"\n") {
				t.Errorf("kprep.1 does not list %s", v.Name)
			}
		}
	}
	for name := range pages {
		verb := strings.TrimSuffix(strings.TrimPrefix(name, "kprep-"), ".1")
		if strings.HasPrefix(name, "kprep-") && strings.HasSuffix(name, ".1") && find(app.Commands, verb) == nil {
			t.Errorf("%s is about no verb", name)
		}
	}
}

// checkManual holds a page to the verb, and to the actions below it: each
// option that is shown is there by each of its names, no other is.
func checkManual(t *testing.T, page string, v *cli.Command, name string) {
	t.Helper()
	if !strings.Contains(page, name) {
		t.Errorf("no page has %q", name)
	}
	for _, f := range v.Flags {
		for _, n := range f.Names() {
			dashed := "--" + n
			if len(n) == 1 {
				dashed = "-" + n
			}
			if !regexp.MustCompile(`(?m)^(-.*[ ,])?`+dashed+`([ ,\[].*)?$`).MatchString(page) && visible(f) {
				t.Errorf("%s: %s is not in the page", name, dashed)
			}
		}
	}
	for _, action := range v.Subcommands {
		if !action.Hidden {
			checkManual(t, page, action, name+" "+action.Name)
		}
	}
}

// Every page of docs/ is in the manual once, and can be read from there.
func TestEveryTopicHasAPage(t *testing.T) {
	t.Parallel()
	app, pages := testManual(t)
	topics, err := filepath.Glob(filepath.Join("..", "..", "docs", "*.md"))
	if err != nil || len(topics) == 0 {
		t.Fatal("no pages", err)
	}
	for _, file := range topics {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		topic := strings.TrimSuffix(filepath.Base(file), ".md")
		page, other := "kprep-"+topic+".7", "kprep-"+topic+".1"
		if find(app.Commands, topic) != nil {
			page, other = other, page
		}
		title, _, _ := strings.Cut(strings.TrimPrefix(string(text), "# "), "\n")
		if !strings.Contains(plainPage(pages[page]), strings.ReplaceAll(title, "`", "")) || pages[other] != "" {
			t.Errorf("%s: %q is not in %s alone", file, title, page)
		}
	}
}

// groff has nothing to say against any page.
func TestManualPagesAreClean(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "groff")
	_, pages := testManual(t)
	dir := t.TempDir()
	arguments := []string{"-man", "-t", "-ww", "-z", "-Tutf8"}
	for name, text := range pages {
		if strings.HasPrefix(text, ".so ") {
			continue
		}
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, name)
	}
	said, err := exec.Command("groff", arguments...).CombinedOutput()
	if err != nil || len(bytes.TrimSpace(said)) > 0 {
		t.Errorf("groff: %v\n%s", err, said)
	}
}
