package attest

import (
	"fmt"
	"slices"
	"strings"
)

// A SeriesReport says what the messages of a series have in common:
// "attestation", section 9.
type SeriesReport struct {
	Identity    string   // that signed all of them, in lower case; "" when several did
	Fingerprint string   // of the key that signed all of them, "" when several did
	Status      Status   // the worst of all
	Problems    []string // what is not alike
}

// A Part is a message of a series with what was found of it, nil when it could
// not be read.
type Part struct {
	ID     string // message-id
	Number int    // of the patch, 0 for the cover letter
	*Report
}

// JudgeSeries looks at the messages of one series together: each may be good,
// and still not belong to the others.
func JudgeSeries(parts []Part) SeriesReport {
	series := SeriesReport{Status: Pass}
	byIdentity, byKey := groups{}, groups{}
	ids := make([]string, len(parts))
	for i, p := range parts {
		ids[i] = p.ID
		name := partName(p.Number)
		if p.Report == nil {
			series.Status = max(series.Status, Error)
			continue
		}
		series.Status = max(series.Status, p.Status())
		if len(p.Signatures) == 0 {
			byIdentity.add("", name)
			continue
		}
		// Of several signatures the first is the author's own: who passes a
		// message on adds to it.
		s := p.Signatures[0]
		byIdentity.add(strings.ToLower(s.Identity), name)
		if s.Fingerprint != "" {
			byKey.add(s.Fingerprint, name)
		}
	}
	series.Identity, series.Fingerprint = byIdentity.only(), byKey.only()
	if len(byIdentity) > 1 {
		series.Problems = append(series.Problems, "not all are signed by the same: "+byIdentity.words("by ", "not signed"))
	} else if len(byKey) > 1 {
		series.Problems = append(series.Problems, "not all are signed with the same key: "+byKey.words("", ""))
	}
	if len(ids) > 1 && !sameStem(ids) {
		series.Problems = append(series.Problems, "the message-ids have nothing in common: the messages may not have been sent together")
	}
	return series
}

func partName(number int) string {
	if number == 0 {
		return "the cover letter"
	}
	return fmt.Sprintf("patch %d", number)
}

// groups hold what is the same for some parts, in order of appearance.
type groups []group

type group struct {
	what  string
	parts []string
}

func (g *groups) add(what, part string) {
	i := slices.IndexFunc(*g, func(o group) bool { return o.what == what })
	if i < 0 {
		*g, i = append(*g, group{what: what}), len(*g)
	}
	(*g)[i].parts = append((*g)[i].parts, part)
}

// only is what is the same for all, "" when there are several.
func (g groups) only() string {
	if len(g) == 1 {
		return g[0].what
	}
	return ""
}

// words lists the parts of each group; nothing stands for "".
func (g groups) words(before, nothing string) string {
	var list []string
	for _, one := range g {
		const most = 5
		parts := strings.Join(one.parts[:min(len(one.parts), most)], ", ")
		if more := len(one.parts) - most; more > 0 {
			parts += fmt.Sprintf(" and %d more", more)
		}
		name := before + one.what
		if one.what == "" {
			name = nothing
		}
		list = append(list, parts+" "+name)
	}
	return strings.Join(list, "; ")
}

// sameStem is true of message-ids as programs make them for the messages that
// they send together: they differ in one number alone, or in what stands before
// a time and a sender, as those of "git format-patch --thread" do.
func sameStem(ids []string) bool {
	first := ids[0]
	begin, end := len(first), len(first) // common to all, from the left and from the right
	for _, id := range ids[1:] {
		begin = min(begin, commonPrefix(first, id))
		end = min(end, commonPrefix(reversed(first), reversed(id)))
	}
	const telling = 12
	if strings.LastIndexByte(first[len(first)-end:], '@') >= telling {
		return true
	}
	for begin > 0 && isDigit(first[begin-1]) {
		begin--
	}
	for end > 0 && isDigit(first[len(first)-end]) {
		end--
	}
	for _, id := range ids {
		if begin+end >= len(id) || strings.Trim(id[begin:len(id)-end], "0123456789") != "" {
			return false
		}
	}
	return begin+end > 0
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func commonPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

func reversed(s string) string {
	b := []byte(s)
	slices.Reverse(b)
	return string(b)
}
