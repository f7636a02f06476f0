package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/series"
)

// archives looks into mail for what the prerequisites of a series name: into
// the files and folders given, else into those of kprep.archive. Nothing is
// read when no prerequisite could be in mail.
func (e *env) archives(ctx context.Context, s *series.Series, given []string) (series.Archives, error) {
	paths, err := e.archivePaths(given)
	if err != nil || len(paths) == 0 || !slices.ContainsFunc(s.Prerequisites(), canBeMailed) {
		return series.Archives{}, err
	}
	unread := 0
	messages, err := inbox.Index(ctx, paths, trackedID, func(err error) {
		if unread++; unread <= maxUnread {
			e.warnf("passed over: %v", err)
		}
	})
	if err != nil {
		return series.Archives{}, err
	}
	if unread > maxUnread {
		e.warnf("passed over: %s more", plural(unread-maxUnread, "mail", "mails"))
	}
	mail := series.Archives{Looked: paths}
	mail.ByPatchID = func(ctx context.Context, ids []string) (map[string]series.PostedPatch, error) {
		return e.byPatchID(ctx, paths, ids)
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

// maxUnread is how many broken mails are worth a warning each.
const maxUnread = 3

func canBeMailed(p series.Prerequisite) bool {
	return slices.Contains([]string{series.NeedsSeries, series.NeedsThread, series.NeedsPatch}, p.Kind)
}

func (e *env) archivePaths(given []string) ([]string, error) {
	if len(given) == 0 {
		config, err := e.repo.Config()
		if err != nil {
			return nil, err
		}
		given = config.All("kprep.archive")
	}
	return e.mailPaths(given), nil
}

// mailPaths reads names of files and folders as the configuration has them.
func (e *env) mailPaths(given []string) []string {
	var paths []string
	for _, path := range given {
		if rest, ok := strings.CutPrefix(path, "~/"); ok {
			path = e.getenv("HOME") + "/" + rest
		}
		paths = append(paths, e.path(path))
	}
	return paths
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

// byPatchID compares every patch in the archives.
func (e *env) byPatchID(ctx context.Context, paths, wanted []string) (map[string]series.PostedPatch, error) {
	var messages []*inbox.Message
	ids, err := e.repo.DiffPatchIDs(ctx, func(yield func([]byte) bool) {
		for m, body := range inbox.Patches(ctx, paths) {
			messages = append(messages, m)
			if !yield(body) {
				return
			}
		}
	})
	if err != nil {
		return nil, err
	}
	found := map[string]series.PostedPatch{}
	for i, id := range ids {
		if _, has := found[id]; has || !slices.Contains(wanted, id) {
			continue
		}
		raw, err := inbox.Read(ctx, messages[i:i+1])
		if err != nil {
			return nil, err
		}
		found[id] = series.PostedPatch{Where: messages[i].File, Raw: raw[0]}
	}
	return found, nil
}
