package series_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

func TestReject(t *testing.T) {
	t.Parallel()
	r := project(t)
	repo := open(t, r)
	file := filepath.Join(repo.CommonDir, "b4-trailers-ignore.json")
	first := trailers.Rejection{Trailer: "Acked-by: A <a@example.org>", Via: "1@example.org"}
	for range 2 {
		if err := series.Reject(repo, first); err != nil {
			t.Fatal(err)
		}
	}
	got, err := series.Rejections(repo)
	if err != nil || len(got.All) != 1 || got.All[0] != first {
		t.Errorf("got %+v, %v", got, err)
	}
	const broken = `{"ignored": [`
	if err := os.WriteFile(file, []byte(broken), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := series.Rejections(repo); !errors.As(err, new(*series.RejectionsError)) {
		t.Errorf("got %v", err)
	}
	if err := series.Reject(repo, first); !errors.As(err, new(*series.RejectionsError)) {
		t.Errorf("got %v", err)
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != broken {
		t.Errorf("the broken file became %q, %v", text, err)
	}
}
