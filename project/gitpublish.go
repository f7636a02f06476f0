package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// profileSection is that of git-publish's profiles, as lists of keys have it.
const profileSection = "gitpublishprofile."

// defaultProfile is the one that counts when none is asked for.
const defaultProfile = "default"

// published is the profile of git-publish that counts: kprep.profile, else
// "default". The user's own configuration may hold it, and .gitpublish.
type published struct {
	user, tree *gitrepo.Config // tree is nil when there is no .gitpublish
	profile    string
}

// A ProfileError reports that .gitpublish has no profile of the name that is
// asked for.
type ProfileError struct {
	Profile string
	Known   []string // that there are
	Commit  gitrepo.ID
}

func (e *ProfileError) Error() string {
	return fmt.Sprintf("%s of commit %s has no profile %q; it has %s", publishFile, e.Commit.Short(), e.Profile, strings.Join(e.Known, ", "))
}

func loadPublished(ctx context.Context, repo *gitrepo.Repo, base gitrepo.ID, user *gitrepo.Config) (published, error) {
	p := published{user: user, profile: defaultProfile}
	if name, ok := user.Get("kprep.profile"); ok && name != "" {
		p.profile = name
	}
	if base == "" {
		return p, nil
	}
	var err error
	if p.tree, err = repo.ConfigFromCommit(ctx, base, publishFile); err != nil || p.tree == nil {
		return p, err
	}
	if known := profilesOf(p.tree); p.profile != defaultProfile && !slices.Contains(known, p.profile) && !slices.Contains(profilesOf(user), p.profile) {
		return p, &ProfileError{Profile: p.profile, Known: known, Commit: base}
	}
	return p, nil
}

// profilesOf are the names of the profiles in a configuration, in its order.
func profilesOf(config *gitrepo.Config) []string {
	var names []string
	if config == nil {
		return nil
	}
	for _, key := range config.Keys() {
		rest, ok := strings.CutPrefix(key, profileSection)
		if last := strings.LastIndexByte(rest, '.'); ok && last > 0 && !slices.Contains(names, rest[:last]) {
			names = append(names, rest[:last])
		}
	}
	return names
}

// Profiles are the names of the profiles in the project's .gitpublish, and the
// one that counts; none without the file.
func (s *Settings) Profiles() (names []string, counts string) {
	return profilesOf(s.publish.tree), s.publish.profile
}

// WithProfile is the same settings with another of the project's profiles.
func (s *Settings) WithProfile(name string) *Settings {
	other := *s
	other.publish.profile = name
	return &other
}

// publishKey says which key of a profile stands for a setting, in lower case,
// and how its words are read; "" for none. suppresscc has no setting, see
// [Settings.SuppressCc]; the others are about one run of git-publish, or about
// what kprep does anyway.
func publishKey(setting string) (key string, reads func(string) string) {
	switch setting {
	case "send-series-to":
		return "to", nil
	case "send-series-cc":
		return "cc", nil
	case "send-prefixes":
		return "prefix", withoutPatch
	case "send-auto-cc-cmd":
		return "cccmd", quietly
	case "require-sign-off":
		return "signoff", nil
	}
	return "", nil
}

// withoutPatch takes the word PATCH out of a subject prefix: kprep writes it.
func withoutPatch(prefix string) string {
	words := slices.DeleteFunc(strings.Fields(prefix), func(word string) bool { return word == "PATCH" })
	return strings.Join(words, " ")
}

// quietly takes the redirection off a command line that is for a shell there
// and none here: what a command complains of is shown as a warning.
func quietly(line string) string {
	for _, end := range []string{"2>/dev/null", "2> /dev/null"} {
		if rest, ok := strings.CutSuffix(strings.TrimSpace(line), end); ok {
			return strings.TrimSpace(rest)
		}
	}
	return line
}

// sources are where the profile says a setting: in the user's own
// configuration, and in the file that the project ships.
func (p published) sources(setting string) (own, shipped []source) {
	name, reads := publishKey(setting)
	if name == "" {
		return nil, nil
	}
	key := profileSection + p.profile + "." + name
	own = []source{{config: p.user, key: key, reads: reads}}
	if p.tree != nil {
		shipped = []source{{config: p.tree, key: key, file: publishFile, reads: reads}}
	}
	return own, shipped
}

// SuppressCc is what the profile says of whom trailers do not copy, in the
// words of git's sendemail.suppressCc; the user's own setting of that name
// comes before it.
func (s *Settings) SuppressCc() []string {
	key := profileSection + s.publish.profile + ".suppresscc"
	words := s.publish.user.All(key)
	if words == nil && s.publish.tree != nil {
		words = s.publish.tree.All(key)
	}
	return words
}
