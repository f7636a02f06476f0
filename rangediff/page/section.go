package page

import (
	"bytes"
	"fmt"
	"html/template"
)

// Sections are the comparisons of a report, each as a section for a page of
// somebody else's, with a heading h2. Where the report has a title it is part of the
// sections' names. Their ids begin with prefix. SectionStyle
// shows them side by side while an element with the id "split" is checked.
func Sections(r *Report, prefix string, room Room) ([]template.HTML, error) {
	t, err := template.New("sections").Funcs(funcs()).Parse(section)
	if err != nil {
		return nil, fmt.Errorf("the template of a comparison: %w", err)
	}
	var list []template.HTML
	for _, c := range comparisons(r, prefix, room) {
		if r.Title != "" {
			c.Label = r.Title + ": " + c.Name()
		}
		var text bytes.Buffer
		if err := t.ExecuteTemplate(&text, "comparison", c); err != nil {
			return nil, err
		}
		list = append(list, template.HTML(text.String()))
	}
	return list, nil
}

// SectionStyle is the style of [Sections], and the colours that the rest of the
// page may want to share with them.
func SectionStyle() string { return sectionStyle }
