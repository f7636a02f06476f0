package maintainers

import "strings"

// A mailmap says under which name and address a person is to be known. Keys,
// compared with case, are an address or a whole printed person.
type mailmap struct {
	names, addresses map[string]string
}

// parseMailmap reads the four forms of a line: a name for an address, an address
// for an address, both for an address, both for a name with an address. Other
// lines are skipped.
func parseMailmap(text string) mailmap {
	m := mailmap{names: map[string]string{}, addresses: map[string]string{}}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		name, address, rest, ok := mailmapPair(strings.TrimSpace(line))
		if !ok {
			continue
		}
		if rest == "" {
			if name != "" {
				m.names[address] = name
			}
			continue
		}
		oldName, oldAddress, rest, ok := mailmapPair(rest)
		if !ok || rest != "" {
			continue
		}
		switch {
		case oldName == "":
			if name != "" {
				m.names[oldAddress] = name
			}
			m.addresses[oldAddress] = address
		case name != "":
			key := formatPerson(oldName, oldAddress)
			m.names[key], m.addresses[key] = name, address
		}
	}
	return m
}

func mailmapPair(line string) (name, address, rest string, ok bool) {
	name, rest, ok = strings.Cut(line, "<")
	if !ok {
		return "", "", "", false
	}
	address, rest, ok = strings.Cut(rest, ">")
	name = strings.TrimSpace(name)
	name = strings.TrimSuffix(strings.TrimPrefix(name, `"`), `"`)
	return name, strings.TrimSpace(address), strings.TrimSpace(rest), ok && address != ""
}

// apply maps one person, once: a result that is a key itself stays.
func (m mailmap) apply(name, address string) (string, string) {
	key := formatPerson(name, address)
	if m.names[key] == "" && m.addresses[key] == "" {
		key = address
	}
	if n := m.names[key]; n != "" {
		name = n
	}
	if a := m.addresses[key]; a != "" {
		address = a
	}
	return name, address
}
