package gitrepo

// ParseCommit reads a commit without a repository.
func ParseCommit(data []byte) (*Commit, error) {
	return parseCommit(Object{Kind: "commit", Data: data})
}

// RefsInFiles is what RefValues does without git.
func (r *Repo) RefsInFiles(patterns ...string) (map[string]ID, bool) {
	return r.refsInFiles(patterns...)
}
