package maintainers

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// A Project is all that an answer depends on.
type Project struct {
	// Tree is the top of the work tree.
	Tree fs.FS
	// Home is the user's home directory, where .get_maintainer.conf and
	// .get_maintainer.ignore may stand; nil for none.
	Home fs.FS
	// Outside opens what a maintainer path that leads out of the tree names,
	// one that is absolute or begins with "~" or "..": a file system and a
	// name in it. nil refuses such paths.
	Outside func(path string) (fs.FS, string, error)
	// Commit returns the message of a commit that a Fixes tag names by
	// 6 to 40 hexadecimal digits, ok being false when there is none. nil
	// means that there is no git repository: Fixes tags add nobody.
	Commit func(name string) (message string, ok bool)
	// Era is the generation to answer like; zero means that of the tree's own
	// script, and New where there is none.
	Era Era
	// Chiefs are people who are left out of an answer, as "Name <address>";
	// nil means those of the tree's own script.
	Chiefs []string
	// Cache keeps what was parsed from one process to the next.
	Cache Cache
}

// A Cache stores bytes under a name, which is a file name in hexadecimal
// digits. Either function may be nil; what Get does not have is nil.
type Cache struct {
	Get func(name string) []byte
	Put func(name string, data []byte)
}

// ScriptPath is where projects keep the script, relative to the top.
const ScriptPath = "scripts/get_maintainer.pl"

// A NotFoundError means that there is no MAINTAINERS file to read.
type NotFoundError struct{ Path string }

func (e *NotFoundError) Error() string { return fmt.Sprintf("no %s here", e.Path) }

// Options returns what holds before a command line is read: the script's
// defaults, changed by the first .get_maintainer.conf found in the top, the home
// directory, and the top's directory .scripts. Errors are an *OptionError, or
// those of reading.
func (p Project) Options() (Options, error) {
	o := Defaults()
	text, err := p.sideFile(".get_maintainer.conf")
	if err != nil {
		return o, err
	}
	var words []string
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words = append(words, strings.Fields(line)...)
	}
	rest, err := o.Parse(words)
	if err == nil && len(rest) > 0 {
		err = &OptionError{Option: rest[0], Reason: "is no option"}
	}
	if option := (*OptionError)(nil); errors.As(err, &option) {
		option.File = ".get_maintainer.conf"
	}
	return o, err
}

// sideFile returns the text of a file that is looked for in three places, "" for
// none.
func (p Project) sideFile(name string) (string, error) {
	for _, place := range []struct {
		fsys fs.FS
		name string
	}{{p.Tree, name}, {p.Home, name}, {p.Tree, ".scripts/" + name}} {
		if place.fsys == nil {
			continue
		}
		text, err := readFile(place.fsys, place.name)
		if err == nil {
			return string(text), nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("read %s: %w", place.name, err)
		}
	}
	return "", nil
}

// Load reads the MAINTAINERS files that the options name and makes an index of
// them. Without any the error is a *NotFoundError.
func Load(p Project, o Options) (*Index, error) {
	script := sync.OnceValue(func() []byte {
		text, _ := readFile(p.Tree, ScriptPath)
		return text
	})
	ix := &Index{project: p, era: p.Era, chiefs: p.Chiefs, reader: newPatchReader()}
	if ix.era == 0 {
		ix.era = New
		if text := script(); text != nil {
			ix.era = EraOf(text)
		}
	}
	if p.Chiefs == nil {
		ix.chiefs = chiefsOf(script())
	}
	var err error
	if ix.files, err = readFiles(p, o, ix.era); err != nil {
		return nil, err
	}
	ix.mailmap = sync.OnceValues(func() (mailmap, error) {
		text, err := readFile(p.Tree, ".mailmap")
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return mailmap{}, fmt.Errorf("read .mailmap: %w", err)
		}
		return parseMailmap(ix.era.text(string(text))), nil
	})
	ix.ignored = sync.OnceValues(func() (map[string]bool, error) {
		text, err := p.sideFile(".get_maintainer.ignore")
		return parseIgnored(ix.era.text(text)), err
	})
	ix.yaml = sync.OnceValue(func() *emailFinder { return newEmailFinder(ix.era) })
	ix.restoreOrBuild()
	return ix, nil
}

// readFiles finds and reads the MAINTAINERS files. The order within a directory
// is that of the names, byte by byte.
func readFiles(p Project, o Options, era Era) ([]file, error) {
	fsys, root := p.Tree, "MAINTAINERS"
	if o.MaintainerPath != "" {
		root = path.Clean(o.MaintainerPath)
		if strings.HasPrefix(o.MaintainerPath, "~") || !fs.ValidPath(root) {
			if p.Outside == nil {
				return nil, &NotFoundError{Path: o.MaintainerPath}
			}
			var err error
			if fsys, root, err = p.Outside(o.MaintainerPath); err != nil {
				return nil, err
			}
		}
	}
	info, err := fs.Stat(fsys, root)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &NotFoundError{Path: root}
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", root, err)
	}
	names := []string{root}
	if info.IsDir() {
		if names, err = filesBelow(fsys, root, o.FindMaintainerFiles); err != nil {
			return nil, fmt.Errorf("read %s: %w", root, err)
		}
	}
	var files []file
	for _, name := range names {
		text, err := readFile(fsys, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		files = append(files, file{name: name, text: era.text(string(text))})
	}
	if len(files) == 0 {
		return nil, &NotFoundError{Path: "MAINTAINERS file in " + root}
	}
	return files, nil
}

// filesBelow lists the files of a directory that are not hidden, or with find
// every file of the name MAINTAINERS at any depth, outside of .git.
func filesBelow(fsys fs.FS, root string, find bool) ([]string, error) {
	var names []string
	if !find {
		entries, err := fs.ReadDir(fsys, root)
		for _, e := range entries {
			if !strings.HasPrefix(e.Name(), ".") && !e.IsDir() {
				names = append(names, path.Join(root, e.Name()))
			}
		}
		return names, err
	}
	err := fs.WalkDir(fsys, root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && d.Name() == ".git":
			return fs.SkipDir
		case d.Type().IsRegular() && d.Name() == "MAINTAINERS":
			names = append(names, name)
		}
		return nil
	})
	slices.Sort(names)
	return names, err
}

// parseIgnored reads .get_maintainer.ignore: printed persons, to be compared
// whole. Lines without an address are dropped.
func parseIgnored(text string) map[string]bool {
	ignored := map[string]bool{}
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); strings.Contains(line, "@") {
			ignored[line] = true
		}
	}
	return ignored
}
