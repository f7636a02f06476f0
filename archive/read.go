package archive

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/series"
)

// A DamagedError reports a file that is no archive of kprep's, or none any
// more.
type DamagedError struct {
	File string
	Err  error
}

func (e *DamagedError) Error() string {
	return fmt.Sprintf("%s is no archive of a series: %v", e.File, e.Err)
}
func (e *DamagedError) Unwrap() error { return e.Err }

// What a stranger's file may make us read. A pack is compressed already, and
// of text gzip seldom makes less than a twentieth; writing makes sure of it.
const (
	maxSmall   = 4 << 20   // of an entry that is read into memory
	maxFree    = 256 << 20 // of all entries together, whatever the file's size
	maxRatio   = 20        // and for each byte of the file
	maxEntries = 50_000    // fifty messages in each of a thousand journals
)

// errTooLarge means that a file unpacks to more than a series needs.
var errTooLarge = errors.New("it would unpack to an unreasonable size")

// read reads an archive. Bundle and journals are unpacked into the empty
// folder into, under the names they have in the archive; with "" only the
// entries in front of them are read.
func read(file, into string) (*Archive, error) {
	info, err := os.Stat(file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait
		return nil, &DamagedError{File: file, Err: errors.New("not a regular file")}
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	a := &Archive{File: file, Size: info.Size()}
	if err := a.unpack(f, into); err != nil {
		return nil, &DamagedError{File: file, Err: err}
	}
	return a, nil
}

func (a *Archive) unpack(f io.Reader, into string) error {
	plain, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	limited := &boundedReader{r: plain, left: maxFree + maxRatio*a.Size}
	small, folder := map[string][]byte{}, ""
	seen := map[string]bool{}
	for entries := tar.NewReader(limited); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if h.Size > limited.left { // a sparse one takes nothing in the file
			return fmt.Errorf("the entry %q is %d bytes: %w", h.Name, h.Size, errTooLarge)
		}
		name, err := entryName(h, &folder)
		if err != nil {
			return err
		}
		if name == "" {
			continue
		}
		if seen[name] {
			return fmt.Errorf("it holds %q twice", name)
		}
		if seen[name] = true; len(seen) > maxEntries {
			return fmt.Errorf("it holds more than %d files: %w", maxEntries, errTooLarge)
		}
		switch name {
		case entryRefs, entryTracking, entryCover, entryConfig, entryState, entrySeen, entryNotes:
			a.When = h.ModTime
			if small[name], err = readSmall(entries, h); err != nil {
				return err
			}
			continue
		}
		if into == "" {
			break // what a list shows comes first
		}
		if err := a.extract(into, name, entries); err != nil {
			return err
		}
	}
	return a.parse(folder, small)
}

// extract unpacks what a restore needs as a file. Names are those of
// [entryName], and lead nowhere else.
func (a *Archive) extract(into, name string, data io.Reader) error {
	if m := journalEntry().FindStringSubmatch(name); m != nil {
		if !slices.Contains(a.journals, m[1]) {
			a.journals = append(a.journals, m[1])
		}
	} else if name != entryBundle {
		return nil
	}
	path := filepath.Join(into, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, data)
	if err == nil {
		err = f.Sync()
	}
	return errors.Join(err, f.Close())
}

// entryName returns the name of an entry below the change-id, "" for a
// folder. All entries lie in one folder, and are files that kprep writes.
func entryName(h *tar.Header, folder *string) (string, error) {
	dir, name, _ := strings.Cut(h.Name, "/")
	if err := coverletter.CheckChangeID(dir); err != nil {
		return "", fmt.Errorf("the entry %q: %w", h.Name, err)
	}
	if *folder == "" {
		*folder = dir
	}
	if dir != *folder {
		return "", fmt.Errorf("the entry %q is outside of the folder %q", h.Name, *folder)
	}
	if h.Typeflag == tar.TypeDir && (name == "" || name == "sent/") {
		return "", nil
	}
	if h.Typeflag != tar.TypeReg {
		return "", fmt.Errorf("the entry %q is no file", h.Name)
	}
	known := []string{entryRefs, entryTracking, entryCover, entryConfig, entryBundle, entryState, entrySeen, entryNotes, entryPatches}
	if !slices.Contains(known, name) && !sentEntry().MatchString(name) && !journalEntry().MatchString(name) {
		return "", fmt.Errorf("the entry %q is none of kprep's", h.Name)
	}
	return name, nil
}

func readSmall(entries io.Reader, h *tar.Header) ([]byte, error) {
	if h.Size > maxSmall {
		return nil, fmt.Errorf("the entry %q is %d bytes: %w", h.Name, h.Size, errTooLarge)
	}
	return io.ReadAll(entries)
}

func (a *Archive) parse(folder string, small map[string][]byte) error {
	for _, name := range []string{entryRefs, entryTracking, entryCover} {
		if _, there := small[name]; !there {
			return fmt.Errorf("it holds no %s", name)
		}
	}
	var err error
	if a.Tracking, err = coverletter.ParseTracking(small[entryTracking]); err != nil {
		return fmt.Errorf("%s: %w", entryTracking, err)
	}
	if a.ChangeID() != folder {
		return fmt.Errorf("it is in the folder %q, and of the series %s", folder, a.ChangeID())
	}
	if err := a.parseRefs(small[entryRefs]); err != nil {
		return fmt.Errorf("%s: %w", entryRefs, err)
	}
	a.Cover, a.config, a.seen = string(small[entryCover]), small[entryConfig], small[entrySeen]
	if a.state = small[entryState]; a.state != nil {
		if err := series.CheckState(a.state); err != nil {
			return fmt.Errorf("%s: %w", entryState, err)
		}
	}
	if err := a.parseNotes(small[entryNotes]); err != nil {
		return fmt.Errorf("%s: %w", entryNotes, err)
	}
	return a.checkTags()
}

// A boundedReader fails once more was read than a file may hold.
type boundedReader struct {
	r    io.Reader
	left int64
}

func (b *boundedReader) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
