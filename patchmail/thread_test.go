package patchmail

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// post reads "ID subject <parent parent", an hour later than the one before.
func posts(lines ...string) []Post {
	var all []Post
	for n, line := range lines {
		text, parents, _ := strings.Cut(line, " <")
		id, subject, _ := strings.Cut(text, " ")
		all = append(all, Post{ID: id, Subject: subject, Parents: strings.Fields(parents),
			Date: time.Date(2025, 1, 2, n, 0, 0, 0, time.UTC)})
	}
	return all
}

// drawn is "a(b(c) d)": ids of what is missing in brackets, "~" before what a
// subject put there.
func drawn(nodes []*Node) string {
	var words []string
	for _, n := range nodes {
		word := n.ID
		if n.Post < 0 {
			word = "[" + word + "]"
		}
		if n.BySubject {
			word = "~" + word
		}
		if len(n.Children) > 0 {
			word += "(" + drawn(n.Children) + ")"
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestThreads(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why   string
		posts []Post
		want  string
	}{
		{"nothing", nil, ""},
		{"a series and its replies", posts("0 [PATCH 0/2] c", "1 [PATCH 1/2] x <0", "2 [PATCH 2/2] y <0", "r Re: [PATCH 1/2] x <1 0", "s Re: [PATCH 1/2] x <r 1 0"), "0(1(r(s)) 2)"},
		{"replies before what they answer", posts("s Re: x <r 1", "r Re: x <1", "1 x"), "1(r(s))"},
		{"a missing message between", posts("1 x", "s Re: x <r 1"), "1(s)"},
		{"a missing top that holds several together", posts("a Re: x <g", "b Re: x <g"), "[g](a b)"},
		{"a missing top of one", posts("a Re: x <g"), "a"},
		{"missing ones in a row", posts("a Re: x <h g", "b Re: x <i g"), "[g](a b)"},
		{"a reply without references, which another names", posts("1 x", "b Re: other", "c Re: x <b 1"), "1(b(c))"},
		{"what begins a thread stays its beginning", posts("1 x", "b y", "c Re: x <b 1"), "1 b(c)"},
		{"the nearest that is there counts", posts("1 x", "2 y <1", "c Re: y <lost 2 1"), "1(2(c))"},
		{"In-Reply-To wins over References", posts("1 x", "2 y <1", "c Re: y <1 2"), "1(2 c)"},
		{"a changed subject", posts("1 x", "b other (was: x) <1"), "1(b)"},
		{"by subject", posts("1 [PATCH] x", "b Re: [PATCH] x", "c RE: Aw:  [PATCH]  x"), "1(~b ~c)"},
		{"by subject, behind a list's tag", posts("1 x", "2 [l] x", "b [l] Re: x"), "1 2(~b)"},
		{"by subject, below what is missing", posts("1 x", "b Re: x <lost"), "1(~b)"},
		{"by subject, all that answer what is missing", posts("1 x", "b Re: x <lost", "c Re: x <lost"), "1(~b ~c)"},
		{"by subject, the newest before it", posts("1 x", "2 x", "b Re: x", "3 x"), "1 2(~b) 3"},
		{"not by subject: nothing with it before", posts("b Re: x", "1 x"), "b 1"},
		{"not by subject: the same one again", posts("1 x", "2 x"), "1 2"},
		{"not by subject: another revision", posts("1 [PATCH] x", "b Re: [PATCH v2] x"), "1 b"},
		{"not by subject: it answers something", posts("1 x", "2 y", "b Re: x <2"), "1 2(b)"},
		{"not by subject: patches whose cover is missing", posts("o [PATCH 1/2] x", "1 [PATCH 1/2] x <0", "2 [PATCH 2/2] y <0", "b Re: [PATCH 1/2] x <1 0"), "o [0](1(b) 2)"},
		{"not by an empty subject", posts("1", "b Re:"), "1 b"},
		{"not by subject: long ago", func() []Post {
			p := posts("1 x", "b Re: x")
			p[1].Date = p[0].Date.Add(181 * 24 * time.Hour)
			return p
		}(), "1 b"},
		{"each answers the other", posts("a Re: x <b", "b Re: x <a"), "b(a)"},
		{"three in a circle", posts("a x <c", "b x <a", "c x <b"), "c(a(b))"},
		{"itself", posts("a x <a"), "a"},
		{"a circle of the missing", posts("a x <g h", "b x <h g"), "[h](a b)"},
		{"an id twice", posts("a x", "a y", "b Re: y <a"), "a(b)"},
		{"the same parent again and again", posts("a x", "b Re: x <a a a"), "a(b)"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			if got := drawn(Threads(tc.posts)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

func TestBaseSubject(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		line, base string
		reply      bool
	}{
		{"Re: x", "x", true}, {"RE:x", "x", true}, {"Re: Re:  x  y", "x y", true}, {"Re[2]: x", "x", true}, {"AW: Fwd: x", "x", true},
		{"[l] Re: x", "[l] x", true}, {"Re: [PATCH] re: x", "[PATCH] re: x", true}, {"[PATCH] re: x", "[PATCH] re: x", false},
		{"regulator: x", "regulator: x", false}, {"", "", false}, {"Re:", "", true}, {"Re[x]: y", "Re[x]: y", false},
	} {
		if base, reply := BaseSubject(tc.line); base != tc.base || reply != tc.reply {
			t.Errorf("BaseSubject(%q) = %q, %v, want %q, %v", tc.line, base, reply, tc.base, tc.reply)
		}
	}
}

// A thread can be as deep as it is long.
func TestThreadsOfThousands(t *testing.T) {
	t.Parallel()
	const count = 10_000
	all := make([]Post, count)
	for i := range all {
		all[i] = Post{ID: fmt.Sprint(i), Subject: "Re: x", Date: time.Unix(int64(i), 0)}
		for up := i - 1; up >= 0 && up >= i-20; up-- {
			all[i].Parents = append(all[i].Parents, fmt.Sprint(up))
		}
	}
	slices.Reverse(all)
	trees := Threads(all)
	depth := 0
	for n := trees; len(n) == 1; n = n[0].Children {
		depth++
	}
	if depth != count {
		t.Errorf("%d trees, %d deep", len(trees), depth)
	}
}

// Every post has one place, nothing is above itself, and the order in which
// posts come changes nothing.
func FuzzThreads(f *testing.F) {
	f.Add([]byte("\x01\x02\x03\x02\x01\x00\xff\x10"), uint64(1))
	f.Fuzz(func(t *testing.T, data []byte, seed uint64) {
		var all []Post
		for i := 0; i+3 < len(data) && i < 400; i += 4 {
			p := Post{ID: fmt.Sprint(data[i] % 32), Date: time.Unix(int64(data[i+1])<<16, 0), Subject: []string{"", "Re: "}[data[i+1]&1] + string(rune('a'+data[i+1]>>1&3))}
			for _, b := range data[i+2 : i+4] {
				if b < 200 {
					p.Parents = append(p.Parents, fmt.Sprint(b%40))
				}
			}
			if !slices.ContainsFunc(all, func(o Post) bool { return o.ID == p.ID }) {
				all = append(all, p)
			}
		}
		trees := Threads(all)
		seen := map[string]int{}
		var visit func(nodes []*Node, parent *Node)
		visit = func(nodes []*Node, parent *Node) {
			for _, n := range nodes {
				if n.Parent != parent || n.Post >= 0 && all[n.Post].ID != n.ID || n.Post < 0 && (parent != nil || len(n.Children) < 2) {
					t.Fatalf("%+v below %+v", n, parent)
				}
				if n.Post >= 0 {
					seen[n.ID]++
				}
				visit(n.Children, n)
			}
		}
		visit(trees, nil)
		for _, p := range all {
			if seen[p.ID] != 1 {
				t.Fatalf("%s is there %d times in %s", p.ID, seen[p.ID], drawn(trees))
			}
		}
		shuffled := slices.Clone(all)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(all), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got, want := drawn(Threads(shuffled)), drawn(trees); got != want {
			t.Errorf("in another order\n%s\nwas\n%s", got, want)
		}
	})
}
