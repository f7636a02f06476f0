package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/durable"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangediff"
	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/series"
)

// pageFlags are the options of diff that are about its HTML page.
func pageFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "html", Usage: "write a page into `FILE`, - for standard output; without REV of all revisions, step by step"},
		&cli.BoolFlag{Name: "force", Usage: "with --html, overwrite a FILE that is no such page"},
	}
}

// diffPage writes comparisons as a page into a file.
func (e *env) diffPage(ctx context.Context, s *series.Series, word string, o series.CompareOptions, name string, force bool) error {
	file := ""
	if name != "-" {
		var err error
		if file, err = e.pageFile(name, force, page.IsPage, "diff"); err != nil {
			return err
		}
	}
	comparisons, err := e.pageComparisons(ctx, s, word, o)
	if err != nil {
		return err
	}
	report := &page.Report{Title: titleOf(s), Program: "kprep " + programVersion()}
	for _, c := range comparisons {
		report.Comparisons = append(report.Comparisons, reported(c))
	}
	if file == "" {
		return page.Write(e.stdout, report)
	}
	var text bytes.Buffer
	if err := page.Write(&text, report); err != nil {
		return err
	}
	if err := writePage(file, name, text.Bytes()); err != nil {
		return err
	}
	e.notef("wrote %s: %s", name, plural(len(comparisons), "comparison", "comparisons"))
	return nil
}

// writePage writes a file that pageFile has found; the user calls it name.
func writePage(file, name string, text []byte) error {
	err := durable.Write(file, text, 0o666)
	if err != nil {
		return fmt.Errorf("write %q: %w", name, cause(err))
	}
	return nil
}

// titleOf is what the cover letter calls the series, otherwise its branch.
func titleOf(s *series.Series) string {
	if letter, err := s.Letter(); err == nil {
		if _, title := patchmail.LiftBrackets(letter.Subject); title != "" {
			return title
		}
	}
	return s.Name()
}

// pageComparisons are what the page shows: the one that was asked for, or each
// revision that was sent with the next one, and the last one with the branch.
func (e *env) pageComparisons(ctx context.Context, s *series.Series, word string, o series.CompareOptions) ([]*series.Comparison, error) {
	if word != "" {
		old, new, err := parseRevisions(s, word)
		if err != nil {
			return nil, err
		}
		c, err := compareRevisions(ctx, s, old, new, o)
		return []*series.Comparison{c}, err
	}
	sent, err := s.Sent(ctx)
	if err != nil {
		return nil, err
	}
	if len(sent) == 0 {
		return nil, &series.NotSentError{}
	}
	var list []*series.Comparison
	var failed []error
	for n, one := range sent {
		next := series.OnBranch
		if n+1 < len(sent) {
			next = sent[n+1].Revision
		}
		c, err := compareRevisions(ctx, s, one.Revision, next, o)
		switch {
		case err == nil:
			list = append(list, c)
		case ctx.Err() != nil:
			return nil, err
		default: // the rest is worth a page
			failed = append(failed, err)
		}
	}
	if len(list) == 0 {
		return nil, failed[len(failed)-1]
	}
	for _, err := range failed {
		e.warnf("not on the page: %v", err)
	}
	return list, nil
}

func compareRevisions(ctx context.Context, s *series.Series, old, new int, o series.CompareOptions) (*series.Comparison, error) {
	sides, err := s.Sides(ctx, old, new)
	if err != nil {
		return nil, err
	}
	return s.Compare(ctx, sides, o)
}

// reported is a comparison as a page shows it.
func reported(c *series.Comparison) page.Comparison {
	notes := c.Notes
	if c.Rebased() && !c.Options.BaseNeutral {
		notes = append(notes, "The base has changed; some of what is shown may be its doing. --base-neutral leaves that out.")
	}
	return page.Comparison{Old: reportedSide(c.Old, len(c.OldPatches)), New: reportedSide(c.New, len(c.NewPatches)),
		Changes: c.Changes, Diff: rangediff.DefaultDiffOptions(), Notes: notes}
}

func reportedSide(s series.Side, patches int) page.Revision {
	detail := "not sent"
	if s.Sent != nil {
		detail = "sent " + s.Sent.When.Format("2006-01-02 15:04 -0700")
	}
	return page.Revision{Name: s.Name, Detail: fmt.Sprintf("%s: %s on %s", detail, plural(patches, "patch", "patches"), s.Base.Short())}
}

// A pageFileError reports a file that a page is not written over.
type pageFileError struct {
	Name   string
	Reason string
	Forced bool // --force would do it
}

func (e *pageFileError) Error() string { return fmt.Sprintf("%q %s", e.Name, e.Reason) }

// pageFile finds the file that a name given by the user stands for. A page of
// an earlier run of the verb, which isPage knows by its beginning, is overwritten;
// anything else is refused, unless it is forced. What is no regular file is refused
// always.
func (e *env) pageFile(name string, force bool, isPage func(start []byte) bool, verb string) (string, error) {
	file := e.path(name)
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target // renaming onto a link would replace the link
	}
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return file, nil
	case err != nil:
		return "", fmt.Errorf("look at %q: %w", name, cause(err))
	case !info.Mode().IsRegular(): // opening a pipe would wait
		return "", &pageFileError{Name: name, Reason: "is no regular file"}
	case force:
		return file, nil
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("look at %q: %w", name, cause(err))
	}
	defer f.Close()
	start, err := io.ReadAll(io.LimitReader(f, 1024))
	if err != nil {
		return "", fmt.Errorf("read %q: %w", name, cause(err))
	}
	if len(start) > 0 && !isPage(start) {
		return "", &pageFileError{Name: name, Reason: "is there already, and is no page of 'kprep " + verb + "'", Forced: true}
	}
	return file, nil
}
