//go:build !windows

package inbox_test

import (
	"iter"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/archivetest"
)

func BenchmarkParse(b *testing.B) {
	raw := []byte("From: \"Doe, J.\" <J@Example.org>\nTo: a@example.org, b@example.org\nCc: c@example.org\nSubject: [PATCH v2 1/3] drm: do a thing\nDate: Thu, 02 Jan 2025 03:04:05 +0000\nMessage-ID: <20250102-a-v2-1-0123456789ab@example.org>\nIn-Reply-To: <20250102-a-v2-0-0123456789ab@example.org>\nReferences: <20250102-a-v2-0-0123456789ab@example.org>\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n" +
		strings.Repeat("Some text that explains why this is done the way it is.\n", 20) + "---\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -1,60 +1,60 @@\n" + strings.Repeat(" context line of code();\n-\told();\n+\tnew();\n", 40))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		if _, err := inbox.Parse(inbox.Mail{Raw: raw}, func(string) string { return "" }); err != nil {
			b.Fatal(err)
		}
	}
}

// corpusMirror is a mirror of so many invented mails, in one epoch.
func corpusMirror(tb testing.TB, count int) string {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "list")
	next, stop := iter.Pull(iter.Seq[[]byte](func(yield func([]byte) bool) {
		archivetest.Corpus{Seed: 7, Count: count}.Mails(yield)
	}))
	defer stop()
	err := archivetest.WriteEpoch(filepath.Join(dir, "git", "0.git"), func() []byte {
		raw, _ := next()
		return raw
	})
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

// A mirror of 100,000 mails is indexed from nothing, then asked for a series.
func BenchmarkMirror(b *testing.B) {
	const count = 100_000
	dir := corpusMirror(b, count)
	m := mirror(b, dir)
	b.Run("index", func(b *testing.B) {
		before := cpuTime(b)
		for b.Loop() {
			m.Close()
			m.CacheDir = b.TempDir()
			if _, err := m.Update(b.Context(), func(err error) { b.Error(err) }); err != nil {
				b.Fatal(err)
			}
		}
		mails := float64(count) * float64(b.N)
		b.ReportMetric(mails/b.Elapsed().Seconds(), "mails/s")
		b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/mails, "cpu-us/mail")
	})
	m.CacheDir = b.TempDir()
	m.Close()
	b.Run("find", func(b *testing.B) {
		if _, err := m.Update(b.Context(), func(err error) { b.Error(err) }); err != nil {
			b.Fatal(err)
		}
		b.ResetTimer()
		for n := 0; b.Loop(); n++ {
			q := inbox.Query{ChangeIDs: []string{archivetest.ChangeID(n % 1000)}}
			if got, err := m.Find(b.Context(), q, func(err error) { b.Error(err) }); err != nil || len(got.Messages) == 0 {
				b.Fatal(got, err)
			}
		}
	})
}

// cpuTime is what this process and the git processes it has ended took.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var total time.Duration
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var used syscall.Rusage
		if err := syscall.Getrusage(who, &used); err != nil {
			tb.Fatal(err)
		}
		total += time.Duration(used.Utime.Nano() + used.Stime.Nano())
	}
	return total
}
