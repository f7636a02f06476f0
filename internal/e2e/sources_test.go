package e2e

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The program is built beside the test, so that go test cannot know what it is
// made of and would keep an old result. It does watch the files that a test
// looks at: this one looks at every source.
func TestResultsDependOnTheSources(t *testing.T) {
	seen := 0
	err := filepath.WalkDir("../..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		seen++
		_, err = os.Stat(path)
		return err
	})
	if err != nil || seen < 100 {
		t.Errorf("%d sources, %v", seen, err)
	}
}
