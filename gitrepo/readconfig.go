package gitrepo

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ReadConfigFile reads a file in the syntax of git's configuration, what it
// includes, and the overrides of opts, which come last; no other configuration
// of any user or repository. The file has to be there.
func ReadConfigFile(ctx context.Context, opts Options, file string) (*Config, error) {
	file, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(file); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	} else if info.IsDir() {
		return nil, fmt.Errorf("read the configuration: %s is a directory", file)
	}
	env := opts.Env
	if len(env) == 0 {
		env = os.Environ()
	}
	var neutral []string
	for _, setting := range env {
		if !strings.HasPrefix(setting, "GIT_") {
			neutral = append(neutral, setting)
		}
	}
	// A directory that cannot be a repository keeps git from finding one.
	neutral = append(neutral, "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+file, "GIT_DIR="+os.DevNull+"/none")
	out, err := newRunner("", neutral, opts.Config).output(ctx, "config", "--list", "--null", "--show-scope")
	if err != nil {
		return nil, fmt.Errorf("read the configuration %s: %w", file, err)
	}
	return parseConfig(out)
}

// ReadUserConfig reads the configuration that git has in a directory, which need
// not be in a repository.
func ReadUserConfig(ctx context.Context, dir string, opts Options) (*Config, error) {
	out, err := newRunner(dir, opts.Env, opts.Config).output(ctx, "config", "--list", "--null", "--show-scope")
	if err != nil {
		return nil, fmt.Errorf("read git configuration: %w", err)
	}
	return parseConfig(out)
}
