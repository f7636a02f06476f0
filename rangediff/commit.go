package rangediff

// A Commit is one commit of a range as range-diff sees it.
type Commit struct {
	ID string // full object id
	// Short and Subject are for headings alone; ParseLog leaves them empty.
	Short   string // id as abbreviated by git
	Subject string // first paragraph of the message as one line
	// Text is author, message, notes and patch. Every line of it ends in a
	// newline. It has no dates, ids, line numbers or blob ids.
	Text []byte
	// DiffAt is where the patch begins in Text; 0 for a commit that changes
	// no file, whose whole text then stands for the patch.
	DiffAt int
	// DiffLines counts the lines of the patch without the empty ones between
	// files; 0 for a commit that changes no file.
	DiffLines int
	// Files are the names of the files that the patch is about, in its order,
	// old names of renamed ones too. A name may be there twice.
	Files []string
	// Submodules reports that the commit touches submodules; it is only known
	// when git log was asked for --raw too.
	Submodules bool
}

// Diff is the patch alone, by which commits are paired.
func (c *Commit) Diff() []byte { return c.Text[c.DiffAt:] }
