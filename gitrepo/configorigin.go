package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// A ConfigOrigin is one line of git configuration and where it stands.
type ConfigOrigin struct {
	Key    string // section and variable name in lower case, the subsection exact
	Value  string
	Scope  string // system, global, local, worktree or command
	Origin string // as git says it: "file:PATH", "command line:" …
	IsNull bool   // the key stood alone, without "="
}

// ConfigOrigins are the lines of git configuration, in git's order of
// precedence, last wins.
type ConfigOrigins []ConfigOrigin

// Of returns the lines that set key.
func (c ConfigOrigins) Of(key string) ConfigOrigins {
	key = normalKey(key)
	var lines ConfigOrigins
	for _, l := range c {
		if l.Key == key {
			lines = append(lines, l)
		}
	}
	return lines
}

// ConfigOrigins reads git configuration as [Repo.Config] has it, with where
// each line stands.
func (r *Repo) ConfigOrigins(ctx context.Context) (ConfigOrigins, error) {
	out, err := r.git.output(ctx, "config", "--list", "--null", "--show-scope", "--show-origin")
	if err != nil {
		return nil, fmt.Errorf("read git configuration: %w", err)
	}
	fields := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
	if len(out) == 0 {
		return nil, nil
	}
	if len(fields)%3 != 0 {
		return nil, fmt.Errorf("git config printed %d fields, which is no multiple of three", len(fields))
	}
	var list ConfigOrigins
	for i := 0; i < len(fields); i += 3 {
		key, value, hasValue := strings.Cut(string(fields[i+2]), "\n")
		list = append(list, ConfigOrigin{Key: key, Value: value, Scope: string(fields[i]), Origin: string(fields[i+1]), IsNull: !hasValue})
	}
	return list, nil
}
