package maildir

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/kprep/kprep/durable"
)

// The files of ours in a Maildir. Mail programs look only into cur, new and tmp.
const (
	recordName = ".kprep-delivered"
	lockName   = ".kprep-lock"
	ending     = ".kprep" // of the names of what we deliver
)

// ErrBusy means that another process delivers into the Maildir.
var ErrBusy = errors.New("another kprep delivers into it")

// ErrNoMaildir means that a folder holds something else.
var ErrNoMaildir = errors.New("it is no Maildir, and not empty")

// A Box is a Maildir that is open for delivery.
type Box struct {
	dir       string
	lock      *flock.Flock
	record    *os.File
	delivered map[string]bool // what is in the names of files
}

// Open locks a Maildir. A folder that is not there, or empty, becomes one. It
// returns ErrBusy or ErrNoMaildir, with the path.
func Open(dir string) (*Box, error) {
	b := &Box{dir: dir, delivered: map[string]bool{}}
	if err := b.prepare(); err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	if err := b.begin(); err != nil {
		b.Close()
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return b, nil
}

// prepare makes the folders.
func (b *Box) prepare() error {
	entries, err := os.ReadDir(b.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	isOurs := func(name string) bool { // as a first run may leave them that was killed
		return name == "cur" || name == "new" || name == "tmp" || name == recordName || name == lockName
	}
	maildir, other := false, false
	for _, e := range entries {
		maildir = maildir || e.Name() == "cur" && isDir(filepath.Join(b.dir, "cur"))
		other = other || !isOurs(e.Name())
	}
	if other && !maildir {
		return ErrNoMaildir
	}
	for _, name := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(b.dir, name), 0o700); err != nil {
			return err
		}
	}
	return nil
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// begin takes the lock, reads what was delivered, and ends what was begun.
func (b *Box) begin() error {
	for _, name := range []string{lockName, recordName} {
		if info, err := os.Lstat(filepath.Join(b.dir, name)); err == nil && !info.Mode().IsRegular() {
			return fmt.Errorf("%s is no file of kprep's", name) // a pipe would keep us waiting, a link may lead anywhere
		}
	}
	b.lock = flock.New(filepath.Join(b.dir, lockName), flock.SetPermissions(0o600))
	if locked, err := b.lock.TryLock(); err != nil {
		return err
	} else if !locked {
		b.lock = nil
		return ErrBusy
	}
	var err error
	if b.record, err = os.OpenFile(filepath.Join(b.dir, recordName), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600); err != nil {
		return err
	}
	if err := durable.Sync(b.dir); err != nil {
		return err
	}
	places, err := b.readRecord()
	if err != nil {
		return err
	}
	for _, folder := range []string{"new", "cur"} { // should the record be lost
		names, err := b.ours(folder)
		if err != nil {
			return err
		}
		for _, name := range names {
			b.delivered[token(name)] = true
		}
	}
	return b.recover(places)
}

// readRecord reads the places of all that was delivered, by the names in tmp.
// A line that was cut off counts for nothing: what it was about stays to be
// delivered.
func (b *Box) readRecord() (places map[string]string, err error) {
	places = map[string]string{}
	whole := int64(0)
	for lines := bufio.NewReader(b.record); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		whole += int64(len(line))
		name, place, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if ok && isPlace(name, place) {
			places[name] = place
			b.delivered[token(name)] = true
		}
	}
	return places, b.record.Truncate(whole)
}

// isPlace says whether a line of the record can be one of ours.
func isPlace(name, place string) bool {
	return strings.HasSuffix(name, ending) && !strings.ContainsAny(name, "/\x00") && (place == "new/"+name || place == "cur/"+name+seenFlag)
}

// recover ends deliveries that were cut off: what is on record goes to its place,
// and the rest was not delivered.
func (b *Box) recover(places map[string]string) error {
	names, err := b.ours("tmp")
	if err != nil {
		return err
	}
	for _, name := range names {
		from := filepath.Join(b.dir, "tmp", name)
		if place := places[name]; place != "" {
			err = os.Rename(from, filepath.Join(b.dir, filepath.FromSlash(place)))
		} else {
			err = os.Remove(from)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// ours are the names of our files in a folder.
func (b *Box) ours(folder string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(b.dir, folder))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, _, _ := strings.Cut(e.Name(), ":"); strings.HasSuffix(name, ending) && e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// nameOf is the name of the file of a message, which is always the same.
func nameOf(id string, date time.Time) string {
	sum := sha256.Sum256([]byte(id))
	return fmt.Sprintf("%d.%s%s", max(0, date.Unix()), hex.EncodeToString(sum[:16]), ending)
}

// token is what tells a message in the name of its file.
func token(name string) string {
	_, rest, _ := strings.Cut(name, ".")
	sum, _, _ := strings.Cut(rest, ".")
	return sum
}

// Has says whether a message was delivered before, whatever became of it since.
func (b *Box) Has(id string) bool { return b.delivered[token(nameOf(id, time.Time{}))] }

// Deliver puts a message in, by its message-id once; seen is true of one that
// need not be read any more. It is there, for good, when Deliver returns. After an
// error the Maildir has to be opened again.
func (b *Box) Deliver(id string, date time.Time, raw []byte, seen bool) error {
	if b.Has(id) {
		return nil
	}
	name := nameOf(id, date)
	place := "new/" + name
	if seen {
		place = "cur/" + name + seenFlag
	}
	if err := b.write(name, raw); err != nil {
		return err
	}
	// From here on it counts as delivered: if we die, recover does the rest.
	if _, err := fmt.Fprintf(b.record, "%s %s\n", name, place); err != nil {
		return err
	}
	if err := b.record.Sync(); err != nil {
		return err
	}
	b.delivered[token(name)] = true
	to := filepath.Join(b.dir, filepath.FromSlash(place))
	if err := os.Rename(filepath.Join(b.dir, "tmp", name), to); err != nil {
		return err
	}
	return durable.Sync(filepath.Dir(to))
}

func (b *Box) write(name string, raw []byte) error {
	file, err := os.OpenFile(filepath.Join(b.dir, "tmp", name), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(raw)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return durable.Sync(filepath.Join(b.dir, "tmp"))
}

// Close gives the Maildir up to others.
func (b *Box) Close() error {
	var errs []error
	if b.record != nil {
		errs = append(errs, b.record.Close())
	}
	if b.lock != nil {
		errs = append(errs, b.lock.Unlock())
	}
	return errors.Join(errs...)
}
