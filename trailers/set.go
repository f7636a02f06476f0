package trailers

import "strings"

// A Set is of trailers of which none says the same as another: see [Trailer.Same].
// The zero value is empty.
type Set struct{ says map[string]bool }

// Add adds a trailer, and returns whether none says the same.
func (s *Set) Add(t Trailer) bool {
	if s.says == nil {
		s.says = map[string]bool{}
	}
	name := strings.ToLower(t.Key)
	says := []string{name + ": " + strings.ToLower(strings.Join(strings.Fields(t.Value), " "))}
	if a, ok := t.Person(); ok {
		says = append(says, name+"\nperson "+a.Key()+" "+strings.ToLower(a.Name))
	} else if id := t.LinkedID(); id != "" {
		says = append(says, name+"\nmessage "+id)
	}
	isNew := true
	for _, one := range says {
		isNew = isNew && !s.says[one]
		s.says[one] = true
	}
	return isNew
}
