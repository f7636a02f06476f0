package attest

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

// maxAlike is how many people somebody may be told to look like.
const maxAlike = 3

// alike names those whose keys are known, and for whom who signs here may be
// taken: by a look at the address, or by the name.
func (j *judge) alike(ctx context.Context) ([]string, error) {
	people, err := j.Pins.people()
	if err != nil {
		return nil, err
	}
	for _, ring := range j.Keyrings {
		kept, err := ring.identities(ctx)
		if err != nil {
			return nil, err
		}
		for _, identity := range kept {
			people = append(people, person{identity: identity})
		}
	}
	us := person{identity: strings.ToLower(j.result.Identity), name: j.result.name}
	var found []string
	for _, rule := range []func(a, b person) bool{looksSame, nearlySame, sameName, sameLocal} {
		for _, other := range people {
			if other.identity != us.identity && rule(us, other) && !slices.Contains(found, other.identity) {
				found = append(found, other.identity)
			}
		}
	}
	return found[:min(len(found), maxAlike)], nil
}

// A person is somebody whose key is known.
type person struct {
	identity string // in lower case
	name     string // "" when it is not known
}

func looksSame(a, b person) bool { return skeleton(a.identity) == skeleton(b.identity) }

// nearlySame is true of a slip of the pen, or what should look like one, on
// either side of the @.
func nearlySame(a, b person) bool {
	aLocal, aDomain, _ := strings.Cut(skeleton(a.identity), "@")
	bLocal, bDomain, _ := strings.Cut(skeleton(b.identity), "@")
	return nearly(aLocal, bLocal) && nearly(aDomain, bDomain)
}

// nearly allows for more in a long word; in a short one every letter tells
// people apart.
func nearly(a, b string) bool {
	x, y := []rune(a), []rune(b)
	return withinEdits(x, y, min(len(x), len(y))/5)
}

func sameName(a, b person) bool {
	return a.name != "" && strings.Contains(a.name, " ") && skeleton(a.name) == skeleton(b.name)
}

func sameLocal(a, b person) bool {
	x, _, _ := strings.Cut(a.identity, "@")
	y, _, _ := strings.Cut(b.identity, "@")
	return skeleton(x) == skeleton(y)
}

// likeness has letters that look like others, in lower case and without
// accents.
func likeness() *strings.Replacer {
	return strings.NewReplacer("0", "o", "1", "l", "i", "l", "ı", "l", "5", "s", "rn", "m", "vv", "w",
		"а", "a", "в", "b", "е", "e", "к", "k", "м", "m", "н", "h", "о", "o", "р", "p", "с", "c", "т", "t", "у", "y", "х", "x", // Cyrillic
		"і", "l", "ї", "l", "ј", "j", "ѕ", "s", "һ", "h", "ԁ", "d", "ԛ", "q", "ԝ", "w", "п", "n", "г", "r",
		"α", "a", "ε", "e", "η", "n", "ι", "l", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u", "χ", "x", "γ", "y") // Greek
}

// skeleton is equal for texts that people cannot tell apart at a glance.
func skeleton(text string) string {
	if local, domain, ok := strings.Cut(text, "@"); ok {
		if readable, err := idna.ToUnicode(domain); err == nil {
			text = local + "@" + readable
		}
	}
	var plain strings.Builder
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		if !unicode.In(r, unicode.Mn, unicode.Cf) {
			plain.WriteRune(r)
		}
	}
	return likeness().Replace(plain.String())
}

// withinEdits is true when at most so many letters have to be put in, taken out
// or changed.
func withinEdits(a, b []rune, most int) bool {
	if len(a)-len(b) > most || len(b)-len(a) > most {
		return false
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range a {
		above := row[0]
		row[0] = i + 1
		for j := range b {
			change := above
			if a[i] != b[j] {
				change++
			}
			above = row[j+1]
			row[j+1] = min(change, above+1, row[j]+1)
		}
	}
	return row[len(b)] <= most
}
