package submission

import "time"

// Patience says when the user wants to hear what is waited for. The zero value
// is: never.
type Patience struct {
	After time.Duration // of waiting
	Tell  func(what string)
}

// wait does the work, and tells of it once when it takes long.
func (p Patience) wait(what string, work func() error) error {
	if p.Tell == nil {
		return work()
	}
	done := make(chan error, 1)
	go func() { done <- work() }()
	select {
	case err := <-done:
		return err
	case <-time.After(p.After):
	}
	p.Tell(what)
	return <-done
}
