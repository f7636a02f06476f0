package gitrepo

import (
	"fmt"
	"iter"
)

// maxAhead bounds how many commits are asked for at once: the questions have to
// fit into a pipe of any size, since nobody reads answers while they are asked.
const maxAhead = 32

// FirstParents walks from the commit that rev names down along first parents,
// to the root or as long as the caller wants. Its last pair is an error of
// [Repo.Commit] when a commit cannot be read, as where a shallow clone ends.
//
// More and more commits are read ahead, so that a long walk does not wait for
// git at each step.
func (r *Repo) FirstParents(rev string) iter.Seq2[*Commit, error] {
	return func(yield func(*Commit, error) bool) {
		var line []*Commit
		ahead := 1
		c, err := r.Commit(rev)
		for err == nil {
			if !yield(c, nil) || len(c.Parents) == 0 {
				return
			}
			if len(line) == 0 {
				line = r.below(c.ID, ahead)
				ahead = min(2*ahead, maxAhead)
			}
			// Where git counts generations otherwise than the commits do, as it
			// does with grafts, the commits count.
			if len(line) > 0 && line[0].ID == c.Parents[0] {
				c, line = line[0], line[1:]
			} else {
				line = nil
				c, err = r.Commit(string(c.Parents[0]))
			}
		}
		yield(nil, err)
	}
}

// below reads the commits that come below one, at most n; fewer where something
// is in the way, which whoever asks for the next one learns.
func (r *Repo) below(id ID, n int) []*Commit {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("%s~%d", id, i+1)
	}
	r.objectsMu.Lock()
	defer r.objectsMu.Unlock()
	if r.objects == nil {
		return nil
	}
	var line []*Commit
	if r.objects.ask(names...) != nil {
		return nil
	}
	ended := false
	for _, name := range names { // all answers have to be read
		obj, err := r.objects.answer(name)
		if err != nil && !isMissing(err) {
			r.objects.close()
			r.objects = nil
			return line
		}
		if ended = ended || err != nil; ended {
			continue
		}
		c, err := parseCommit(obj)
		if ended = err != nil; !ended {
			line = append(line, c)
		}
	}
	return line
}
