package inbox

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Files is the source that an mbox, a Maildir or a folder of messages is. It is
// read once; the copies of messages that an answer holds are read again.
type Files struct {
	Path     string
	Tracking Tracking

	mu       sync.Mutex
	messages []*Message // all of them, without bytes
}

// Name is the path.
func (f *Files) Name() string { return f.Path }

// Remote is false.
func (f *Files) Remote() bool { return false }

// Find implements [Source].
func (f *Files) Find(ctx context.Context, q Query, broken func(error)) (Answer, error) {
	answer, err := f.find(ctx, q, broken)
	if err != nil && ctx.Err() == nil && f.forget() { // a mail program moved what was read before
		answer, err = f.find(ctx, q, broken)
	}
	return answer, err
}

func (f *Files) find(ctx context.Context, q Query, broken func(error)) (Answer, error) {
	all, err := f.index(ctx, broken)
	if err != nil {
		return Answer{}, err
	}
	answer := Answer{AsOf: lastChange(f.Path)}
	chosen := q.Select(all)
	raw, err := Read(ctx, chosen)
	if err != nil {
		return Answer{}, err
	}
	for i, m := range chosen {
		whole := *m
		whole.Raw = raw[i]
		answer.Messages = append(answer.Messages, &whole)
	}
	return answer, nil
}

// index reads everything, or remembers it. Of a file that breaks off, such as a
// compressed one that was not copied to its end, what is there counts.
func (f *Files) index(ctx context.Context, broken func(error)) ([]*Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.messages == nil {
		all, err := indexAll(ctx, f.Path, f.Tracking, broken)
		if err != nil && len(all) > 0 && ctx.Err() == nil {
			broken(&MailError{File: f.Path, Err: err})
			err = nil
		}
		if err != nil {
			return nil, err
		}
		f.messages = all
	}
	return f.messages, nil
}

// forget is true when there was something to forget.
func (f *Files) forget() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	known := f.messages != nil
	f.messages = nil
	return known
}

// lastChange is when mail last came into a file or a Maildir.
func lastChange(path string) time.Time {
	var last time.Time
	for _, name := range []string{path, filepath.Join(path, "new"), filepath.Join(path, "cur")} {
		if info, err := os.Stat(name); err == nil && info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}
