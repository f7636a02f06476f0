package archive

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/gitrepo"
)

// Dir is where archives are kept, by the rules of XDG:
// $XDG_DATA_HOME/kprep/archive. It need not exist yet.
func Dir(getenv func(string) string) (string, error) {
	data := getenv("XDG_DATA_HOME")
	if !filepath.IsAbs(data) {
		home := getenv("HOME")
		if home == "" {
			return "", errors.New("neither XDG_DATA_HOME nor HOME says where archives are kept")
		}
		data = filepath.Join(home, ".local", "share")
	}
	return filepath.Join(data, "kprep", "archive"), nil
}

// A WriteError means that no archive could be written.
type WriteError struct {
	Dir string
	Err error
}

func (e *WriteError) Error() string { return fmt.Sprintf("write an archive into %s: %v", e.Dir, e.Err) }
func (e *WriteError) Unwrap() error { return e.Err }

// write makes the archive of a series in dir and returns the file's name: it
// is whole, on the disk, and has been read back.
func (r *Removal) write(ctx context.Context, dir string, now time.Time) (file string, err error) {
	defer func() {
		if err != nil && ctx.Err() == nil {
			err = &WriteError{Dir: dir, Err: err}
		}
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	sweep(dir, writing, now)
	work, err := os.MkdirTemp(dir, writing)
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	p := &packer{r: r, now: now, bundle: filepath.Join(work, "bundle")}
	if err := p.createBundle(ctx); err != nil {
		return "", err
	}
	packed := filepath.Join(work, "archive")
	if err := p.pack(ctx, packed); err != nil {
		return "", err
	}
	if err := r.verify(packed, filepath.Join(work, "read-back")); err != nil {
		return "", fmt.Errorf("reading it back: %w", err)
	}
	return install(packed, dir, r.Series.Tracking.ChangeID)
}

// A packer writes the entries of one archive.
type packer struct {
	r      *Removal
	now    time.Time
	bundle string // the file; "" when there is nothing to bundle
	out    *tar.Writer
}

func (p *packer) createBundle(ctx context.Context) error {
	s := p.r.Series
	bases := []gitrepo.ID{s.Base}
	refs := []string{s.Branch}
	for _, tag := range p.r.Tags {
		refs = append(refs, tag.Name)
		if base := s.SentBase(tag); base != "" {
			bases = append(bases, base)
		}
	}
	without, err := p.r.repo.Prerequisites(ctx, s.Name(), bases)
	if err != nil {
		return err
	}
	made, err := p.r.repo.CreateBundle(ctx, p.bundle, refs, without)
	if err != nil || !made {
		p.bundle = ""
		return err
	}
	return p.r.checkHeads(ctx, p.bundle)
}

// checkHeads makes sure that no ref of a bundle moved since it was read.
func (r *Removal) checkHeads(ctx context.Context, bundle string) error {
	heads, err := r.repo.BundleHeads(ctx, bundle)
	if err != nil {
		return err
	}
	for _, ref := range r.refs() {
		if got, there := heads[ref.Name]; there && got != ref.Object {
			return &gitrepo.RefChangedError{Name: ref.Name, Want: ref.Object, Got: got}
		}
	}
	return nil
}

func (p *packer) pack(ctx context.Context, file string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	zip := gzip.NewWriter(f)
	p.out = tar.NewWriter(zip)
	return errors.Join(p.entries(ctx), p.out.Close(), zip.Close(), f.Sync(), f.Close())
}

func (p *packer) entries(ctx context.Context) error {
	s := p.r.Series
	for _, e := range []struct {
		name string
		text []byte
	}{
		{entryRefs, formatRefs(s.Storage, gitrepo.Ref{Name: s.Branch, Object: s.Tip}, p.r.Tags)},
		{entryTracking, s.Tracking.JSON()},
		{entryCover, []byte(s.Text + "\n")},
		{entryConfig, []byte(p.r.config)},
	} {
		if err := p.add(e.name, e.text); err != nil {
			return err
		}
	}
	if err := p.addBundle(); err != nil {
		return err
	}
	for _, e := range []struct {
		name string
		text []byte
	}{{entryState, p.r.state}, {entrySeen, p.r.seen}} {
		if e.text == nil {
			continue
		}
		if err := p.add(e.name, e.text); err != nil {
			return err
		}
	}
	if err := p.addNotes(ctx); err != nil {
		return err
	}
	if err := p.addJournals(ctx); err != nil {
		return err
	}
	if err := p.addMailbox(ctx, entryPatches, s.Start(), s.End()); err != nil {
		return err
	}
	return p.addSent(ctx)
}

// addSent adds the text of every sent tag, and its patches where the tag says
// on what they apply.
func (p *packer) addSent(ctx context.Context) error {
	sent, err := p.r.Series.Sent(ctx)
	if err != nil {
		return err
	}
	for _, rev := range sent {
		obj, err := p.r.repo.Read(string(rev.Object))
		if err != nil {
			return err
		}
		_, text, _ := bytes.Cut(obj.Data, []byte("\n\n"))
		if err := p.add(fmt.Sprintf("sent/v%d.cover", rev.Revision), text); err != nil {
			return err
		}
		base := p.r.Series.SentBase(gitrepo.Ref{Object: rev.Object})
		if base == "" {
			continue
		}
		if err := p.addMailbox(ctx, fmt.Sprintf("sent/v%d.mbx", rev.Revision), base, rev.Tip); err != nil {
			return err
		}
	}
	return nil
}

func (p *packer) addMailbox(ctx context.Context, name string, from, to gitrepo.ID) error {
	text, err := p.r.repo.Mailbox(ctx, from, to)
	if err != nil {
		return err
	}
	return p.add(name, text)
}

func (p *packer) addBundle() error {
	if p.bundle == "" {
		return nil
	}
	f, err := os.Open(p.bundle)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := p.header(entryBundle, info.Size()); err != nil {
		return err
	}
	_, err = io.Copy(p.out, f)
	return err
}

func (p *packer) add(name string, text []byte) error {
	if err := p.header(name, int64(len(text))); err != nil {
		return err
	}
	_, err := p.out.Write(text)
	return err
}

func (p *packer) header(name string, size int64) error {
	return p.out.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: p.r.Series.Tracking.ChangeID + "/" + name,
		Size: size, Mode: 0o600, ModTime: p.now.Truncate(time.Second)})
}

