package page

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/internal/browser"
)

// unfolded opens all that can be folded.
const unfolded = `document.querySelectorAll("details").forEach(d => d.open = true)`

// On every screen, in every view and in all colours the page fits the width,
// what it says has enough contrast, and nothing complains.
func TestBrowserShowsThePage(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	b.Open(written(t, history(4, 3)))
	b.Eval(unfolded, nil)
	for _, width := range []int{1280, 390} {
		for _, scheme := range []string{"light", "dark"} {
			for _, view := range []string{"u", "s"} {
				name := fmt.Sprintf("%d pixels, %s, view %s", width, scheme, view)
				b.Screen(width, 900, scheme)
				b.Press(view)
				if !b.Is(fmt.Sprintf("document.documentElement.scrollWidth <= %d && innerWidth <= %[1]d", width)) {
					t.Errorf("%s: the page is wider than the screen", name)
				}
				if view == "s" && !b.Is(`(d => d.offsetTop == d.parentElement.querySelector("ins").offsetTop)(document.querySelector(".r del"))`) {
					t.Errorf("%s: old and new lines are not side by side", name)
				}
				var faint []string
				if b.Eval(contrasts, &faint); len(faint) > 0 {
					t.Errorf("%s: hard to read: %q", name, faint)
				}
			}
		}
	}
	if complaints := b.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
	}
}

// contrasts lists text below the contrast of 4.5 to 1 that WCAG 2.2, 1.4.3
// asks for: once for each pair of colours.
const contrasts = `(() => {
	const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
	const rgb = colour => { canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1); return [...canvas.getImageData(0, 0, 1, 1).data]; };
	const light = c => { const [r, g, b] = c.map(v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4); return .2126 * r + .7152 * g + .0722 * b; };
	const behind = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if (c !== "rgba(0, 0, 0, 0)") return c; } return "white"; };
	const seen = new Set(), faint = [];
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	while (walk.nextNode()) {
		const e = walk.currentNode.parentElement;
		if (!walk.currentNode.data.trim() || !e.checkVisibility() || e.closest("script")) continue;
		const pair = [getComputedStyle(e).color, behind(e)];
		if (seen.has(pair.join())) continue;
		seen.add(pair.join());
		const [a, b] = pair.map(c => light(rgb(c).slice(0, 3)) + .05);
		if (Math.max(a, b) / Math.min(a, b) < 4.5) faint.push(e.tagName + "." + e.className + " " + pair.join(" on ") + " " + walk.currentNode.data.trim().slice(0, 20));
	}
	return seen.size > 8 ? faint : ["too few colours: " + seen.size];
})()`

func TestBrowserKeys(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	b.Screen(1280, 900, "light")
	b.Open(written(t, history(6, 4)))
	const folds = `[...document.querySelectorAll("details.pair")]`
	at := func(n int) string {
		return fmt.Sprintf("%s.findIndex(d => d.contains(document.activeElement)) == %d", folds, n)
	}
	for _, step := range []struct{ key, want string }{
		{"j", at(0)}, {"j", at(1)}, {"k", at(0)}, {"k", at(0)}, {"j", at(1)},
		{"o", folds + "[1].open"},
		{"o", "!" + folds + "[1].open"},
		{"a", folds + ".every(d => d.open)"},
		{"a", folds + ".every(d => !d.open)"},
		{"s", `document.getElementById("split").checked`},
		{"u", `document.getElementById("unified").checked`},
		{"t", `document.getElementById("light").checked`},
		{"t", `document.getElementById("dark").checked && getComputedStyle(document.body).backgroundColor != "rgb(255, 255, 255)"`},
		{"t", `document.getElementById("auto").checked`},
		{"p", `document.activeElement.id == "tracks"`},
		{"n", `document.activeElement.id == "c1"`},
		{"?", `document.getElementById("help").open`},
		{"j", `document.getElementById("help").contains(document.activeElement)`},
		{"Escape", `!document.getElementById("help").open`},
	} {
		if b.Press(step.key); !b.Is(step.want) {
			t.Errorf("after the key %s not: %s", step.key, step.want)
		}
	}
	b.Eval(`location.hash = "#c1p3"`, nil)
	if !b.Is(`document.getElementById("c1p3").closest("details").open`) {
		t.Error("what a link leads into stays folded")
	}
	b.Press("s")
	b.Load("Page.reload", nil)
	if !b.Is(`document.getElementById("split").checked`) {
		t.Error("the view is forgotten")
	}
	if complaints := b.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
	}
}

