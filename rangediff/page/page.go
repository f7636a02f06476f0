package page

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangediff"
)

// A Report is what a page shows.
type Report struct {
	Title string // what the series is called
	// Comparisons are shown in their order. When each goes on where the one
	// before ended, by the names of the revisions, the page also shows every
	// patch through all revisions.
	Comparisons []Comparison
	Program     string // what made the page, for its foot; may be empty
}

// A Comparison is two revisions of a series, patch by patch.
type Comparison struct {
	Old, New Revision
	Changes  []rangediff.Change // as [rangediff.Classify] gives them
	Diff     rangediff.DiffOptions
	Notes    []string // what the reader should know, a paragraph each
}

// A Revision is a column of a page.
type Revision struct {
	Name   string // "v2"; the same name is the same revision
	Detail string // when it was sent, what it is based on; may be empty
}

// Generator is the content of the meta element that names what made a page, by
// which a page is recognised.
const Generator = "kprep range-diff"

// IsPage reports whether a file that begins with start is a page of ours.
func IsPage(start []byte) bool {
	return bytes.HasPrefix(start, []byte("<!DOCTYPE html>")) &&
		bytes.Contains(start, []byte(`<meta name="generator" content="`+Generator+`">`))
}

var (
	//go:embed page.html
	frame string
	//go:embed comparison.html
	section string
	//go:embed comparison.css
	sectionStyle string
	//go:embed page.css
	frameStyle string
	//go:embed page.js
	script string
)

// funcs are what templates can call: line is text for an attribute.
func funcs() template.FuncMap {
	return template.FuncMap{"text": Shown, "line": patchmail.PrintableLine}
}

func style() string { return sectionStyle + frameStyle }

// Write writes the page. Equal reports give equal pages.
func Write(w io.Writer, r *Report) error {
	// Templates are parsed here, for most runs of a program write no page.
	t, err := template.New("page").Funcs(funcs()).Parse(frame)
	if err != nil {
		return fmt.Errorf("the template of the page: %w", err)
	}
	if _, err := t.New("section").Parse(section); err != nil {
		return fmt.Errorf("the template of a comparison: %w", err)
	}
	return t.Execute(w, newView(r))
}

// policy lets nothing in but our own style and script.
func policy() string {
	return fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'", hash(style()), hash(script))
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
