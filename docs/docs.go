// Package docs holds the pages about kprep that a user reads, as they are in
// this folder: Markdown, each named after its topic.
package docs

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strings"
)

//go:embed *.md
var pages embed.FS

// A Page is about one topic.
type Page struct {
	Topic string // of the file's name: "providers"
	Title string // its first heading
	Text  string // Markdown, the heading included
}

// Pages returns all pages, by topic.
func Pages() ([]Page, error) {
	files, err := pages.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var list []Page
	for _, f := range files {
		text, err := pages.ReadFile(f.Name())
		if err != nil {
			return nil, err
		}
		first, _, _ := strings.Cut(string(text), "\n")
		title, ok := strings.CutPrefix(first, "# ")
		if !ok {
			return nil, fmt.Errorf("docs/%s does not begin with a heading", f.Name())
		}
		list = append(list, Page{strings.TrimSuffix(path.Base(f.Name()), ".md"), title, string(text)})
	}
	return list, nil
}

// Find returns the page about topic.
func Find(all []Page, topic string) (Page, bool) {
	i := slices.IndexFunc(all, func(p Page) bool { return p.Topic == topic })
	if i < 0 {
		return Page{}, false
	}
	return all[i], true
}
