package maintainers

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

// kernelSize is a project with about as many sections, patterns and keywords as
// Linux has.
func kernelSize(keywords int) Project {
	var b strings.Builder
	b.WriteString("List of maintainers\n\n")
	for i := range 2400 {
		fmt.Fprintf(&b, "SUBSYSTEM %d\nM:\tName Number%d <n%d@example.org>\nR:\tOther Number%d <o%d@example.org>\nL:\tlist%d@lists.example.org\nS:\tMaintained\n", i, i, i, i, i, i%300)
		fmt.Fprintf(&b, "F:\tDocumentation/sub%d/\nF:\tdrivers/sub%d/\nF:\tdrivers/sub%d/part*.c\nF:\tinclude/linux/sub%d*.h\n", i, i, i, i)
		if i%8 == 0 {
			fmt.Fprintf(&b, "N:\tsub%dreg\nX:\tdrivers/sub%d/not/\n", i, i)
		}
		if i < keywords {
			fmt.Fprintf(&b, "K:\t\\b(keyword%d|other_%d_[a-z]+)\\b\n", i, i)
		}
		b.WriteString("\n")
	}
	b.WriteString("THE REST\nM:\tRoot Keeper <root@example.org>\nL:\tall@lists.example.org\nS:\tBuried alive in reporters\nF:\t*\nF:\t*/\n")
	return Project{Tree: fstest.MapFS{"MAINTAINERS": &fstest.MapFile{Data: []byte(b.String())}}, Era: New}
}

func seriesOf(n int) [][]byte {
	var list [][]byte
	for i := range n {
		var b strings.Builder
		fmt.Fprintf(&b, "From: A <a@example.org>\nSubject: [PATCH] sub%d: change\n\nWords.\n---\n", i)
		for f := range 3 {
			p := fmt.Sprintf("drivers/sub%d/part%d.c", i*31%2400, f)
			fmt.Fprintf(&b, "diff --git a/%s b/%s\n--- a/%s\n+++ b/%s\n@@ -1,100 +1,100 @@\n", p, p, p, p)
			for l := range 100 {
				fmt.Fprintf(&b, "%cstatic int some_function_name_%d(struct thing *t, int value%d);\n", " +-"[l%3], l, f)
			}
		}
		list = append(list, []byte(b.String()))
	}
	return list
}

func BenchmarkLoad(b *testing.B) {
	p := kernelSize(200)
	for b.Loop() {
		if _, err := Load(p, Defaults()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadCached(b *testing.B) {
	p := kernelSize(200)
	var kept []byte
	p.Cache = Cache{Get: func(string) []byte { return kept }, Put: func(_ string, data []byte) { kept = data }}
	if _, err := Load(p, Defaults()); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := Load(p, Defaults()); err != nil {
			b.Fatal(err)
		}
	}
}

// A series of 30 patches, asked for To and Cc one by one as collecting does.
func BenchmarkSeries(b *testing.B) {
	for _, keywords := range []int{200, 2400} {
		b.Run(fmt.Sprintf("keywords=%d", keywords), func(b *testing.B) {
			benchmarkSeries(b, kernelSize(keywords))
		})
	}
}

// The real files, where they are unpacked.
func BenchmarkLinux(b *testing.B) {
	p := Project{Tree: os.DirFS(linuxTree(b))}
	b.Run("load", func(b *testing.B) {
		for b.Loop() {
			if _, err := Load(p, Defaults()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("series", func(b *testing.B) { benchmarkSeries(b, p) })
}

func benchmarkSeries(b *testing.B, p Project) {
	to, cc := Defaults(), Defaults()
	to.Parse(ToFlags())
	cc.Parse(CcFlags())
	ix, err := Load(p, to)
	if err != nil {
		b.Fatal(err)
	}
	mails := seriesOf(30)
	b.ReportAllocs()
	for b.Loop() {
		for _, mail := range mails {
			patches := []Patch{ix.ReadPatch("patch", mail)}
			ix.Query(patches, to)
			ix.Query(patches, cc)
		}
	}
}
