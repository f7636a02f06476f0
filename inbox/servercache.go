package inbox

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"github.com/kprep/kprep/durable"
)

// A reply is what a server said, once.
type reply struct {
	URL          string // of the inbox
	Path         string // of the request, below it
	Fetched      time.Time
	ETag         string `json:",omitempty"`
	LastModified string `json:",omitempty"`
	None         bool   `json:",omitempty"` // it has nothing of this
	mbox         []byte // as it came, compressed or not
}

// keepReplies is for how long an answer that nobody asks for stays.
const keepReplies = 90 * 24 * time.Hour

func (s *Servers) cacheFile(url string, r request) string {
	sum := sha256.Sum256([]byte(url + "\n" + r.path))
	return filepath.Join(s.CacheDir, hex.EncodeToString(sum[:16]))
}

// kept is what a server said before, nil for nothing that can be read.
func (s *Servers) kept(url string, r request) *reply {
	if s.CacheDir == "" {
		return nil
	}
	data, err := os.ReadFile(s.cacheFile(url, r))
	if err != nil {
		return nil
	}
	head, mbox, _ := bytes.Cut(data, []byte("\n"))
	was := &reply{}
	if json.Unmarshal(head, was) != nil || was.URL != url || was.Path != r.path || was.Fetched.After(s.Now) {
		return nil
	}
	was.mbox = mbox
	return was
}

// keep remembers an answer. A cache that cannot be written is as good as none.
func (s *Servers) keep(r request, got *reply) {
	if s.CacheDir == "" {
		return
	}
	head, err := json.Marshal(got)
	if err != nil || os.MkdirAll(s.CacheDir, 0o700) != nil {
		return
	}
	data := append(append(head, '\n'), got.mbox...)
	if durable.Write(s.cacheFile(got.URL, r), data, 0o600) == nil {
		s.tidy()
	}
}

// tidy removes what is too old to be of use.
func (s *Servers) tidy() {
	entries, err := os.ReadDir(s.CacheDir)
	if err != nil {
		return
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil && s.Now.Sub(info.ModTime()) > keepReplies {
			os.Remove(filepath.Join(s.CacheDir, e.Name()))
		}
	}
}
