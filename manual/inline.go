package manual

import "strings"

// Escape returns plain text as Markdown that means it.
func Escape(plain string) string {
	var b strings.Builder
	for _, r := range plain {
		if strings.ContainsRune("\\`*[|", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// inline returns the text of a paragraph, a heading or a cell as roff.
func (w *writer) inline(s string) string {
	var b strings.Builder
	for s != "" {
		roff, rest := w.span(s)
		b.WriteString(roff)
		s = rest
	}
	return b.String()
}

// span takes what is at the beginning of s, at least one byte of it.
func (w *writer) span(s string) (roff, rest string) {
	switch s[0] {
	case '\\':
		if len(s) > 1 && strings.IndexByte("\\`*[]|_<>#", s[1]) >= 0 {
			return escape(s[1:2]), s[2:]
		}
	case '`':
		if code, rest, ok := strings.Cut(s[1:], "`"); ok && code != "" {
			return `\fB` + escape(strings.ReplaceAll(code, `\|`, "|")) + `\fR`, rest
		}
	case '*':
		for _, mark := range []string{"**", "*"} {
			after, ok := strings.CutPrefix(s, mark)
			if inner, rest, closed := strings.Cut(after, mark); ok && closed && inner != "" && inner[0] != ' ' {
				font := map[string]string{"**": `\fB`, "*": `\fI`}[mark]
				return font + w.inline(inner) + `\fR`, rest
			}
		}
	case '[':
		if text, after, ok := strings.Cut(s[1:], "]("); ok && !strings.Contains(text, "[") {
			if target, rest, closed := strings.Cut(after, ")"); closed {
				return w.linked(text, target), rest
			}
		}
	}
	n := 1
	for n < len(s) && strings.IndexByte("\\`*[", s[n]) < 0 {
		n++
	}
	return escape(s[:n]), s[n:]
}

// linked is the text of a link and, unless it says so itself, where it leads.
func (w *writer) linked(text, target string) string {
	shown := w.inline(text)
	if strings.Contains(target, "://") {
		if text == target {
			return shown
		}
		return shown + " <" + escape(target) + ">"
	}
	if page := w.link(target); page != "" {
		return shown + ` (\fB` + escape(page) + `\fR)`
	}
	return shown
}
