package gitrepo

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// maxPackedRefs bounds what is read of packed refs; git finds its way in larger
// files without reading them.
const maxPackedRefs = 1 << 20

// refsInFiles answers for RefValues from the files of git's usual ref storage
// (gitrepository-layout(5)), which saves a process: where a pattern is the name
// of a ref, there or not, or matches none. Sure is false where it takes git to
// tell: for symbolic and damaged refs, those of a single work tree, lists of
// refs, another storage.
func (r *Repo) refsInFiles(patterns ...string) (values map[string]ID, sure bool) {
	if len(patterns) == 0 || r.refFiles == nil || !r.refFiles() {
		return nil, false
	}
	values = map[string]ID{}
	var missing []string
	for _, p := range patterns {
		if !shared(p) {
			return nil, false
		}
		id, found, sure := r.looseRef(p)
		if !sure {
			return nil, false
		}
		if found {
			values[p] = id
		} else {
			missing = append(missing, p)
		}
	}
	if len(missing) == 0 {
		return values, true
	}
	// Afterwards, as git does it: refs on their way from files of their own to
	// the packed ones are in both.
	packed, sure := r.packedRefs()
	for _, p := range missing {
		id, found, known := packedRef(packed, p)
		if sure = sure && known && (!found || r.isID(id)); !sure {
			return nil, false
		}
		if found {
			values[p] = id
		}
	}
	return values, true
}

// shared says that the refs that a pattern matches belong to all work trees,
// and that it is not more than a pattern.
func shared(pattern string) bool {
	for _, folder := range []string{"refs/heads/", "refs/tags/", "refs/remotes/", "refs/notes/", "refs/kprep/"} {
		if strings.HasPrefix(pattern, folder) {
			return !strings.Contains(pattern, "..") && !strings.ContainsAny(pattern, "\\[") && !strings.HasSuffix(pattern, ".lock")
		}
	}
	return false
}

// isPattern says that a pattern is not the name of a ref: it has wildcards, or
// is a folder.
func isPattern(p string) bool { return strings.ContainsAny(p, "*?") || strings.HasSuffix(p, "/") }

// looseRef looks for the file of a ref. It is not sure where there is anything
// else, such as what a pattern matches.
func (r *Repo) looseRef(p string) (id ID, found, sure bool) {
	if isPattern(p) {
		matches, err := fs.Glob(os.DirFS(r.CommonDir), strings.TrimSuffix(p, "/"))
		return "", false, err == nil && len(matches) == 0
	}
	file := filepath.Join(r.CommonDir, filepath.FromSlash(p))
	info, err := os.Lstat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, true
	}
	if err != nil || !info.Mode().IsRegular() {
		return "", false, false
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", false, true // into the packed refs, just now
	}
	id = ID(bytes.TrimSuffix(text, []byte("\n")))
	return id, true, err == nil && r.isID(id)
}

func (r *Repo) packedRefs() (text []byte, sure bool) {
	file := filepath.Join(r.CommonDir, "packed-refs")
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, true
	}
	if err != nil || info.Size() > maxPackedRefs {
		return nil, false
	}
	text, err = os.ReadFile(file)
	return text, err == nil
}

// packedRef looks for a ref in packed refs: lines "<id> <name>", below those of
// annotated tags what these lead to. It is not sure where a pattern matches.
func packedRef(packed []byte, p string) (id ID, found, sure bool) {
	if isPattern(p) {
		for line := range bytes.Lines(packed) {
			_, name, _ := strings.Cut(strings.TrimSuffix(string(line), "\n"), " ")
			if matches, err := path.Match(p, name); err != nil || matches || strings.HasSuffix(p, "/") && strings.HasPrefix(name, p) {
				return "", false, false
			}
		}
		return "", false, true
	}
	if bytes.Contains(packed, []byte(" "+p+"/")) { // as a pattern, it matches what is below it
		return "", false, false
	}
	before, _, found := bytes.Cut(packed, []byte(" "+p+"\n"))
	return ID(before[bytes.LastIndexByte(before, '\n')+1:]), found, true
}

// isID says that a text is the id of an object that there can be.
func (r *Repo) isID(id ID) bool { return len(id) == r.Hex() && isHex(string(id)) && id != r.Null() }

// hasRefFiles says that refs are in the files of CommonDir: no other storage
// or place is configured for them.
func (r *Repo) hasRefFiles() bool {
	for _, setting := range r.git.env {
		if strings.HasPrefix(setting, "GIT_REFERENCE_BACKEND=") {
			return false
		}
	}
	config, err := r.Config()
	if err != nil {
		return false
	}
	storage, other := config.Get("extensions.refstorage")
	return !other || storage == "files"
}
