package submission

import (
	"context"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/maintainers"
	"github.com/kprep/kprep/patchmail"
)

// A Field is where in a message a recipient stands.
type Field string

const (
	To Field = "To"
	Cc Field = "Cc"
)

// A PatchMail is one patch as it would be mailed.
type PatchMail struct {
	Title string // for errors
	Mail  []byte // LF line ends
	Text  []byte // the same without transfer encoding
}

// Found is one sighting of a recipient: who, and who said so about which
// patch.
type Found struct {
	patchmail.Address
	Kind    Field
	Patch   int                  // index into the patches asked about
	Source  string               // the setting's full key, the project's script, or its MAINTAINERS
	Reasons []maintainers.Reason // of an answer from MAINTAINERS
}

// An Answer is who should receive one patch, in order, all To before all Cc.
type Answer struct {
	Found    []Found
	Warnings []Warning
}

// A Warning is a line of an answer that names nobody, or what was complained
// of besides.
type Warning struct {
	Source string
	Line   string // "" for a complaint
	Reason string // safe for a terminal, may have several lines
}

func (w Warning) String() string {
	if w.Line == "" {
		return w.Source + ": " + w.Reason
	}
	return fmt.Sprintf("%s printed %q, which is no address: %s", w.Source, w.Line, w.Reason)
}

// A Finder says who should receive a patch. It is called for several patches
// at once.
type Finder func(ctx context.Context, patch int, p PatchMail) (Answer, error)

// counting tells progress, unless it is nil, about how many of all patches find has
// an answer.
func counting(find Finder, all int, progress func(done, total int)) Finder {
	if progress == nil {
		return find
	}
	var done atomic.Int64
	progress(0, all)
	return func(ctx context.Context, patch int, p PatchMail) (Answer, error) {
		answer, err := find(ctx, patch, p)
		progress(int(done.Add(1)), all)
		return answer, err
	}
}

// Recipients found for all patches together.
type findings struct {
	To, Cc   []patchmail.Address // each once; the first sighting decides where
	Found    []Found             // all sightings, by patch
	Warnings []Warning           // each once
}

// findAll asks find about every patch. What it returns does not depend on
// which answer comes first, and neither does the error: that of the first
// patch that fails. After a failure no more patches are asked about.
func findAll(ctx context.Context, patches []PatchMail, find Finder) (findings, error) {
	answers := make([]Answer, len(patches))
	errs := make([]error, len(patches))
	var failed atomic.Bool
	var group errgroup.Group
	group.SetLimit(runtime.NumCPU())
	for i, p := range patches {
		if failed.Load() || ctx.Err() != nil {
			break
		}
		// Patches start in order and run to their end, so all before one that
		// fails have an answer.
		group.Go(func() error {
			if answers[i], errs[i] = find(ctx, i, p); errs[i] != nil {
				failed.Store(true)
			}
			return nil
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return findings{}, err
	}
	for _, err := range errs {
		if err != nil {
			return findings{}, err
		}
	}
	return merge(answers), nil
}

func merge(answers []Answer) findings {
	var all findings
	seen := map[string]bool{}
	warned := map[Warning]bool{}
	for _, answer := range answers {
		all.Found = append(all.Found, answer.Found...)
		for _, f := range answer.Found {
			if key := f.Key(); !seen[key] {
				seen[key] = true
				if f.Kind == To {
					all.To = append(all.To, f.Address)
				} else {
					all.Cc = append(all.Cc, f.Address)
				}
			}
		}
		for _, w := range answer.Warnings {
			if !warned[w] {
				warned[w] = true
				all.Warnings = append(all.Warnings, w)
			}
		}
	}
	return all
}
