package series

import "github.com/kprep/kprep/gitrepo"

// RepoOf is the repository of a series, for tests that go on with it.
func RepoOf(s *Series) *gitrepo.Repo { return s.repo }
