package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/series"
)

// archives looks into mail for what the prerequisites of a series name: into
// the sources given, else into those of kprep.archive. Nothing is looked up
// when no prerequisite could be in mail.
func (e *env) archives(c *cli.Context, s *series.Series, given []string) (series.Archives, error) {
	if !slices.ContainsFunc(s.Prerequisites(), canBeMailed) {
		return series.Archives{}, nil
	}
	archive, err := e.openArchive(c, given)
	if err != nil || len(archive.Sources) == 0 {
		return series.Archives{}, err
	}
	defer archive.Close()
	messages, err := e.findNeeded(c.Context, archive, s)
	if err != nil {
		return series.Archives{}, err
	}
	mail := series.Archives{Looked: archive.Names()}
	mail.ByPatchID = func(ctx context.Context, ids []string) (map[string]series.PostedPatch, error) {
		return e.byPatchID(ctx, archive, ids)
	}
	byChange := map[string][]*inbox.Series{}
	for _, found := range inbox.Assemble(messages) {
		if found.ChangeID == "" { // nothing tells which belong together
			mail.Series = append(mail.Series, posted(found))
			continue
		}
		byChange[found.ChangeID] = append(byChange[found.ChangeID], found)
	}
	for id, those := range byChange {
		mail.Series = append(mail.Series, revisions(id, those)...)
	}
	return mail, nil
}

// maxNeeds is how far prerequisites of prerequisites are followed.
const maxNeeds = 5

// findNeeded finds the mail of what a series depends on, in every revision, and
// of what that depends on.
func (e *env) findNeeded(ctx context.Context, archive *inbox.Archive, s *series.Series) ([]*inbox.Message, error) {
	q := inbox.Query{}
	asked := map[string]bool{}
	for _, p := range s.Prerequisites() {
		needsMail(&q, p, asked)
	}
	var messages []*inbox.Message
	for range maxNeeds {
		if q.Empty() {
			break
		}
		found, err := e.findMail(ctx, archive, q)
		if err != nil {
			return nil, err
		}
		messages = append(messages, found...)
		q = inbox.Query{}
		for _, m := range found {
			if id := m.ChangeID; id != "" && (m.Cover || m.Patch) && !asked[id] { // its other revisions
				asked[id] = true
				q.ChangeIDs = append(q.ChangeIDs, id)
			}
			for _, line := range m.Needs {
				if p, err := series.ParsePrerequisite(line); err == nil {
					needsMail(&q, p, asked)
				}
			}
		}
	}
	return messages, nil
}

// needsMail adds a prerequisite to a query, once.
func needsMail(q *inbox.Query, p series.Prerequisite, asked map[string]bool) {
	switch p.Kind {
	case series.NeedsSeries:
		if id, _, err := p.Series(); err == nil && !asked[id] {
			asked[id] = true
			q.ChangeIDs = append(q.ChangeIDs, id)
		}
	case series.NeedsThread:
		if id := bare(p.Value); !asked[id] {
			asked[id] = true
			q.IDs = append(q.IDs, id)
		}
	}
}

func canBeMailed(p series.Prerequisite) bool {
	return slices.Contains([]string{series.NeedsSeries, series.NeedsThread, series.NeedsPatch}, p.Kind)
}

// trackedID reads a change-id out of tracking data.
func trackedID(value string) string {
	t, err := coverletter.ParseHeaderValue(value)
	if err != nil {
		return ""
	}
	return t.ChangeID
}

// revisions are those of one series; of one that several people mailed the
// problem alone.
func revisions(changeID string, all []*inbox.Series) []series.Posted {
	those, err := inbox.Revisions(all, changeID)
	if ambiguous := (*inbox.AmbiguousError)(nil); errors.As(err, &ambiguous) {
		p := posted(all[0])
		p.Revision, p.Problem = ambiguous.Revision, fmt.Sprintf("it was mailed by several people: %s", strings.Join(ambiguous.From, ", "))
		return []series.Posted{p}
	}
	var list []series.Posted
	for _, s := range those {
		list = append(list, posted(s))
	}
	return list
}

func posted(s *inbox.Series) series.Posted {
	messages := s.Messages()
	p := series.Posted{ChangeID: s.ChangeID, Revision: s.Revision, From: s.From, Where: messages[0].File, Base: s.Base(), Needs: s.Needs()}
	for _, m := range messages {
		p.IDs = append(p.IDs, m.ID)
	}
	if missing := s.Missing(); len(missing) > 0 {
		p.Problem = fmt.Sprintf("patch %d of %d is not there", missing[0], len(s.Patches))
	}
	p.Read = func(ctx context.Context) ([][]byte, error) { return inbox.Read(ctx, s.Patches) }
	return p
}

// byPatchID looks patches up by what they change.
func (e *env) byPatchID(ctx context.Context, archive *inbox.Archive, wanted []string) (map[string]series.PostedPatch, error) {
	defer archive.Close()
	messages, err := e.findMail(ctx, archive, inbox.Query{PatchIDs: wanted})
	if err != nil {
		return nil, err
	}
	found := map[string]series.PostedPatch{}
	for _, m := range messages {
		if _, has := found[m.PatchID]; !has && m.Patch && slices.Contains(wanted, m.PatchID) {
			found[m.PatchID] = series.PostedPatch{Where: m.File, Raw: m.Raw}
		}
	}
	return found, nil
}
