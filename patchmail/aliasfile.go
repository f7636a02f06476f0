package patchmail

import (
	"fmt"
	"regexp"
	"strings"
)

// AliasFileTypes are the kinds of address books that git-send-email reads, as
// sendemail.aliasFileType names them.
func AliasFileTypes() []string {
	return []string{"mutt", "mailrc", "pine", "elm", "gnus", "sendmail"}
}

// An AliasLineError is a line of an address book that was passed over.
type AliasLineError struct {
	Line   int // from 1
	Reason string
}

func (e AliasLineError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Reason) }

// ParseAliases adds the aliases of an address book of the given kind to a, a
// later one of the same name in place of an earlier one (mail 1.5). Lines that
// are not about aliases do not count; those of which nothing could be made are
// returned. An unknown kind is an error.
func (a Aliases) ParseAliases(kind, text string) (passedOver []AliasLineError, err error) {
	readers := map[string]func(string) (names, members []string, reason string){
		"mutt": muttAlias, "mailrc": mailrcAlias, "pine": pineAlias, "elm": elmAlias, "gnus": gnusAlias, "sendmail": sendmailAlias}
	read := readers[kind]
	if read == nil {
		return nil, fmt.Errorf("alias files of kind %q are not known; the kinds are %s", kind, strings.Join(AliasFileTypes(), ", "))
	}
	lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	for i := 0; i < len(lines); i++ {
		number, line := i+1, lines[i]
		for (kind == "pine" || kind == "sendmail") && i+1 < len(lines) && continues(kind, line, lines[i+1]) {
			i++
			line = strings.TrimSuffix(line, `\`) + " " + strings.TrimSpace(lines[i])
		}
		names, members, reason := read(line)
		if reason != "" {
			passedOver = append(passedOver, AliasLineError{number, reason})
		}
		for _, name := range names {
			a[name] = members
		}
	}
	return passedOver, nil
}

// continues says whether next belongs to the line before it: it begins with a
// blank, or, for sendmail, the line ends in a backslash.
func continues(kind, line, next string) bool {
	if kind == "sendmail" && strings.HasSuffix(line, `\`) {
		return true
	}
	return strings.TrimSpace(line) != "" && strings.TrimSpace(next) != "" && (next[0] == ' ' || next[0] == '\t')
}

// muttAlias reads `alias [-group G]... NAME ADDRESS[, ADDRESS...] [# comment]`.
func muttAlias(line string) (names, members []string, reason string) {
	rest, ok := cutWord(line, "alias")
	if !ok {
		return nil, nil, ""
	}
	for {
		after, isGroup := cutWord(rest, "-group")
		if !isGroup {
			break
		}
		_, rest, _ = strings.Cut(strings.TrimLeft(after, " \t"), " ")
	}
	name, rest, _ := strings.Cut(strings.TrimSpace(strings.ReplaceAll(rest, "\t", " ")), " ")
	rest = strings.ReplaceAll(rest, `\"`, `"`)
	members = splitList(cutComment(rest))
	if name == "" || len(members) == 0 {
		return nil, nil, "an alias without a name or an address"
	}
	return []string{name}, members, ""
}

// cutComment drops a # and what follows, where it stands outside quotes and
// after a blank.
func cutComment(s string) string {
	quoted := false
	for i := range len(s) {
		switch {
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '#' && !quoted && (i == 0 || s[i-1] == ' '):
			return s[:i]
		}
	}
	return s
}

// cutWord cuts word and the blank after it off the beginning of line.
func cutWord(line, word string) (rest string, ok bool) {
	rest, ok = strings.CutPrefix(strings.TrimLeft(line, " \t"), word)
	return rest, ok && rest != "" && (rest[0] == ' ' || rest[0] == '\t')
}

// mailrcAlias reads `alias NAME ADDRESS ADDRESS...`, quotes holding one address
// together.
func mailrcAlias(line string) (names, members []string, reason string) {
	rest, ok := cutWord(line, "alias")
	if !ok {
		return nil, nil, ""
	}
	words, ok := shellWords(rest)
	if !ok {
		return nil, nil, "a quote without its end"
	}
	if len(words) < 2 {
		return nil, nil, "an alias without a name or an address"
	}
	return words[:1], words[1:], ""
}

// shellWords cuts at blanks outside of quotes, which are dropped.
func shellWords(s string) (words []string, ok bool) {
	var word strings.Builder
	quote, inWord := byte(0), false
	for i := range len(s) {
		c := s[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			word.WriteByte(c)
		case c == '"' || c == '\'':
			quote, inWord = c, true
		case c == ' ' || c == '\t':
			if inWord {
				words = append(words, word.String())
			}
			word.Reset()
			inWord = false
		default:
			word.WriteByte(c)
			inWord = true
		}
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, quote == 0
}

// pineAlias reads `NAME<TAB>FULL NAME<TAB>ADDRESS` or `(ADDRESS,...)` there,
// with more fields behind.
func pineAlias(line string) (names, members []string, reason string) {
	if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
		return nil, nil, ""
	}
	fields := strings.Split(line, "\t")
	if len(fields) < 3 {
		return nil, nil, "fewer than three fields"
	}
	list := strings.TrimSpace(fields[2])
	if inner, ok := strings.CutPrefix(list, "("); ok {
		list, _, _ = strings.Cut(inner, ")")
	}
	members = splitList(list)
	if fields[0] == "" || len(members) == 0 {
		return nil, nil, "an alias without a name or an address"
	}
	return []string{strings.TrimSpace(fields[0])}, members, ""
}

// elmAlias reads `NAME[, NAME...] = FULL NAME = ADDRESS[, ADDRESS...]`.
func elmAlias(line string) (names, members []string, reason string) {
	if strings.HasPrefix(line, "#") || strings.TrimSpace(line) == "" {
		return nil, nil, ""
	}
	fields := strings.SplitN(line, "=", 3)
	if len(fields) < 3 {
		return nil, nil, "not of the form NAME = FULL NAME = ADDRESS"
	}
	names = splitList(fields[0])
	members = splitList(fields[2])
	if len(names) == 0 || len(members) == 0 {
		return nil, nil, "an alias without a name or an address"
	}
	return names, members, ""
}

// gnusAlias reads `(define-mail-alias "NAME" "ADDRESS, ...")`.
func gnusAlias(line string) (names, members []string, reason string) {
	if !strings.Contains(line, "define-mail-alias") || strings.HasPrefix(strings.TrimSpace(line), ";") {
		return nil, nil, ""
	}
	parts := regexp.MustCompile(`\(\s*define-mail-alias\s+"((?:\\.|[^"\\])*)"\s+"((?:\\.|[^"\\])*)"`).FindStringSubmatch(line)
	if parts == nil {
		return nil, nil, `not of the form (define-mail-alias "NAME" "ADDRESS")`
	}
	unescape := strings.NewReplacer(`\"`, `"`, `\\`, `\`)
	return []string{unescape.Replace(parts[1])}, splitList(unescape.Replace(parts[2])), ""
}

// sendmailAlias reads `NAME: ADDRESS, ADDRESS...`. What only a mail server can
// do (programs, files, included lists) and quoted names are passed over.
func sendmailAlias(line string) (names, members []string, reason string) {
	line = strings.TrimSpace(line)
	if line == "" || strings.HasPrefix(line, "#") {
		return nil, nil, ""
	}
	name, list, ok := strings.Cut(line, ":")
	name, list = strings.TrimSpace(name), strings.TrimSpace(list)
	switch {
	case strings.HasPrefix(line, `"`):
		return nil, nil, "quoted names are not supported"
	case !ok || name == "" || list == "":
		return nil, nil, "not of the form NAME: ADDRESS"
	}
	for _, m := range splitList(list) {
		switch {
		case strings.HasPrefix(strings.Trim(m, `"`), "|"):
			return nil, nil, "programs are not supported"
		case strings.HasPrefix(m, ":include:"):
			return nil, nil, "included files are not supported"
		case strings.HasPrefix(strings.Trim(m, `"`), "/"):
			return nil, nil, "files are not supported"
		}
	}
	return []string{name}, splitList(list), ""
}
