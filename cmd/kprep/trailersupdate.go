package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

// takeTrailers puts trailers into the commits, once the user agrees.
func (e *env) takeTrailers(c *cli.Context, job *takingJob) error {
	if c.Bool("interactive") {
		return e.chooseTrailers(c.Context, job)
	}
	taken := job.news()
	if !c.Bool("json") {
		if err := e.printTrailers(c.Context, job); err != nil {
			return err
		}
	}
	if err := job.incomplete(); err != nil {
		return err
	}
	if len(taken) == 0 {
		if c.Bool("json") {
			return e.printJSON(job.report(taken))
		}
		return nil
	}
	if err := job.checkPolicy(taken); err != nil {
		return err
	}
	if !c.Bool("yes") {
		question := fmt.Sprintf("Add %s to %s?", plural(len(taken), "trailer", "trailers"), plural(patchCount(taken), "patch", "patches"))
		if err := e.confirm(c.Context, question, "nothing was changed; --yes does not ask"); err != nil {
			return err
		}
	}
	if err := e.addTrailers(c.Context, job, taken); err != nil {
		return err
	}
	if c.Bool("json") {
		return e.printJSON(job.report(taken))
	}
	return nil
}

func patchCount(taken []trailers.Found) int {
	patches := map[int]bool{}
	for _, f := range taken {
		patches[f.Patch] = true
	}
	return len(patches)
}

// addTrailers is the rewrite.
func (e *env) addTrailers(ctx context.Context, job *takingJob, taken []trailers.Found) error {
	add := map[gitrepo.ID][]trailers.Trailer{}
	for _, f := range taken {
		id := job.commits[f.Patch].ID
		add[id] = append(add[id], f.All()...)
	}
	changed, err := job.branch.AddTrailers(ctx, add, job.settings.custody)
	if err != nil {
		return err
	}
	e.notef("%s to %s; 'kprep undo' takes that back", plural(len(taken), "trailer was added", "trailers were added"), plural(changed, "patch", "patches"))
	return nil
}

// chooseTrailers lets the user choose in the editor.
func (e *env) chooseTrailers(ctx context.Context, job *takingJob) error {
	pages, offered := job.review()
	if len(pages) == 0 {
		if err := job.incomplete(); err != nil {
			return err
		}
		e.notef("there is nothing to choose from")
		return nil
	}
	if s := job.series; s != nil { // before the editor opens: what cannot be stored is not worth choosing
		if err := s.CheckRewritable(ctx); err != nil {
			return err
		}
	}
	d := draft{verb: "trailers", what: "the list of trailers", name: "trailers.txt", text: trailers.WriteReview(pages)}
	text, file, err := e.inEditor(ctx, e.repo, d)
	if file != "" { // nothing in it is worth keeping: the list is soon made again
		os.RemoveAll(filepath.Dir(file))
	}
	if err != nil {
		return err
	}
	chosen, err := trailers.ReadReview(text, pages)
	if err != nil {
		return err
	}
	var taken []trailers.Found
	var refused []trailers.Rejection
	for p, page := range chosen {
		for o, offer := range page.Offers {
			f := offered[p][o]
			if offer.Take {
				taken = append(taken, f)
			} else if pages[p].Offers[o].Take {
				refused = append(refused, trailers.Rejection{Trailer: plainTrailer(f), Via: job.mail.messages[f.Post].ID})
			}
		}
	}
	if err := job.checkPolicy(taken); err != nil {
		return err
	}
	if len(taken) > 0 {
		if err := e.addTrailers(ctx, job, taken); err != nil {
			return err
		}
	}
	if err := series.Reject(e.repo, refused...); err != nil {
		return fmt.Errorf("remember what you refused: %w", err)
	}
	if len(refused) > 0 {
		e.notef("%s not be offered again", plural(len(refused), "trailer will", "trailers will"))
	}
	if len(taken)+len(refused) == 0 {
		e.notef("nothing was changed")
	}
	return nil
}

// plainTrailer is a trailer without the remark behind it, as b4 remembers it.
func plainTrailer(f trailers.Found) string {
	t := f.Trailer
	if _, isPerson := t.Person(); isPerson {
		t.Value, _, _ = strings.Cut(t.Value, " #")
	}
	return t.String()
}

// review is the list that the user chooses from, and what stands behind it.
func (job *takingJob) review() (pages []trailers.Page, offered [][]trailers.Found) {
	for patch, commit := range job.commits {
		page := trailers.Page{Title: commit.Subject()}
		var here []trailers.Found
		for _, f := range job.found {
			if f.Patch != patch || slices.Contains([]trailers.Fate{trailers.Present, trailers.Repeated, trailers.Rejected, trailers.Refused}, f.Fate) {
				continue
			}
			offer := trailers.Offer{Text: f.Trailer.String(), Take: f.Fate == trailers.New, About: slices.Clone(f.Notes)}
			if why := job.why(f); why != "" {
				offer.About = append(offer.About, why)
			}
			offer.About = append(offer.About, "via: "+job.via(f.Post))
			page.Offers, here = append(page.Offers, offer), append(here, f)
		}
		if len(here) > 0 {
			pages, offered = append(pages, page), append(offered, here)
		}
	}
	return pages, offered
}
