package project

import (
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// The keys that remember, in the repository's configuration, what 'kprep init'
// has put there.
const (
	presetKey        = "kprep.init.preset"
	presetProfileKey = "kprep.init.profile"
	recipientsKey    = "kprep.init.to"  // what --to said, one for each list
	adoptedKey       = "kprep.init.set" // "KEY=VALUE", one for each line
)

// adopted is what 'kprep init' took from a preset: the values of each key, in
// order. Keys are in lower case.
type adopted struct {
	preset, profile string
	to              []string
	keys            []string
	values          map[string][]string

	dropped []string // keys that are about to be taken out, and count no more

	local, elsewhere *gitrepo.Config // the repository's own configuration, and all other; nil without keys
}

func readAdopted(user *gitrepo.Config) adopted {
	a := adopted{values: map[string][]string{}}
	a.preset, _ = user.Get(presetKey)
	a.profile, _ = user.Get(presetProfileKey)
	a.to = user.All(recipientsKey)
	for _, line := range user.All(adoptedKey) {
		key, value, ok := strings.Cut(line, "=")
		if key = strings.ToLower(key); !ok {
			continue
		}
		if a.values[key] == nil {
			a.keys = append(a.keys, key)
		}
		a.values[key] = append(a.values[key], value)
	}
	if len(a.keys) > 0 {
		a.local = user.Where(isLocal)
		a.elsewhere = user.Where(func(scope string) bool { return !isLocal(scope) })
	}
	return a
}

func isLocal(scope string) bool { return scope == "local" }

// has says whether the repository's configuration has for a key, in lower case,
// what 'kprep init' put there and nothing else. What the user has changed is the
// user's own.
func (a adopted) has(key string) bool {
	values := a.values[key]
	return len(values) > 0 && slices.Equal(values, a.local.All(key))
}
