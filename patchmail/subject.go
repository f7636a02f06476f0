package patchmail

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A Subject is a subject line of the form
//
//	[presubject][PATCH extra vN k/n] title
//
// The grammar is b4's, so that either tool reads the other's series.
type Subject struct {
	Presubject     string   // "[proj]", glued in front, or ""
	Prefixes       []string // words behind PATCH such as RFC or net-next; never PATCH, vN or k/n
	Revision       int      // vN is printed only when above 1
	Counter, Total int      // k/n is printed when Total is above 1, k padded to the width of n
	ForceCounter   bool     // print 0/1 and 1/1 too
	Title          string   // its blanks survive; a tab is printed as a blank
}

// String is the line. Control characters other than tabs stay in it, so that
// writing the mail can refuse them.
func (s Subject) String() string {
	words := append([]string{"PATCH"}, s.Prefixes...)
	if s.Revision > 1 {
		words = append(words, "v"+strconv.Itoa(s.Revision))
	}
	if s.Total > 1 || s.ForceCounter && s.Total == 1 {
		words = append(words, fmt.Sprintf("%0*d/%d", len(strconv.Itoa(s.Total)), s.Counter, s.Total))
	}
	return strings.TrimRight(s.Presubject+"["+strings.Join(words, " ")+"] "+strings.Trim(strings.ReplaceAll(s.Title, "\t", " "), " "), " ")
}

// ParseSubject reads what String wrote, and tolerates what other tools and
// people make of it: "Re:" in front, "[PATCHv3]", "[RFC v2 1/3]" without PATCH,
// "[list] [PATCH]". Without a counter it is patch 1 of 1, without a revision it
// is the first. A line that has no prefix at all is all title.
func ParseSubject(line string) Subject {
	s := Subject{Revision: 1, Counter: 1, Total: 1}
	line = stripReplies(squeeze(line))
	s.Title = line
	rest, before := line, ""
	for {
		chunk, behind, ok := cutChunk(rest)
		if !ok {
			return s
		}
		words := chunkWords(chunk)
		if slices.Contains(words, "PATCH") || slices.ContainsFunc(words, marksPatch) {
			s.Presubject, s.Title = before, behind
			for _, w := range words {
				s.addWord(w)
			}
			return s
		}
		before += "[" + chunk + "]"
		rest = behind
	}
}

func (s *Subject) addWord(w string) {
	if n, ok := revisionWord(w); ok {
		s.Revision = n
	} else if k, n, ok := counterWord(w); ok {
		s.Counter, s.Total, s.ForceCounter = k, n, n == 1
	} else if w != "PATCH" {
		s.Prefixes = append(s.Prefixes, w)
	}
}

// marksPatch is true of words that show a bracket chunk to be a patch prefix
// though PATCH is missing.
func marksPatch(word string) bool {
	_, _, counter := counterWord(word)
	return counter || strings.EqualFold(word, "RFC")
}

// LiftBrackets takes the bracket chunks from the front of a title: "[a b] foo"
// gives "a", "b" and "foo". Words that are exactly PATCH, vN or n/m are dropped;
// "ipv6" and "drv2" are no revisions and stay.
func LiftBrackets(title string) (prefixes []string, rest string) {
	rest = title
	for {
		chunk, behind, ok := cutChunk(rest)
		if !ok {
			return prefixes, rest
		}
		rest = behind
		var s Subject
		for _, w := range chunkWords(chunk) {
			s.addWord(w)
		}
		prefixes = append(prefixes, s.Prefixes...)
	}
}

// MergePrefixes appends to first the words of more that are not yet present,
// case ignored. The arguments are not changed.
func MergePrefixes(first []string, more ...string) []string {
	merged := slices.Clone(first)
	for _, w := range more {
		if !slices.ContainsFunc(merged, func(have string) bool { return strings.EqualFold(have, w) }) {
			merged = append(merged, w)
		}
	}
	return merged
}

// cutChunk splits "[chunk] rest".
func cutChunk(s string) (chunk, rest string, ok bool) {
	trimmed := strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(trimmed, "[") {
		return "", s, false
	}
	chunk, rest, ok = strings.Cut(trimmed[1:], "]")
	if !ok {
		return "", s, false
	}
	return chunk, strings.TrimLeft(rest, " \t"), true
}

// chunkWords splits the inside of brackets. Commas and semicolons behind a word
// are dropped, PATCH is made upper case, and what people glue to it is cut off:
// "PATCHv3", "PATCH/RFC".
func chunkWords(chunk string) []string {
	var words []string
	for _, w := range strings.Fields(chunk) {
		w = strings.TrimRight(w, ",;")
		upper := strings.ToUpper(w)
		switch {
		case w == "":
		case upper == "PATCH":
			words = append(words, "PATCH")
		case strings.HasPrefix(upper, "PATCH/"):
			words = append(words, "PATCH", w[len("PATCH/"):])
		case strings.HasSuffix(upper, "/PATCH"):
			words = append(words, "PATCH", w[:len(w)-len("/PATCH")])
		case strings.HasPrefix(upper, "PATCHV"):
			if _, ok := revisionWord(w[len("PATCH"):]); ok {
				words = append(words, "PATCH", w[len("PATCH"):])
				continue
			}
			words = append(words, w)
		default:
			words = append(words, w)
		}
	}
	return words
}

// revisionWord reads "v3".
func revisionWord(w string) (int, bool) {
	if w == "" || w[0] != 'v' && w[0] != 'V' {
		return 0, false
	}
	return number(w[1:])
}

// counterWord reads "02/12".
func counterWord(w string) (counter, total int, ok bool) {
	k, n, _ := strings.Cut(w, "/")
	counter, ok1 := number(k)
	total, ok2 := number(n)
	return counter, total, ok1 && ok2
}

// number reads a decimal without sign, at most nine digits long.
func number(s string) (int, bool) {
	if s == "" || len(s) > 9 || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil
}

func stripReplies(line string) string {
	for len(line) >= 3 && strings.EqualFold(line[:3], "re:") {
		line = strings.TrimLeft(line[3:], " ")
	}
	return line
}

// squeeze makes runs of blanks and tabs one blank and trims them at both ends.
// Line ends are not touched: they must not be cleaned away.
func squeeze(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' })
	return strings.Join(words, " ")
}
