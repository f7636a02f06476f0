package coverletter

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/trailers"
)

// AddRecipients puts To and Cc trailers for the addresses into the trailer
// block of a cover text: To after the last To, Cc after the last Cc, both in
// front of the other trailers when these are the first. A text without block
// gets one as the last paragraph above the first "---" line.
//
// An address that the block already names, in To, Cc or any other trailer of a
// person, is not added, and one in both lists becomes To only. So the user's
// own order and choice stay, and adding twice is adding once. Comments and all
// other bytes stay; only comments among the trailers move above them.
//
// QUIRK: b4 0.16 repeats the recipients as last paragraph of the changelog;
// such To and Cc trailers move up to where they work.
func AddRecipients(text string, to, cc []patchmail.Address) string {
	text, strayTo, strayCc := liftStray(text)
	to, cc = slices.Concat(to, strayTo), slices.Concat(cc, strayCc)
	settled := settle(text)
	o := outlineOf(view(settled))
	seen := map[string]bool{}
	for _, t := range o.trailers {
		for _, a := range named(t) {
			seen[a.Key()] = true
		}
	}
	toLines := recipientLines("To", to, seen)
	ccLines := recipientLines("Cc", cc, seen)
	if len(toLines)+len(ccLines) == 0 {
		return text
	}
	return insertRecipients(settled, o, toLines, ccLines)
}

// named returns whom a trailer names; none for one that names nobody.
func named(t trailers.Trailer) []patchmail.Address {
	if t.Is("To") || t.Is("Cc") {
		list, _ := recipients(t)
		return list
	}
	if a, ok := t.Person(); ok {
		return []patchmail.Address{a}
	}
	return nil
}

// recipientLines returns a trailer line for each address not in seen, and
// marks it there.
func recipientLines(key string, addresses []patchmail.Address, seen map[string]bool) []string {
	var lines []string
	for _, a := range addresses {
		if !seen[a.Key()] {
			seen[a.Key()] = true
			lines = append(lines, trailers.Trailer{Key: key, Value: a.String()}.String()+"\n")
		}
	}
	return lines
}

func insertRecipients(text string, o outline, toLines, ccLines []string) string {
	lines := rawLines(text)
	above := view(text)[:o.cut]
	first, last := firstLine(above), lastLine(above)
	switch {
	case first == len(above):
		// Without a title the recipients would be taken for one.
		head := slices.Concat([]string{"EDITME: cover title\n", "\n"}, toLines, ccLines)
		return strings.Join(slices.Concat(head, lines), "")
	case len(o.trailers) == 0 || first == last && len(named(o.trailers[0])) == 0:
		// A single line such as "net: fix a leak" is a title, not a trailer.
		lines[last] = strings.TrimSuffix(lines[last], "\n") + "\n"
		block := slices.Concat([]string{"\n"}, toLines, ccLines)
		return strings.Join(slices.Insert(lines, last+1, block...), "")
	}
	toAt, ccAt := places(o)
	if first == o.block {
		// Below another line its indentation would make it a continuation.
		lines[first] = strings.TrimLeftFunc(lines[first], unicode.IsSpace)
	}
	lines[o.blockEnd-1] = strings.TrimSuffix(lines[o.blockEnd-1], "\n") + "\n"
	lines = slices.Insert(lines, ccAt, ccLines...)
	lines = slices.Insert(lines, toAt, toLines...)
	return strings.Join(lines, "")
}

// places returns where new To and Cc lines go in an existing block;
// toAt <= ccAt.
func places(o outline) (toAt, ccAt int) {
	afterTo, firstCc, afterCc := -1, -1, -1
	at := o.block
	for _, t := range o.trailers {
		end := at + 1 + strings.Count(t.Value, "\n")
		switch {
		case t.Is("To"):
			afterTo = end
		case t.Is("Cc"):
			afterCc = end
			if firstCc < 0 {
				firstCc = at
			}
		}
		at = end
	}
	switch {
	case afterTo >= 0:
		toAt = afterTo
	case firstCc >= 0:
		toAt = firstCc
	default:
		toAt = o.block
	}
	return toAt, max(toAt, afterCc)
}

// liftStray removes To and Cc trailers from blocks at the end of sections
// under "---" lines and returns their addresses.
func liftStray(text string) (rest string, to, cc []patchmail.Address) {
	for {
		next, moreTo, moreCc := liftOne(text)
		if len(moreTo)+len(moreCc) == 0 {
			return text, to, cc
		}
		// A block that comes to light later stood above the earlier one.
		text, to, cc = next, slices.Concat(moreTo, to), slices.Concat(moreCc, cc)
	}
}

// liftOne does the work of liftStray for the last section that needs it.
func liftOne(text string) (rest string, to, cc []patchmail.Address) {
	shown := view(text)
	o := outlineOf(shown)
	for _, s := range slices.Backward(o.sections) {
		start, end, ts := blockOf(shown, s)
		to, cc, err := listed(ts)
		if err != nil || len(to)+len(cc) == 0 {
			continue
		}
		lines := rawLines(text)
		at := start
		for _, t := range ts {
			next := at + 1 + strings.Count(t.Value, "\n")
			if t.Is("To") || t.Is("Cc") || slices.ContainsFunc(o.trailers, t.Same) {
				clear(lines[at:next])
			}
			at = next
		}
		if strings.Join(lines[start:end], "") == "" {
			for i := start - 1; i >= s.start && blank(lines[i]); i-- {
				lines[i] = ""
			}
		}
		return strings.Join(lines, ""), to, cc
	}
	return text, nil, nil
}

// listed returns the addresses of the To and Cc trailers.
func listed(ts []trailers.Trailer) (to, cc []patchmail.Address, err error) {
	for _, t := range ts {
		if !t.Is("To") && !t.Is("Cc") {
			continue
		}
		addresses, err := recipients(t)
		if err != nil {
			return nil, nil, fmt.Errorf("%q: %w", t.String(), err)
		}
		if t.Is("To") {
			to = append(to, addresses...)
		} else {
			cc = append(cc, addresses...)
		}
	}
	return to, cc, nil
}

// rawLines cuts text after each newline, into as many lines as view returns.
func rawLines(text string) []string {
	lines := strings.SplitAfter(text, "\n")
	if last := len(lines) - 1; last > 0 && lines[last] == "" {
		lines = lines[:last]
	}
	return lines
}

// lastLine returns the index of the last line that is not blank, or -1.
func lastLine(lines []string) int {
	for i, line := range slices.Backward(lines) {
		if !blank(line) {
			return i
		}
	}
	return -1
}
