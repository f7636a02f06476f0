package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A Config is git configuration as git itself merged it: all scopes,
// includes, the environment and the -c overrides.
type Config struct {
	entries []configEntry
	index   map[string][]int // key -> entries, in order
}

type configEntry struct {
	key    string
	value  string
	isNull bool   // the key stood alone, without "="
	scope  string // system, global, local, worktree, command
}

func (r *Repo) readConfig(ctx context.Context) (*Config, error) {
	out, err := r.git.output(ctx, "config", "--list", "--null", "--show-scope")
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 128 {
		return nil, &ConfigReadError{Reason: ge.reason()}
	}
	if err != nil {
		return nil, fmt.Errorf("read git configuration: %w", err)
	}
	return parseConfig(out)
}

// A ConfigReadError reports configuration that git cannot read, or values for it
// from the command line or the environment.
type ConfigReadError struct{ Reason string }

func (e *ConfigReadError) Error() string { return "read git configuration: " + e.Reason }

// ConfigFromCommit reads a file in git configuration syntax out of a commit.
// It returns nil when the commit has no such file. Includes are not followed.
func (r *Repo) ConfigFromCommit(ctx context.Context, commit ID, path string) (*Config, error) {
	blob := string(commit) + ":" + path
	if _, err := r.object(blob); err != nil {
		if isMissing(err) {
			return nil, nil
		}
		return nil, err
	}
	out, err := r.git.output(ctx, "config", "--blob="+blob, "--no-includes", "--list", "--null", "--show-scope")
	if err != nil {
		return nil, fmt.Errorf("read %s of commit %.12s: %w", path, commit, err)
	}
	return parseConfig(out)
}

// parseConfig reads the records "scope NUL key LF value NUL".
func parseConfig(out []byte) (*Config, error) {
	c := &Config{index: map[string][]int{}}
	fields := bytes.Split(bytes.TrimSuffix(out, []byte{0}), []byte{0})
	if len(out) == 0 {
		return c, nil
	}
	if len(fields)%2 != 0 {
		return nil, fmt.Errorf("git config printed %d fields, an odd number", len(fields))
	}
	for i := 0; i < len(fields); i += 2 {
		key, value, hasValue := strings.Cut(string(fields[i+1]), "\n")
		c.index[key] = append(c.index[key], len(c.entries))
		c.entries = append(c.entries, configEntry{key: key, value: value, isNull: !hasValue, scope: string(fields[i])})
	}
	return c, nil
}

// normalKey lower-cases section and variable name; the subsection is exact.
func normalKey(key string) string {
	first, last := strings.IndexByte(key, '.'), strings.LastIndexByte(key, '.')
	if first < 0 {
		return strings.ToLower(key)
	}
	return strings.ToLower(key[:first]) + key[first:last] + strings.ToLower(key[last:])
}

// Get returns the value of key that counts, the last one. A key that stands
// alone, without "=", has no value here: git gives it a meaning for booleans
// only, see [Config.Bool].
func (c *Config) Get(key string) (string, bool) {
	at := c.index[normalKey(key)]
	for i := len(at) - 1; i >= 0; i-- {
		if e := c.entries[at[i]]; !e.isNull {
			return e.value, true
		}
	}
	return "", false
}

// All returns every value of key, in git's order of precedence, last wins.
func (c *Config) All(key string) []string {
	var values []string
	for _, i := range c.index[normalKey(key)] {
		if e := c.entries[i]; !e.isNull {
			values = append(values, e.value)
		}
	}
	return values
}

// Bool reads key as git reads booleans. Without the key it returns def.
func (c *Config) Bool(key string, def bool) (bool, error) {
	at := c.index[normalKey(key)]
	if len(at) == 0 {
		return def, nil
	}
	e := c.entries[at[len(at)-1]]
	if e.isNull {
		return true, nil
	}
	switch strings.ToLower(e.value) {
	case "true", "yes", "on":
		return true, nil
	case "false", "no", "off", "":
		return false, nil
	}
	if n, err := strconv.Atoi(e.value); err == nil {
		return n != 0, nil
	}
	return def, fmt.Errorf("configuration %s: %q is not a boolean", key, e.value)
}

// Scope says where the value of key that counts was set: "system", "global",
// "local", "worktree" or "command"; "" when it is not set.
func (c *Config) Scope(key string) string {
	at := c.index[normalKey(key)]
	if len(at) == 0 {
		return ""
	}
	return c.entries[at[len(at)-1]].scope
}

// Where returns the lines whose scope is wanted, as a configuration of its own.
func (c *Config) Where(wanted func(scope string) bool) *Config {
	some := &Config{index: map[string][]int{}}
	for _, e := range c.entries {
		if wanted(e.scope) {
			some.index[e.key] = append(some.index[e.key], len(some.entries))
			some.entries = append(some.entries, e)
		}
	}
	return some
}

// Keys returns every key once, in order of first appearance.
func (c *Config) Keys() []string {
	var keys []string
	for i, e := range c.entries {
		if c.index[e.key][0] == i {
			keys = append(keys, e.key)
		}
	}
	return keys
}

// SetConfig writes one value into the repository's configuration.
func (r *Repo) SetConfig(ctx context.Context, key, value string) error {
	defer r.ForgetConfig()
	_, err := r.git.output(ctx, "config", "--local", "--replace-all", key, value)
	return err
}

// UnsetConfig takes a key out of the repository's configuration. A key that
// is not there is no error.
func (r *Repo) UnsetConfig(ctx context.Context, key string) error {
	defer r.ForgetConfig()
	_, err := r.git.output(ctx, "config", "--local", "--unset-all", key)
	if ge := (*Error)(nil); errors.As(err, &ge) && ge.ExitCode == 5 {
		return nil
	}
	return err
}
