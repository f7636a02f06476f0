package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strconv"
	"strings"
)

// RefValues returns what the refs that match any of the patterns point at, by
// full name. A pattern is a full name, a folder such as "refs/notes/", or has
// wildcards, as for git for-each-ref. No object is read, so a ref that leads
// nowhere is listed too. Without patterns there is nothing to return.
func (r *Repo) RefValues(ctx context.Context, patterns ...string) (map[string]ID, error) {
	values := map[string]ID{}
	if len(patterns) == 0 {
		return values, nil
	}
	if values, sure := r.refsInFiles(patterns...); sure {
		return values, nil
	}
	args := append([]string{"for-each-ref", "--format=%(refname)%00%(objectname)", "--"}, patterns...)
	out, err := r.git.output(ctx, args...)
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(out)) {
		name, id, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "\x00")
		if !ok {
			return nil, fmt.Errorf("git for-each-ref printed %q", line)
		}
		values[name] = ID(id)
	}
	return values, nil
}

// CommitsBetween counts the commits that to has and from has not.
func (r *Repo) CommitsBetween(ctx context.Context, from, to ID) (int, error) {
	out, err := r.git.output(ctx, "rev-list", "--count", "--end-of-options", string(from)+".."+string(to))
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(string(bytes.TrimSpace(out)))
}

// ForgetReflog empties the reflog of a ref, so that it keeps no object alive.
func (r *Repo) ForgetReflog(ctx context.Context, name string) error {
	_, err := r.git.output(ctx, "reflog", "expire", "--expire=all", "--expire-unreachable=all", name)
	return err
}

// Branches returns the local and the remote-tracking branches by full name, as
// RefValues does, and the upstreams of local ones that are there.
func (r *Repo) Branches(ctx context.Context) (values map[string]ID, upstreams map[string]string, err error) {
	out, err := r.git.output(ctx, "for-each-ref", "--format=%(refname)%00%(objectname)%00%(upstream)", "--", "refs/heads/", "refs/remotes/")
	if err != nil {
		return nil, nil, err
	}
	values, upstreams = map[string]ID{}, map[string]string{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\x00")
		if len(fields) != 3 {
			return nil, nil, fmt.Errorf("git for-each-ref printed %q", line)
		}
		values[fields[0]] = ID(fields[1])
		upstreams[fields[0]] = fields[2]
	}
	for branch, upstream := range upstreams {
		if values[upstream] == "" {
			delete(upstreams, branch)
		}
	}
	return values, upstreams, nil
}
