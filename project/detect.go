package project

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// A Match is a preset that fits a repository.
type Match struct {
	Preset   *Preset
	Profile  string   // that a remote chooses; "" for none
	Evidence []string // what speaks for it, for people
	Facts    Facts
	Fits     bool // false for one that only the user has chosen

	rank int
}

// How well a preset fits: one that is about the remote knows more than one
// that many trees fit, and a mere place to host a project knows least.
const (
	rankPlace    = iota + 1 // the remote alone
	rankOther               // tree and a remote that is not where this branch is from
	rankTree                // the tree alone
	rankTreeHere            // tree and the remote that this branch is from
)

// An AmbiguousError reports that several presets fit equally well.
type AmbiguousError struct{ Names []string }

func (e *AmbiguousError) Error() string {
	return fmt.Sprintf("the repository looks like any of %s", strings.Join(e.Names, ", "))
}

// Detect returns the presets that fit the base commit and the remotes, the best
// first. None is an empty list.
func (s *Settings) Detect() ([]Match, error) {
	presets, err := Presets()
	if err != nil {
		return nil, err
	}
	remotes := s.remotes()
	var list []Match
	for _, preset := range presets {
		m, ok, err := s.match(preset, remotes)
		if err != nil {
			return nil, err
		}
		if m.Fits = ok; ok {
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b Match) int { return cmp.Compare(b.rank, a.rank) })
	return list, nil
}

// Best is the first of what [Settings.Detect] returned, or an *AmbiguousError.
// Without any it is false.
func Best(matches []Match) (Match, bool, error) {
	if len(matches) == 0 {
		return Match{}, false, nil
	}
	var names []string
	for _, m := range matches {
		if m.rank == matches[0].rank {
			names = append(names, m.Preset.Name)
		}
	}
	if len(names) > 1 {
		return Match{}, false, &AmbiguousError{Names: names}
	}
	return matches[0], true, nil
}

// Told says whether anybody has said what the project wants: the project in its
// files, 'kprep init', or the user, who has named recipients.
func (s *Settings) Told() bool {
	if _, ok := s.Adopted(); ok || s.tree != nil || s.publish.tree != nil {
		return true
	}
	_, ok := s.Get("send-series-to")
	return ok || len(s.user.All("sendemail.to")) > 0
}

// Match says what speaks for a preset that the user has chosen.
func (s *Settings) Match(preset *Preset) (Match, error) {
	m, fits, err := s.match(preset, s.remotes())
	m.Preset, m.Fits = preset, fits
	return m, err
}

func (s *Settings) match(preset *Preset, remotes []remote) (Match, bool, error) {
	m := Match{Preset: preset}
	for _, name := range preset.Has {
		there, err := s.treeHas(name)
		if err != nil || !there {
			return m, false, err
		}
		m.Evidence = append(m.Evidence, name)
	}
	fits := slices.IndexFunc(remotes, func(r remote) bool { return r.fits(preset.Remotes) })
	switch {
	case len(preset.Remotes) == 0:
		m.rank = rankTree
	case fits < 0, len(preset.Has) == 0 && !remotes[fits].here:
		return m, false, nil
	case len(preset.Has) == 0:
		m.rank = rankPlace
	case remotes[fits].here:
		m.rank = rankTreeHere
	default:
		m.rank = rankOther
	}
	if fits >= 0 {
		m.Evidence = append(m.Evidence, fmt.Sprintf("remote %s (%s)", remotes[fits].name, remotes[fits].place))
		m.Facts.Repository = remotes[fits].place[strings.LastIndexByte(remotes[fits].place, '/')+1:]
	}
	m.Profile = preset.profileOf(remotes)
	return m, true, nil
}

// profileOf is the profile that the first fitting remote chooses.
func (p *Preset) profileOf(remotes []remote) string {
	for _, r := range remotes {
		for _, profile := range p.Profiles {
			if r.fits(profile.Remotes) {
				return profile.Name
			}
		}
	}
	return ""
}

// treeHas says whether the base commit has a file or folder.
func (s *Settings) treeHas(name string) (bool, error) {
	if s.base == "" {
		return false, nil
	}
	_, err := s.repo.Read(string(s.base) + ":" + name)
	if errors.As(err, new(*gitrepo.MissingError)) {
		return false, nil
	}
	return err == nil, err
}

// A remote is one of the repository's remotes.
type remote struct {
	name  string
	place string // host and path of its URL, without scheme, user and ".git"
	here  bool   // the branch is from there, or the whole repository is
}

// remotes are those of the repository, the one that the branch is from first:
// its upstream's, else origin, else the only one.
func (s *Settings) remotes() []remote {
	var list []remote
	for _, key := range s.user.Keys() {
		rest, ok := strings.CutPrefix(key, "remote.")
		name, isURL := strings.CutSuffix(rest, ".url")
		if !ok || !isURL {
			continue
		}
		if url, ok := s.user.Get(key); ok {
			list = append(list, remote{name: name, place: PlaceOf(url)})
		}
	}
	upstream := ""
	if branch, ok := strings.CutPrefix(s.repo.Head.Branch, "refs/heads/"); ok {
		upstream, _ = s.user.Get("branch." + branch + ".remote")
	}
	for _, name := range []string{upstream, "origin"} {
		if i := slices.IndexFunc(list, func(r remote) bool { return r.name == name }); i >= 0 {
			first := list[i]
			first.here = true
			return append([]remote{first}, slices.Delete(list, i, i+1)...)
		}
	}
	if len(list) == 1 {
		list[0].here = true
	}
	return list
}

// PlaceOf reduces a URL of any of git's forms to host and path.
func PlaceOf(url string) string {
	place := url
	if _, rest, ok := strings.Cut(url, "://"); ok {
		place = rest
	} else if host, path, ok := strings.Cut(url, ":"); ok && !strings.Contains(host, "/") {
		place = host + "/" + strings.TrimPrefix(path, "/")
	}
	host, path, _ := strings.Cut(place, "/")
	host = strings.ToLower(host[strings.LastIndexByte(host, '@')+1:])
	return strings.TrimSuffix(strings.TrimRight(host+"/"+path, "/"), ".git")
}

func (r remote) fits(patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return remoteFits(pattern, r.place) })
}

// remoteFits says whether host and path of a remote fit a pattern, in which a
// star stands for any text.
func remoteFits(pattern, place string) bool {
	parts := strings.Split(pattern, "*")
	rest, ok := strings.CutPrefix(place, parts[0])
	if !ok || len(parts) == 1 {
		return ok && rest == ""
	}
	for _, part := range parts[1 : len(parts)-1] {
		if _, rest, ok = strings.Cut(rest, part); !ok {
			return false
		}
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
