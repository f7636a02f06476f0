package pullrequest

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/html"

	"github.com/kprep/kprep/patchmail"
)

// recipients takes the lines that name recipients out of a description. Forges
// escape the brackets of addresses, or make links of them. Such lines in literal
// text, and in comments, which nobody sees, name none.
func recipients(description string) (rest string, to, cc []patchmail.Address) {
	line := regexp.MustCompile(`(?i)^ {0,3}(?:[-*]\s+)?\**(to|cc)\**:\**\s*(.*)$`)
	link := regexp.MustCompile(`\[([^\]]*)\]\(mailto:([^)]*)\)`)
	var kept []string
	var at position
	for _, l := range strings.Split(description, "\n") {
		hidden := at.pass(l)
		m := line.FindStringSubmatch(strings.TrimRight(l, " \r\\"))
		if m == nil || hidden {
			kept = append(kept, l)
			continue
		}
		plain := link.ReplaceAllString(m[2], "$2")
		plain = html.UnescapeString(strings.NewReplacer(`\<`, "<", `\>`, ">", `\_`, "_", "`", "", "<<", "<", ">>", ">").Replace(plain))
		list := addresses(plain)
		if len(list) == 0 && !namesAccounts(plain) {
			kept = append(kept, l)
			continue
		}
		if strings.EqualFold(m[1], "to") {
			to = append(to, list...)
		} else {
			cc = append(cc, list...)
		}
	}
	return strings.Join(kept, "\n"), to, cc
}

// A position is how far a description has been read, line by line.
type position struct {
	fence   string // of the literal text that we are in; "" outside
	comment bool
}

// pass reads a line, and says whether it is in a comment or in literal text.
func (p *position) pass(line string) (hidden bool) {
	trimmed := strings.TrimSpace(line)
	switch {
	case p.fence != "":
		if strings.HasPrefix(trimmed, p.fence) && strings.Trim(trimmed, p.fence[:1]) == "" {
			p.fence = ""
		}
		return true
	case p.comment:
		p.comment = !strings.Contains(line, "-->")
		return true
	}
	if run := strings.TrimLeft(trimmed, "`"); len(trimmed)-len(run) >= 3 && !strings.Contains(run, "`") {
		p.fence = trimmed[:len(trimmed)-len(run)]
	} else if run := strings.TrimLeft(trimmed, "~"); len(trimmed)-len(run) >= 3 {
		p.fence = trimmed[:len(trimmed)-len(run)]
	}
	if i := strings.LastIndex(line, "<!--"); i >= 0 && p.fence == "" {
		p.comment = !strings.Contains(line[i:], "-->")
	}
	return p.fence != "" || p.comment
}

// namesAccounts says whether a list has nothing but accounts of the forge in it.
func namesAccounts(list string) bool {
	words := strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' || unicode.IsSpace(r) })
	return len(words) > 0 && !slices.ContainsFunc(words, func(w string) bool { return !strings.HasPrefix(w, "@") })
}

// addresses reads a list, or what can be read of one.
func addresses(list string) []patchmail.Address {
	if all, err := patchmail.ParseAddressList(list); err == nil {
		return all
	}
	var all []patchmail.Address
	for _, part := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ';' }) {
		if one, err := patchmail.ParseAddressList(strings.TrimSpace(part)); err == nil {
			all = append(all, one...)
		}
	}
	return all
}
