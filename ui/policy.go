package ui

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"

	"github.com/kprep/kprep/rangediff/page"
)

var (
	//go:embed ui.css
	ownStyle string
	//go:embed ui.js
	script string
)

func style() string { return page.SectionStyle() + ownStyle }

// Of a page that is served, and of one in a file, which talks to nobody.
const (
	servedPolicy = "connect-src 'self'; form-action 'self'; frame-ancestors 'none'"
	filePolicy   = "form-action 'none'"
)

// policy lets nothing in but our own style and script, whose hashes it names, and
// what more says.
func policy(more string) string {
	return "default-src 'none'; style-src '" + hash(style()) + "'; script-src '" + hash(script) + "'; base-uri 'none'; " + more
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

func styleElement() template.HTML  { return template.HTML("<style>" + style() + "</style>") }
func scriptElement() template.HTML { return template.HTML("<script>" + script + "</script>") }
