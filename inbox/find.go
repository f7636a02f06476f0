package inbox

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/kprep/kprep/patchmail"
)

// A NotFoundError reports a message that is not where it was looked for.
type NotFoundError struct{ ID, Where string }

func (e *NotFoundError) Error() string {
	return fmt.Sprintf("there is no message %q in %s", e.ID, e.Where)
}

// FindSubject looks a message up by its id, without brackets, in whatever
// [Walk] reads, and reads its subject. It returns a *NotFoundError.
func FindSubject(ctx context.Context, path, id string) (patchmail.Subject, error) {
	var found *Message
	err := Walk(ctx, path, func(m Mail) error {
		got, err := Parse(m, func(string) string { return "" })
		if err != nil || got.ID != id {
			return nil
		}
		found = got
		return fs.SkipAll
	}, func(error) {})
	if err == nil && found == nil {
		err = &NotFoundError{ID: id, Where: path}
	}
	if err != nil {
		return patchmail.Subject{}, err
	}
	return found.Subject, nil
}
