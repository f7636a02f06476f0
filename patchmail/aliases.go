package patchmail

import (
	"fmt"
	"slices"
	"strings"
)

// Aliases are the short names of an address book, each with the list of
// addresses and other aliases that it stands for. The nil map has none.
type Aliases map[string][]string

// An AliasError reports a word that is neither an address nor an alias, or an
// alias that leads back to itself.
type AliasError struct {
	Word string
	Loop bool // the alias is known, and leads back to itself
}

func (e *AliasError) Error() string {
	if e.Loop {
		return fmt.Sprintf("the alias %q leads back to itself", e.Word)
	}
	return fmt.Sprintf("%q is neither an address nor an alias", e.Word)
}

// Expand reads an address list of RFC 5322 whose members may be aliases, and
// those members of other aliases. A word without @ that is no alias is an
// *AliasError: git would hand it to the server as a local mailbox, which no
// list means (mail 1.5). Anything else that is no address is an *AddressError.
func (a Aliases) Expand(list string) ([]Address, error) {
	return a.expand(splitList(list), nil)
}

func (a Aliases) expand(members []string, path []string) ([]Address, error) {
	var all []Address
	for _, member := range members {
		stands, isAlias := a[member]
		switch {
		case isAlias && slices.Contains(path, member):
			return nil, &AliasError{Word: member, Loop: true}
		case isAlias:
			deeper, err := a.expand(stands, append(path[:len(path):len(path)], member))
			if err != nil {
				return nil, err
			}
			all = append(all, deeper...)
		case isBareWord(member):
			return nil, &AliasError{Word: member}
		default:
			list, err := ParseAddressList(member)
			if err != nil {
				return nil, err
			}
			all = append(all, list...)
		}
	}
	return all, nil
}

// isBareWord says whether text could only be an alias.
func isBareWord(text string) bool {
	return !strings.ContainsAny(text, "@<>\"(): ;")
}

// splitList cuts an address list at the commas that separate its members, and
// drops empty ones. A group is one member.
func splitList(list string) []string {
	var members []string
	start, depth := 0, 0
	quoted, angle, group := false, false, false
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '\\':
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == ':' && !angle:
			group = true
		case c == ';':
			group = false
		case c == ',' && !angle && !group:
			members = append(members, list[start:i])
			start = i + 1
		}
	}
	members = append(members, list[start:])
	var kept []string
	for _, m := range members {
		if m = strings.TrimSpace(m); m != "" {
			kept = append(kept, m)
		}
	}
	return kept
}
