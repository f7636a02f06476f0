package xdiff_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/kprep/kprep/rangediff/xdiff"
)

// patches are texts as range-diff compares them, of 20 to 300 lines.
func patches(n int) [][]byte {
	r := rand.New(rand.NewPCG(4, 4))
	texts := make([][]byte, n)
	for i := range texts {
		line := code(r)
		texts[i] = join(lines(r, 20+r.IntN(280), func() string {
			return []string{"+", "-", " ", " "}[r.IntN(4)] + fmt.Sprintf("%.*s", r.IntN(30), line()) + fmt.Sprint(r.IntN(2000)) + "\n"
		}))
	}
	return texts
}

// Most patches that are compared have little in common.
func BenchmarkSizeOfPatches(b *testing.B) {
	var table xdiff.Table
	var files []*xdiff.File
	for _, text := range patches(200) {
		files = append(files, table.File(text))
	}
	var d xdiff.Differ
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		d.Size(files[i%200], files[i*7%199], 3)
	}
}

func BenchmarkSizeOfAmendedPatch(b *testing.B) {
	r := rand.New(rand.NewPCG(8, 5))
	p := edited(r, 300, 10, code(r))
	benchmarkPair(b, p, xdiff.Options{})
}

func BenchmarkDiffOfSource(b *testing.B) {
	r := rand.New(rand.NewPCG(6, 6))
	benchmarkPair(b, edited(r, 5000, 20, code(r)), xdiff.Options{IndentHeuristic: true})
}

func BenchmarkDiffWithCutOffs(b *testing.B) {
	r := rand.New(rand.NewPCG(7, 7))
	benchmarkPair(b, edited(r, 5000, 1500, code(r)), xdiff.Options{IndentHeuristic: true})
}

func benchmarkPair(b *testing.B, p pair, o xdiff.Options) {
	var table xdiff.Table
	old, new := table.File(p.old), table.File(p.new)
	var d xdiff.Differ
	b.ReportAllocs()
	for b.Loop() {
		d.Diff(old, new, o)
	}
}

func BenchmarkInterning(b *testing.B) {
	texts := patches(200)
	bytes := 0
	for _, text := range texts {
		bytes += len(text)
	}
	b.SetBytes(int64(bytes))
	b.ReportAllocs()
	for b.Loop() {
		var table xdiff.Table
		for _, text := range texts {
			table.File(text)
		}
	}
}
