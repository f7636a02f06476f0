package coverletter

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

func TestCheckChangeID(t *testing.T) {
	t.Parallel()
	gittest.Peer(t, "git")
	ids := []string{"20261121-foo-driver_fix-eb7feaf4228f", "a", "-a", "é-ž", "a@b", "a.b", "{x}", "a..b", ".a", "a.", "a.lock", "a b", "a~b",
		"a^b", "a:b", "a?b", "a*b", "a[b", `a\b`, "a\tb", "a\x7fb", "a@{b", "a\nb"}
	for _, id := range ids {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			// As a directory and as part of a tag, as kprep uses it.
			want := true
			for _, ref := range []string{"refs/x/" + id, "refs/tags/sent/" + id + "-v1"} {
				want = want && exec.Command("git", "check-ref-format", ref).Run() == nil
			}
			if err := CheckChangeID(id); (err == nil) != want {
				t.Errorf("CheckChangeID(%q) = %v, git says %v", id, err, want)
			}
		})
	}
	// git takes these.
	for _, id := range []string{"", "a/b", "@", "a\u0085b", "a\xff", strings.Repeat("a", 201)} {
		if CheckChangeID(id) == nil {
			t.Errorf("CheckChangeID(%q) passes", id)
		}
	}
	if err := CheckChangeID(strings.Repeat("a", 200)); err != nil {
		t.Error(err)
	}
}

func TestSlug(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, want string }{
		{"Foo Driver_Fix!", "foo-driver_fix"},
		{"  a -- b  ", "a-b"},
		{"Žluťoučký Kůň 2", "žluťoučký-kůň-2"},
		{"a/../b", "a-b"},
		{"修正", "修正"},
		{"!?", ""},
	}
	for _, tt := range tests {
		if got := Slug(tt.name); got != tt.want {
			t.Errorf("Slug(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNewChangeID(t *testing.T) {
	t.Parallel()
	day := time.Date(2026, 11, 21, 23, 59, 0, 0, time.UTC)
	if got, want := NewChangeID(day, "foo-driver_fix", "eb7feaf4228f"), "20261121-foo-driver_fix-eb7feaf4228f"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	got := NewChangeID(day, strings.Repeat("修-", 100), "eb7feaf4228f")
	if err := CheckChangeID(got); err != nil || strings.Contains(got, "--") {
		t.Errorf("a long slug gives %q: %v", got, err)
	}
}

func TestSlugOf(t *testing.T) {
	t.Parallel()
	today := time.Date(2027, 1, 2, 0, 0, 0, 0, time.UTC)
	tests := []struct{ id, want string }{
		{"20261121-foo-driver_fix-eb7feaf4228f", "20270102-foo-driver_fix"},
		{"foo-eb7feaf4228f", "foo"},
		{"abcdefgh-foo-1", "20270102-foo"},
		{"my-own-series-1", "my-own-series"},
		{"20261121-1", "20261121"},
		{"plain", "plain"},
	}
	for _, tt := range tests {
		if got := SlugOf(tt.id, today); got != tt.want {
			t.Errorf("SlugOf(%q) = %q, want %q", tt.id, got, tt.want)
		}
	}
}
