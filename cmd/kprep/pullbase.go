package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/pullrequest"
	"github.com/kprep/kprep/series"
)

// pullBase is where the commits of a pull request begin: above what the user
// names, else above the branch that it is for, else above HEAD.
func (e *env) pullBase(c *cli.Context, repo *gitrepo.Repo, request *pullrequest.Request, head gitrepo.ID) (gitrepo.ID, error) {
	candidates := []string{"HEAD"}
	switch fork := c.String("fork-point"); {
	case fork != "":
		if _, err := repo.Commit(fork + "^{commit}"); err != nil {
			return "", &series.ForkError{Fork: fork, Err: fmt.Errorf("it names no commit of this repository")}
		}
		candidates = []string{fork}
	case request.BaseBranch != "":
		branches, err := baseBranches(c.Context, repo, request)
		if err != nil {
			return "", err
		}
		candidates = append(branches, request.Base)
	case request.Base != "":
		candidates = []string{request.Base}
	}
	return nearestBase(c.Context, repo, head, candidates)
}

// baseBranches are the branches here that may be the one that the pull request is
// for: those of the remotes that are its repository; else those of others but the
// one that its commits come from, where the branch of that name may hold some of
// them; else the user's own.
func baseBranches(ctx context.Context, repo *gitrepo.Repo, request *pullrequest.Request) ([]string, error) {
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	refs, err := repo.RefsThere(ctx, func(string) {}, "refs/remotes/", "refs/heads/")
	if err != nil {
		return nil, err
	}
	var its, others, own []string
	for _, ref := range refs {
		below, remote := strings.CutPrefix(ref.Name, "refs/remotes/")
		name, named := strings.CutSuffix(below, "/"+request.BaseBranch)
		switch {
		case ref.Name == "refs/heads/"+request.BaseBranch:
			own = append(own, ref.Name)
		case !remote || !named:
		case isRemote(config, name, request.Repository):
			its = append(its, ref.Name)
		case !isRemote(config, name, request.From):
			others = append(others, ref.Name)
		}
	}
	for _, names := range [][]string{its, others} {
		if len(names) > 0 {
			return names, nil
		}
	}
	return own, nil
}

// isRemote says whether the remote of that name is the repository at url, by
// whatever protocol.
func isRemote(config *gitrepo.Config, name, url string) bool {
	at, ok := config.Get("remote." + name + ".url")
	return ok && url != "" && strings.EqualFold(project.PlaceOf(at), project.PlaceOf(url))
}

// nearestBase is the newest commit that head has in common with one of the
// candidates that are there. One that has all of head counts only where no
// other is: it holds the pull request itself.
func nearestBase(ctx context.Context, repo *gitrepo.Repo, head gitrepo.ID, candidates []string) (gitrepo.ID, error) {
	best, least := gitrepo.ID(""), 0
	for _, name := range candidates {
		commit, err := repo.Commit(name + "^{commit}")
		if name == "" || err != nil {
			continue
		}
		fork, err := repo.MergeBase(ctx, commit.ID, head)
		if err != nil {
			return "", err
		}
		if fork == "" {
			continue
		}
		n, err := repo.CommitsBetween(ctx, fork, head)
		if err != nil {
			return "", err
		}
		if best == "" || n > 0 && (n < least || least == 0) {
			best, least = fork, n
		}
	}
	if best == "" {
		return "", &pullError{reason: "nothing here says on what the pull request is based", hint: "name the branch that it is for with '-f FORK'"}
	}
	return best, nil
}