// verify reads what was written as a restore would.
func (r *Removal) verify(file, into string) error {
	a, err := read(file, into)
	if err != nil {
		return err
	}
	if _, _, err := a.planJournals(r.repo, into); err != nil {
		return err
	}
	if got, want := formatRefs(a.Storage, a.Branch, a.Tags), formatRefs(r.Series.Storage, r.branch(), r.Tags); string(got) != string(want) {
		return fmt.Errorf("it holds %q, not %q", got, want)
	}
	return nil
}

// install gives the archive its name, which no other has: the second of a
// series gets a number.
func install(packed, dir, changeID string) (string, error) {
	for n := 1; ; n++ {
		name := changeID + ".tar.gz"
		if n > 1 {
			name = fmt.Sprintf("%s.%d.tar.gz", changeID, n)
		}
		file := filepath.Join(dir, name)
		// The empty file holds the name; a rename alone would overwrite.
		held, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		err = held.Close()
		if err == nil {
			err = os.Rename(packed, file)
		}
		if err == nil {
			err = durable.Sync(dir)
		}
		if err != nil {
			os.Remove(file)
			return "", err
		}
		return file, nil
	}
}

// Names of what is being made: a kprep that is killed leaves it.
const (
	writing   = ".writing-"
	restoring = ".restore-"
)

// sweep takes away what was left in a folder more than a day ago.
func sweep(dir, prefix string, now time.Time) {
	left, _ := filepath.Glob(filepath.Join(dir, prefix+"*"))
	for _, path := range left {
		if info, err := os.Lstat(path); err == nil && info.ModTime().Before(now.Add(-24*time.Hour)) {
			os.RemoveAll(path) // a folder that cannot be written shows soon enough
		}
	}
}
