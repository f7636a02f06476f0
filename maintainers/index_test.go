package maintainers

import (
	"cmp"
	"math/rand"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

func load(t testing.TB, text string, change func(*Project)) *Index {
	t.Helper()
	p := Project{Tree: fstest.MapFS{
		"MAINTAINERS":  &fstest.MapFile{Data: []byte(text)},
		"lib/a.c":      &fstest.MapFile{},
		"dir.d/x":      &fstest.MapFile{},
		"arch/l+g/x.c": &fstest.MapFile{},
	}, Era: New}
	if change != nil {
		change(&p)
	}
	ix, err := Load(p, Defaults())
	if err != nil {
		t.Fatal(err)
	}
	return ix
}

// naiveSections asks every entry in turn, each as the regular expression that it
// stands for.
func naiveSections(t *testing.T, ix *Index, path string) (sections []int32, ok bool) {
	t.Helper()
	type match struct {
		section int32
		depth   int
	}
	var found []match
	for s, sec := range ix.sections {
		last, excluded, depth := false, false, 0
		for i := sec.first; i < sec.end; i++ {
			e := ix.entries[i]
			switch e.letter {
			case 'F', 'X':
				matches, err := naiveMatch(ix, e.value, path)
				if err != nil {
					return nil, false
				}
				if matches && e.letter == 'X' {
					excluded = true
				} else if matches {
					last, depth = true, newPathPattern(e.value, ix.era).depth
				}
			case 'N':
				m, err := compile(e.value, true, ix.era)
				if err != nil || strings.TrimSpace(e.value) == "" {
					continue
				}
				matches, err := m.match(path)
				if err != nil {
					return nil, false
				}
				if matches {
					last, depth = true, 0
				}
			}
		}
		if last && !excluded {
			found = append(found, match{int32(s), depth})
		}
	}
	slices.SortStableFunc(found, func(a, b match) int { return cmp.Compare(b.depth, a.depth) })
	for _, m := range found {
		sections = append(sections, m.section)
	}
	return sections, true
}

func naiveMatch(ix *Index, value, path string) (bool, error) {
	converted := perlOfGlob(value)
	if !strings.HasSuffix(converted, "/") && ix.isDir(converted) {
		converted += "/"
	}
	m, err := compile("^"+converted, false, ix.era)
	if err != nil {
		return false, nil // is reported, and matches nothing
	}
	matches, err := m.match(path)
	if err != nil || !matches {
		return false, err
	}
	return strings.HasSuffix(converted, "/") || strings.Count(path, "/") == strings.Count(converted, "/"), nil
}

func checkAgainstNaive(t *testing.T, ix *Index, path string) {
	t.Helper()
	want, ok := naiveSections(t, ix, path)
	if !ok {
		return
	}
	q := &query{ix: ix, o: Defaults(), warned: map[string]bool{}}
	var got []int32
	for _, h := range q.matchPath(path) {
		got = append(got, h.section)
	}
	if !slices.Equal(got, want) {
		t.Errorf("era %s, path %q: sections %v, want %v, of\n%s", ix.era, path, got, want, ix.files[0].text)
	}
}

const patternsText = `START
F: lib
F: lib/a
X: lib/abc
F: *
GLOBS
F: */net/*
F: lib/??.c
F: lib/**/x*
F: dir.d
F: arch/l+g
EXPRESSIONS
F: lib/[ab].c
F: x|lib/a
F: lib/a{2}
F: k\+p/
N: ^lib/.*c$
X: lib/n
THE REST
F: *
F: */
`

func TestPatternsLikeNaive(t *testing.T) {
	t.Parallel()
	for _, era := range []Era{Old, New} {
		ix := load(t, patternsText, func(p *Project) { p.Era = era })
		for _, path := range []string{"lib", "lib/", "lib/a.c", "libs/a.c", "lib/abc/d", "a/net/b", "a/b/net/c", "lib/é.c", "lib/aé.c", "dir.d/x", "dir.dx", "arch/l+g/x.c", "arch/llg/x.c", "arch/lg",
			"y/lib/a", "lib/aa", "k+p/x", "lib/nc", "lib/c/xy", "lib/x/y/x", "dev/null", "", "/", "lib/\xff.c"} {
			checkAgainstNaive(t, ix, ix.era.text(path))
		}
	}
}

// What the index finds is what asking every entry finds, fresh or from a cache.
func FuzzMaintainers(f *testing.F) {
	f.Add(patternsText, "lib/a.c")
	f.Add("A\nF:\t*/\nX:\tlib/\n", "lib/a/b.c")
	f.Add("A\r\nF: lib/\r\n", "lib/x")
	f.Add("F: a\n\nN: b\nB: c\n", "ab")
	for _, v := range loadVectors(f) {
		if text, ok := v.Tree["MAINTAINERS"]; ok {
			f.Add(string(text), "lib/x.c")
		}
	}
	f.Fuzz(func(t *testing.T, text, path string) {
		if len(text) > 2000 || len(path) > 100 || strings.ContainsAny(path, "\n") {
			return
		}
		for _, era := range []Era{Old, New} {
			var kept []byte
			cached := func(p *Project) {
				p.Era = era
				p.Cache = Cache{Get: func(string) []byte { return kept }, Put: func(_ string, data []byte) { kept = data }}
			}
			ix := load(t, text, cached)
			for _, e := range ix.entries {
				if e.value != "" && ix.files[e.file].text[e.offset:int(e.offset)+len(e.value)] != e.value {
					t.Fatalf("entry %+v is not where it says", e)
				}
			}
			checkAgainstNaive(t, ix, ix.era.text(path))
			again := load(t, text, cached)
			if !reflect.DeepEqual(ix.entries, again.entries) || !reflect.DeepEqual(ix.sections, again.sections) {
				t.Fatalf("%q comes different out of the cache", text)
			}
			patch := "--- a/" + path + "\n+" + text
			a := ix.Query([]Patch{ix.ReadPatch("p", []byte(patch))}, Defaults())
			b := again.Query([]Patch{again.ReadPatch("p", []byte(patch))}, Defaults())
			if !reflect.DeepEqual(a, b) {
				t.Errorf("%q: answer %v, out of the cache %v", text, a, b)
			}
			for _, r := range a.Recipients {
				if r.Address == "" || len(r.Reasons) == 0 {
					t.Errorf("%q: recipient %+v", text, r)
				}
			}
		}
	})
}

// A cache that lies, or is damaged, costs time and nothing else.
func TestDamagedCache(t *testing.T) {
	t.Parallel()
	var kept []byte
	puts := 0
	keep := func(p *Project) {
		p.Cache = Cache{Get: func(string) []byte { return kept }, Put: func(_ string, data []byte) { kept = data; puts++ }}
	}
	want := load(t, patternsText, keep)
	whole := slices.Clone(kept)
	load(t, patternsText, keep)
	if puts != 1 {
		t.Fatalf("stored %d times, want once", puts)
	}
	damaged := [][]byte{{}, whole[:len(whole)-1], append(slices.Clone(whole), 0)}
	for i := range whole {
		flipped := slices.Clone(whole)
		flipped[i] ^= 0x55
		damaged = append(damaged, flipped)
	}
	for i, data := range damaged {
		kept, puts = data, 0
		got := load(t, patternsText, keep)
		if puts != 1 || !reflect.DeepEqual(got.entries, want.entries) || len(got.paths.sorted) != len(want.paths.sorted) {
			t.Errorf("damage %d: stored %d times, %d entries", i, puts, len(got.entries))
		}
	}
	// One whose checksum is right, but of other files.
	kept = whole
	other := load(t, "A\nF: x\n", keep)
	if len(other.entries) != 2 {
		t.Errorf("%d entries out of another file's cache", len(other.entries))
	}
}

func TestCacheNames(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, text := range []string{"A\nF: x\n", "A\nF: y\n"} {
		for _, era := range []Era{Old, New} {
			load(t, text, func(p *Project) {
				p.Era = era
				p.Cache.Get = func(name string) []byte { names[name] = true; return nil }
			})
		}
	}
	if len(names) != 4 {
		t.Errorf("%d names for 4 indexes", len(names))
	}
}

// spell writes bytes in the few characters that matter to patterns, so that
// chance finds what means something.
func spell(raw []byte, alphabet string) string {
	var b strings.Builder
	for _, c := range raw {
		b.WriteByte(alphabet[int(c)%len(alphabet)])
	}
	return b.String()
}

func checkPattern(t *testing.T, rawPattern, rawPath []byte) {
	t.Helper()
	if len(rawPattern) > 24 || len(rawPath) > 24 {
		return
	}
	pattern, path := spell(rawPattern, "aab//**?.+[]()|\\{1}^$-\xc3\xa9"), spell(rawPath, "aab//.\xc3\xa9l")
	for _, era := range []Era{Old, New} {
		ix := load(t, "A\nF: "+pattern+"\n", func(p *Project) { p.Era = era })
		checkAgainstNaive(t, ix, era.text(path))
	}
}

func FuzzPattern(f *testing.F) {
	f.Add([]byte("\x00\x02\x05"), []byte("\x00\x01"))
	f.Add([]byte("\x00\x03\x05\x06\x01"), []byte("\x02\x03\x02\x01"))
	f.Fuzz(checkPattern)
}

func TestRandomPatternsLikeNaive(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewSource(1))
	for range 2000 {
		pattern, path := make([]byte, 1+rng.Intn(6)), make([]byte, 1+rng.Intn(8))
		rng.Read(pattern)
		rng.Read(path)
		checkPattern(t, pattern, path)
	}
}
