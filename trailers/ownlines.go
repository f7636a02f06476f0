package trailers

import (
	"slices"
	"strings"
)

// A replyLine is a line of a reply; own means that its author wrote it, for us.
type replyLine struct {
	text string
	own  bool
}

// ownLines takes a reply apart, up to its signature.
func ownLines(body string) []replyLine {
	var lines []replyLine
	for text := range strings.Lines(body) {
		text = strings.TrimRight(text, "\r\n")
		if text == "-- " {
			break
		}
		lines = append(lines, replyLine{text, !strings.HasPrefix(strings.TrimLeft(text, " \t"), ">")})
	}
	disown := func(from, to int) {
		for i := from; i < to; i++ {
			lines[i].own = false
		}
	}
	if at := unmarkedQuote(lines); at >= 0 {
		disown(at, len(lines))
	}
	for at := 0; at < len(lines); {
		begin, diff, end := nextDiff(lines, at)
		if diff < 0 {
			break
		}
		disown(begin, end)
		at = end
	}
	return lines
}

// quotesAll is true of what some mail programs put above all that they quote:
// "-----Original Message-----".
func quotesAll(line string) bool {
	line = strings.TrimSpace(line)
	words := strings.Trim(line, "-")
	if before, after, _ := strings.Cut(line, words); words == "" || len(before) < 2 || len(after) < 2 {
		return false
	}
	switch words = strings.ToLower(strings.TrimSpace(words)); words {
	case "original message", "forwarded message", "original appointment", "message d'origine", "mensaje original":
		return true
	}
	// QUIRK: "Urspr?ngliche Nachricht".
	return strings.HasPrefix(words, "urspr") && strings.HasSuffix(words, "ngliche nachricht")
}

// unmarkedQuote finds where a quotation begins that goes on without marks to the
// end; -1 for nowhere. It has the fields of a header at its top.
func unmarkedQuote(lines []replyLine) int {
	const top = 6
	for i, line := range lines {
		if !line.own {
			continue
		}
		if quotesAll(line.text) {
			return i
		}
		subjects := subjectsBelow(fieldName(line.text))
		if subjects == nil {
			continue
		}
		for _, below := range lines[i+1 : min(i+top, len(lines))] {
			if below.own && slices.Contains(subjects, fieldName(below.text)) {
				return i
			}
		}
	}
	return -1
}

// fieldName is what stands before the colon of a line, in small letters, without
// the marks of bold letters.
func fieldName(line string) string {
	name, _, ok := strings.Cut(strings.Map(wideColon, strings.Trim(line, " \t*")), ":")
	if !ok || len(name) > maxKey {
		return ""
	}
	return strings.ToLower(strings.Trim(name, " \t*\u00a0"))
}

func wideColon(r rune) rune {
	if r == '：' {
		return ':'
	}
	return r
}

// subjectsBelow are the names that Subject has below a From of some name, as mail
// programs write them above what they quote without marks; nil for no From.
func subjectsBelow(from string) []string {
	switch from {
	case "from":
		return []string{"subject"}
	case "von":
		return []string{"betreff"}
	case "de":
		return []string{"objet", "asunto", "assunto"}
	case "da":
		return []string{"oggetto"}
	case "van":
		return []string{"onderwerp"}
	case "od":
		return []string{"temat", "předmět"}
	case "från", "fra":
		return []string{"ämne", "emne"}
	case "от", "от кого", "від":
		return []string{"тема"}
	case "发件人", "寄件者":
		return []string{"主题", "主旨"}
	case "差出人", "送信者":
		return []string{"件名"}
	case "보낸 사람":
		return []string{"제목"}
	}
	return nil
}

// nextDiff finds a diff among own lines: begin is where the patch begins that it
// belongs to, or the diff itself, and diff is -1 where there is none.
func nextDiff(lines []replyLine, from int) (begin, diff, end int) {
	begin = -1
	for i := from; i < len(lines); i++ {
		if !lines[i].own {
			continue
		}
		text := lines[i].text
		switch {
		case isScissors(text) && begin < 0:
			begin = i // of a patch, if a diff follows
			continue
		case text == "---" && begin < 0:
			begin = blockAbove(lines, from, i)
			continue
		}
		if !strings.HasPrefix(text, "diff --git ") &&
			!(strings.HasPrefix(text, "--- ") && i+1 < len(lines) && lines[i+1].own && strings.HasPrefix(lines[i+1].text, "+++ ")) {
			continue
		}
		if begin < 0 {
			begin = i
		}
		end = i + 1
		for end < len(lines) && lines[end].own && inDiff(lines[end].text) {
			end++
		}
		return begin, i, end
	}
	return -1, -1, -1
}

// isScissors is true of a line such as "-- >8 --", with one pair or two of scissors.
func isScissors(line string) bool {
	if !strings.Contains(line, "-") || !strings.ContainsAny(line, "8%") {
		return false
	}
	parts := strings.Split(strings.NewReplacer("8<", ">8", ">%", ">8", "%<", ">8").Replace(line), ">8")
	if len(parts) != 2 && len(parts) != 3 || !strings.Contains(parts[0], "-") || !strings.Contains(parts[1], "-") {
		return false
	}
	return strings.Trim(strings.Join(parts, ""), "- \t") == ""
}

// blockAbove finds the first of the lines directly above a line "---" that have
// the form of trailers.
func blockAbove(lines []replyLine, from, cut int) int {
	at := cut
	for at > from && lines[at-1].own {
		if _, _, ok := replyField(trimBlanks(lines[at-1].text)); !ok && !isNote(lines[at-1].text) {
			break
		}
		at--
	}
	return at
}

// inDiff is true of a line that can go on with a diff.
func inDiff(line string) bool {
	if line == "" { // a blank line of context whose blank was lost
		return true
	}
	if strings.IndexByte(" +-@\\", line[0]) >= 0 {
		return true
	}
	for _, word := range []string{"diff --git ", "index ", "new file mode ", "deleted file mode ", "old mode ", "new mode ",
		"similarity index ", "dissimilarity index ", "rename ", "copy ", "Binary files ", "GIT binary patch"} {
		if strings.HasPrefix(line, word) {
			return true
		}
	}
	return false
}
