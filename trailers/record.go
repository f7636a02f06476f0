package trailers

import (
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A place is that of a mail in a revision; number 0 is the cover letter.
type place struct{ revision, number int }

// knownIDs are the message-ids that the mails of the revisions have, as far as
// they can be told from that of the first.
func knownIDs(b Branch) map[string]place {
	known := map[string]place{}
	for revision, firsts := range b.FirstIDs {
		count := 0
		if i := slices.IndexFunc(b.Sent, func(r Revision) bool { return r.Number == revision }); i >= 0 {
			count = len(b.Sent[i].Patches)
		}
		for _, first := range firsts {
			before, number, after, ok := numberedID(first)
			if !ok {
				if count > 0 {
					known[first] = place{revision, boolInt(count == 1)}
				}
				continue
			}
			for n := range count + 1 {
				known[before+strconv.Itoa(n)+after] = place{revision, n}
			}
			known[first] = place{revision, number}
		}
	}
	return known
}

// numberedID takes a message-id apart as b4 and kprep name the messages of a
// revision, which differ in the number alone: "20250106-foo-v2-", 3, "-ab@example.org".
func numberedID(id string) (before string, number int, after string, ok bool) {
	local, domain, isID := strings.Cut(id, "@")
	rest, unique, _ := cutLast(local, "-")
	rest, digits, _ := cutLast(rest, "-")
	_, revision, _ := cutLast(rest, "-v")
	isNumber := func(s string) bool { return s != "" && len(s) <= 6 && strings.Trim(s, "0123456789") == "" }
	if !isID || domain == "" || unique == "" || !isNumber(digits) || !isNumber(revision) {
		return "", 0, "", false
	}
	number, _ = strconv.Atoi(digits)
	return rest + "-", number, "-" + unique + "@" + domain, true
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// MessageIDs are those that the mails of the series have, as far as they can be
// told, in order.
func (b Branch) MessageIDs() []string { return slices.Sorted(maps.Keys(knownIDs(b))) }

// Altered are the posts that have the message-id of a patch of the series, and
// another diff than was sent as that: copies that somebody forged, or that were
// damaged on their way. Replies to them count for what was sent.
func Altered(posts []Post, b Branch) []int {
	known, sent := knownIDs(b), map[int]Revision{}
	for _, r := range b.Sent {
		sent[r.Number] = r
	}
	var altered []int
	for i := range posts {
		at := known[posts[i].ID]
		patches := sent[at.revision].Patches
		if at.number < 1 || at.number > len(patches) {
			continue
		}
		if was := patches[at.number-1].PatchID; was != "" && posts[i].PatchID != was {
			altered = append(altered, i)
		}
	}
	return altered
}

// onRecord says whether it is on record what was sent in some place.
func (c *collector) onRecord(at place) bool {
	count := c.recorded[at.revision]
	return count > 0 && at.number <= count
}
