package gitrepo

// ParseCommit reads a commit without a repository.
func ParseCommit(data []byte) (*Commit, error) {
	return parseCommit(Object{Kind: "commit", Data: data})
}
