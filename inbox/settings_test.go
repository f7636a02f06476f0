package inbox_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/internal/archivetest"
)

type config map[string][]string

func (c config) All(key string) []string { return c[key] }
func (c config) Get(key string) (string, bool) {
	values := c[key]
	if len(values) == 0 {
		return "", false
	}
	return values[len(values)-1], true
}
func (c config) Bool(key string, def bool) (bool, error) {
	switch v, ok := c.Get(key); {
	case !ok:
		return def, nil
	case v == "true", v == "false":
		return v == "true", nil
	default:
		return false, fmt.Errorf("%s: %q is no boolean", key, v)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	must(t, archivetest.WriteMirror(filepath.Join(dir, "list"), [][]byte{mail("a", "x")}))
	must(t, archivetest.WriteMaildir(filepath.Join(dir, "maildir"), nil))
	for _, tc := range []struct {
		why    string
		config config
		want   string // "" for an error
	}{
		{"nothing leads to a network", config{}, "fresh 10m0s"},
		{"in order", config{"kprep.archive": {"mbox", "https://lore.kernel.org", "list", "maildir", ""}},
			"files mbox; servers https://lore.kernel.org/all/; mirror list; files maildir; fresh 10m0s"},
		{"servers that keep the same lists", config{"kprep.archive": {"https://a.example.org/l  https://b.example.org/l/"}},
			"servers https://a.example.org/l/ https://b.example.org/l/; fresh 10m0s"},
		{"of lore the other servers", config{"kprep.archive": {"https://lore.kernel.org/git/", "https://a.example.org/l"}, "lore.fallback": {"https://tor.lore.kernel.org", "https://b.example.org/x"}},
			"servers https://lore.kernel.org/git/ https://tor.lore.kernel.org/git/ https://b.example.org/x/; servers https://a.example.org/l/; fresh 10m0s"},
		{"b4's masks", config{"kprep.archive": {"mbox"}, "b4.midmask": {"https://lore.kernel.org/all/%s"}, "b4.searchmask": {"https://lore.kernel.org/all/?x=m&q=%s"}},
			"files mbox; servers https://lore.kernel.org/all/; fresh 10m0s"},
		{"a mask that is configured already", config{"kprep.archive": {"https://lore.kernel.org/all"}, "b4.midmask": {"https://lore.kernel.org/%s"}},
			"servers https://lore.kernel.org/all/; fresh 10m0s"},
		{"a search elsewhere", config{"b4.midmask": {"https://a.example.org/l/%s"}, "b4.searchmask": {"https://b.example.org/l/?x=m&q=%s"}},
			"servers https://a.example.org/l/; servers https://b.example.org/l/; fresh 10m0s"},
		{"b4's cache", config{"b4.cache-expire": {"3"}}, "fresh 3m0s"},
		{"kprep's own", config{"b4.cache-expire": {"3"}, "kprep.archive-fresh": {"0"}}, "fresh 0s"},
		{"time limits", config{"kprep.archive": {"https://a.example.org/l"}, "lore.requesttimeout": {"1.5,20"}, "kprep.archive-timeout": {"60"}, "kprep.offline": {"true"}, "lore.useragentplus": {"me"}},
			"servers https://a.example.org/l/ offline 1.5s 20s 1m0s 1m0s kprep me; fresh 10m0s"},
		{"http", config{"kprep.archive": {"http://lore.kernel.org/all"}}, ""},
		{"another scheme", config{"kprep.archive": {"imaps://example.org/INBOX"}}, ""},
		{"a mask by http", config{"b4.midmask": {"http://lore.kernel.org/all/%s"}}, ""},
		{"a fallback by http", config{"kprep.archive": {"https://lore.kernel.org/all"}, "lore.fallback": {"http://b.example.org"}}, ""},
		{"no number", config{"kprep.archive-fresh": {"soon"}}, ""},
		{"no time", config{"lore.requesttimeout": {"0,5"}}, ""},
		{"the fastest first", config{"kprep.archive": {"https://a.example.org/l"}, "kprep.offline": {"true"}, "lore.autoprobe": {"true"}, "lore.probettl": {"60"}},
			"servers https://a.example.org/l/ offline 5s 30s 2m0s 5m0s kprep probe 5s 1m0s; fresh 10m0s"},
		{"no boolean about that", config{"lore.autoprobe": {"perhaps"}}, ""},
		{"no time for that", config{"lore.autoprobe": {"true"}, "lore.probetimeout": {"-1"}}, ""},
		{"too long a time", config{"kprep.archive-timeout": {"5,4000"}}, ""},
		{"no boolean", config{"kprep.offline": {"perhaps"}}, ""},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			s, err := inbox.ReadSettings(tc.config)
			var a *inbox.Archive
			if err == nil {
				a, err = s.Open(inbox.Surroundings{Path: func(name string) string { return filepath.Join(dir, name) }, CacheDir: filepath.Join(dir, "cache"), Now: time.Now(), Program: "kprep"})
			}
			if tc.want == "" {
				if err == nil {
					t.Error("taken")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, source := range a.Sources {
				switch s := source.(type) {
				case *inbox.Files:
					words = append(words, "files "+strings.TrimPrefix(s.Path, dir+"/"))
				case *inbox.Mirror:
					words = append(words, "mirror "+strings.TrimPrefix(s.Dir, dir+"/"))
				case *inbox.Servers:
					word := "servers " + strings.Join(s.URLs, " ")
					if s.Offline {
						word += fmt.Sprintf(" offline %v %v %v %v %s", s.Timeouts.Connect, s.Timeouts.Read, s.Timeouts.Request, s.Timeouts.Look, s.Agent)
					}
					if s.Probe != nil {
						word += fmt.Sprintf(" probe %v %v", s.Probe.Timeout, s.Probe.TTL)
					}
					words = append(words, word)
				}
			}
			if got := strings.Join(append(words, fmt.Sprintf("fresh %v", a.Fresh)), "; "); got != tc.want {
				t.Errorf("got %s\nwant %s", got, tc.want)
			}
		})
	}
}