// Without scripts all is there, and folds and views work.
func TestBrowserWithoutScripts(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	b.Screen(1280, 900, "light")
	b.Call("Emulation.setScriptExecutionDisabled", map[string]any{"value": true}, nil)
	b.Open(written(t, history(6, 4)))
	if !b.Is(`document.querySelector(".scripted").hidden`) {
		t.Error("buttons are shown that do nothing")
	}
	b.Click("details.pair summary")
	if !b.Is(`document.querySelector("details.pair").open && document.querySelector("details.pair .code").checkVisibility()`) {
		t.Error("a click does not unfold a patch")
	}
	b.Click("label:has(#split)")
	if !b.Is(`getComputedStyle(document.querySelector(".r")).display == "grid"`) {
		t.Error("a click does not put old and new side by side")
	}
	// A link into a fold unfolds it.
	b.Eval(`document.querySelectorAll("details.pair")[1].open = false`, nil)
	b.Click(`a[href="#` + "c1p3" + `"]`)
	if !b.Is(`document.getElementById("c1p3").closest("details").open`) {
		t.Error("the link to a patch does not unfold it")
	}
	if got, want := landmarks(t, b), "banner contentinfo main navigation"; got != want {
		t.Errorf("landmarks: %s, want %s", got, want)
	}
}

// landmarks are the parts that a screen reader jumps to, without the named
// sections inside of main.
func landmarks(t *testing.T, b *browser.Browser) string {
	t.Helper()
	var tree struct {
		Nodes []struct {
			Role struct{ Value string }
			Name struct{ Value string }
		}
	}
	b.Call("Accessibility.getFullAXTree", nil, &tree)
	seen := map[string]bool{}
	for _, n := range tree.Nodes {
		switch role := n.Role.Value; role {
		case "banner", "contentinfo", "main", "navigation":
			seen[role] = true
		case "table", "region", "group", "DisclosureTriangle", "radio", "button":
			if n.Name.Value == "" && role != "group" {
				t.Errorf("a %s without name", role)
			}
		}
	}
	var list []string
	for _, role := range []string{"banner", "contentinfo", "main", "navigation"} {
		if seen[role] {
			list = append(list, role)
		}
	}
	return strings.Join(list, " ")
}

// What commits say is not carried out.
func TestBrowserHostileText(t *testing.T) {
	t.Parallel()
	b := browser.Start(t)
	b.Screen(1280, 900, "dark")
	b.Open(written(t, hostile()))
	b.Eval(unfolded, nil)
	for _, scheme := range []string{"dark", "light"} {
		b.Screen(390, 900, scheme)
		var faint []string
		if b.Eval(contrasts, &faint); len(faint) > 0 {
			t.Errorf("%s: hard to read: %q", scheme, faint)
		}
		if !b.Is("document.documentElement.scrollWidth <= 390") {
			t.Errorf("%s: the page is wider than the screen", scheme)
		}
	}
	b.Press("j")
	if !b.Is(`window.taken === undefined && document.activeElement.tagName == "SUMMARY"`) {
		t.Error("a script of others ran, or ours did not")
	}
	if complaints := b.Complaints(); len(complaints) > 0 {
		t.Errorf("the browser complains:\n%s", strings.Join(complaints, "\n"))
	}
}

// written writes a report into a file.
func written(t *testing.T, r *Report) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(file, []byte(write(t, r)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
