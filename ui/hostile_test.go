package ui

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/kprep/kprep/dashboard"
	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/submission"
)

// evil is text that tries to get out of its place.
const evil = `</script></style></title></textarea>--><script>window.taken=1</script><img src=x onerror="window.taken=1"><a href="javascript:taken=1">"'&amp;{{.}}` + "\u202e\u2066\x1b[31m\x00\xff`${1}`"

// evilName is as much of it as the name of a branch may have.
const evilName = `b4/<script>window.taken=1<script>"'&amp;{{.}}` + "\u202e%2e%2f"

// poison replaces all text in a value that may be somebody else's.
func poison(v reflect.Value, keep ...reflect.Type) {
	if slices.Contains(keep, v.Type()) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			poison(v.Elem(), keep...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() {
				poison(f, keep...)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			poison(v.Index(i), keep...)
		}
	case reflect.String:
		v.SetString(evil)
	}
}

// hostileSource is a series all of whose text is evil.
func hostileSource() *sample {
	one := queueSeries(3, 2)
	words := []reflect.Type{reflect.TypeFor[feedback.Kind](), reflect.TypeFor[feedback.Report](), reflect.TypeFor[dashboard.Action](), reflect.TypeFor[Patch](), reflect.TypeFor[map[[2]int]page.Comparison](),
		reflect.TypeFor[[]submission.SendStatus]()}
	poison(reflect.ValueOf(&one.Series).Elem(), words...)
	poison(reflect.ValueOf(&one.preview).Elem(), words...)
	poison(reflect.ValueOf(&one.said).Elem(), words...)
	one.Branch, one.Next.Waiting = evilName, "you"
	one.Warnings = []string{evil}
	for i := range one.Diffs {
		d := &one.Diffs[i]
		d.Subject, d.Message, d.Author.Name, d.Author.Email = evil, evil, evil, evil
		name := `"a/` + strings.NewReplacer(`"`, `\"`, "\x00", "", "\xff", "").Replace(evil)
		d.Diff = strings.ReplaceAll("diff --git "+name+".c\" "+name+".c\"\n--- "+name+".c\"\n+++ "+strings.Replace(name, "a/", "b/", 1)+".c\"\n@@ -1,2 +1,3 @@ "+evil+"\n-"+evil+"\n EVIL\n+"+evil+"\n+\"EVIL\" /* EVIL */ int EVIL(void)\n", "EVIL", evil)
	}
	for i := range one.said.Replies {
		r := &one.said.Replies[i]
		r.ID += fmt.Sprint(i)
		if r.Report != nil {
			r.Report.Robot = evil
		}
		for n := range r.Remarks {
			if at := r.Remarks[n].At; at != nil {
				at.File = parsePatch(one.Diffs[2].Diff)[0].Name
			}
		}
	}
	commit := func(id, text string) rangediff.Commit {
		c := rangediff.Commit{ID: strings.Repeat(id, 40), Short: strings.Repeat(id, 7), Subject: text, DiffAt: 1, Text: []byte("\n ## " + text + " ##\n@@ " + text + "\n+" + text + "\n-" + text + "\n same\n")}
		c.DiffLines = 5
		return c
	}
	for key := range one.compared {
		changes := rangediff.Classify(rangediff.Compare([]rangediff.Commit{commit("1", evil), commit("2", "drop"+evil)}, []rangediff.Commit{commit("3", evil+" more"), commit("4", "a new one "+strings.Repeat(evil, 3))}, 100))
		one.compared[key] = page.Comparison{Old: page.Revision{Name: fmt.Sprint(key, evil), Detail: evil}, New: page.Revision{Name: "b" + evil, Detail: evil}, Changes: changes, Diff: rangediff.DefaultDiffOptions(), Notes: []string{evil}}
	}
	status := underWay(&one.preview, 1)
	for i := range status.Messages {
		m := &status.Messages[i]
		m.ID, m.OnWire, m.Name, m.Subject = evil, evil, evil, evil
		for k := range m.Recipients {
			m.Recipients[k].Recipient, m.Recipients[k].Reply = evil, evil
		}
	}
	status.Route, status.Summary, status.Damage, status.From = evil, evil, []string{evil}, evil
	one.sends = []submission.SendStatus{status}
	return &sample{sent: 1, series: []*sampleSeries{one}}
}

func hostilePages() []string {
	at := served{}.series(place{0, evilName}, "")
	return []string{"/", at, at + "/patch/1", at + "/patch/3", at + "/compare", at + "/feedback", at + "/recipients", at + "/messages", at + "/messages/1", at + "/sending", "/" + url.PathEscape(evil)}
}

// Nothing that others say becomes an element or an attribute of a page, and what would
// not be seen is made visible.
func TestHostileTextStaysText(t *testing.T) {
	t.Parallel()
	site := newSite(t, hostileSource())
	handler := site.Handler(address)
	for _, path := range hostilePages() {
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request(site, "GET", path, nil))
		if w.Code != 200 && !strings.Contains(path, "javascript") {
			t.Errorf("%s: status %d", path, w.Code)
		}
		checkElements(t, path, w.Body.String())
	}
}

// checkElements looks whether a page is made of our elements alone.
func checkElements(t *testing.T, path, text string) {
	t.Helper()
	for _, invisible := range []string{"\u202e", "\u2066", "\x1b", "\x00", "\xff"} {
		if at := strings.Index(text, invisible); at >= 0 {
			t.Errorf("%s: %q is in the page: %q", path, invisible, text[max(0, at-80):at+10])
		}
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	ours := strings.Fields(`html head meta title style body a header h1 h2 h3 div fieldset legend label input span button nav ul ol li main section article aside
		details summary p ins del b mark i small strong table caption thead tbody tr th td bdi code kbd dl dt dd footer form script noscript time blockquote progress select option`)
	scripts := 0
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if n.Data == "script" {
			scripts++
		}
		if !slices.Contains(ours, n.Data) {
			t.Errorf("%s: the element %s is not ours", path, n.Data)
		}
		for _, a := range n.Attr {
			switch {
			case a.Key == "src", a.Key == "style", strings.HasPrefix(a.Key, "on"):
				t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
			case a.Key == "href" && !strings.HasPrefix(a.Val, "/") && !strings.HasPrefix(a.Val, "#"):
				t.Errorf("%s: a link to %q", path, a.Val)
			case a.Key == "class" && strings.Contains(a.Val, "taken"), a.Key == "id" && strings.Contains(a.Val, "taken"):
				t.Errorf("%s: <%s %s=%q>", path, n.Data, a.Key, a.Val)
			}
		}
	}
	if scripts != 1 {
		t.Errorf("%s: %d scripts", path, scripts)
	}
	if printable := patchmail.Printable(text); printable != text {
		t.Errorf("%s: the page has characters that nobody sees", path)
	}
}

func TestBrowserHostileText(t *testing.T) {
	t.Parallel()
	b, base := servedTo(t, hostileSource())
	for _, path := range hostilePages() {
		b.Screen(390, 900, "dark")
		b.Visit(base + path)
		b.Eval(`document.querySelectorAll("details").forEach(d => d.open = true)`, nil)
		if !b.Is(`window.taken === undefined && document.querySelectorAll("img").length == 0`) {
			t.Errorf("%s: a script of others ran", path)
		}
		if !b.Is("document.documentElement.scrollWidth <= 390") {
			t.Errorf("%s: the page is wider than the screen", path)
		}
		for _, violation := range b.Violations() {
			t.Errorf("%s: %s", path, violation)
		}
	}
	noComplaints(t, b)
}
