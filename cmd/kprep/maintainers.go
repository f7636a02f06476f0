package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/maintainers"
	"github.com/kprep/kprep/patchmail"
)

func maintainersCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "maintainers",
		Category:  groupOthers,
		Usage:     "say who should receive a patch, as get_maintainer.pl",
		ArgsUsage: "[OPTIONS] [PATCH… | -f FILE… | REV..REV]",
		Description: "Asks the MAINTAINERS files of the project about patches, by default the one on\n" +
			"standard input, and prints what scripts/get_maintainer.pl prints with --nogit\n" +
			"--nogit-fallback. It takes the script's options; those that need git's history\n" +
			"or are not supported are refused. Its own are:\n" +
			"\n" +
			"  -f               the arguments are files or directories of the tree\n" +
			"  --to, --cc       the people, or the lists; reviewers are in both\n" +
			"  --explain        say for each address what put it there\n" +
			"  --json           print JSON, with the reasons\n" +
			"  --era old|new    answer like the script of Linux before or since 6.8; by\n" +
			"                   default like the one in the tree, else like the new one\n" +
			"  --chief NAME:ADDRESS\n" +
			"                   leave out the project's chief; by default the tree's script\n" +
			"                   says who that is\n" +
			"  --script         run the script of the tree instead\n" +
			"\n" +
			"It can stand in as sendemail.toCmd and sendemail.ccCmd: 'kprep maintainers --to'.",
		SkipFlagParsing: true,
		Action: func(c *cli.Context) error {
			err := e.maintainers(c.Context, c.Args().Slice())
			if out := (*outputError)(nil); err == nil || errors.As(err, &out) || errors.As(err, new(*exitError)) || c.Context.Err() != nil {
				return err
			}
			// Whatever is wrong, the script ends so.
			return &exitError{status: statusUsage, err: err}
		},
	}
}

// maintainers carries out the verb.
func (e *env) maintainers(ctx context.Context, words []string) error {
	given, err := readMaintainersWords(words)
	if err != nil {
		return err
	}
	repo, err := gitrepo.Open(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config})
	if err != nil { // outside of a repository, or without git: Fixes tags then add nobody
		e.debugf("no repository: %v", err)
		repo = nil
	}
	e.repo = repo
	top, err := e.maintainersTop(repo)
	if err != nil {
		return err
	}
	if given.script {
		return e.maintainersScript(ctx, top, given)
	}
	project := e.maintainersProject(top, repo, given.era)
	project.Chiefs = given.chiefs
	o, err := project.Options()
	if err != nil {
		return err
	}
	rest, err := o.Parse(given.words)
	if err != nil {
		return err
	}
	if err := o.Check(); err != nil {
		return err
	}
	index, err := maintainers.Load(project, o)
	if err != nil {
		return err
	}
	patches, err := e.maintainersInput(ctx, index, repo, top, rest, o.SourceFiles)
	if err != nil {
		return err
	}
	answer := index.Query(patches, o)
	for _, w := range answer.Warnings {
		e.warnf("%s", w)
	}
	return e.printMaintainers(given, o, index, answer)
}

// maintainersTop finds the top of the project: that of the repository, or, where
// it has no MAINTAINERS, the nearest directory upwards that has.
func (e *env) maintainersTop(repo *gitrepo.Repo) (string, error) {
	here, err := filepath.Abs(e.dir)
	if err != nil {
		return "", err
	}
	has := func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "MAINTAINERS"))
		return err == nil
	}
	if repo != nil && repo.TopLevel != "" && has(repo.TopLevel) {
		return repo.TopLevel, nil
	}
	for dir := here; ; dir = filepath.Dir(dir) {
		if has(dir) {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if repo != nil && repo.TopLevel != "" {
		return repo.TopLevel, nil
	}
	return here, nil
}

// maintainersInput reads what the question is about.
func (e *env) maintainersInput(ctx context.Context, index *maintainers.Index, repo *gitrepo.Repo, top string, words []string, source bool) ([]maintainers.Patch, error) {
	if len(words) == 0 {
		if source {
			return nil, usagef("maintainers", "-f wants files or directories")
		}
		if e.terminal.stdin {
			return nil, usagef("maintainers", "name a patch, a range REV..REV, or files with -f; or give a patch on standard input")
		}
		words = []string{"-"}
	}
	var patches []maintainers.Patch
	for _, word := range words {
		var more []maintainers.Patch
		var err error
		switch {
		case source:
			more, err = e.sourceFile(index, top, word)
		case word == "-":
			var text []byte
			if text, err = io.ReadAll(e.input(ctx)); err == nil {
				more = []maintainers.Patch{index.ReadPatch("standard input", text)}
			}
		default:
			more, err = e.patchFile(ctx, index, repo, word)
		}
		if err != nil {
			return nil, err
		}
		patches = append(patches, more...)
	}
	return patches, nil
}

// sourceFile asks about a file or directory of the tree.
func (e *env) sourceFile(index *maintainers.Index, top, name string) ([]maintainers.Patch, error) {
	full, err := filepath.Abs(e.path(name))
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(full)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, cause(err))
	}
	path, err := filepath.Rel(top, full)
	if err != nil || !filepath.IsLocal(path) {
		return nil, fmt.Errorf("%q is not below %s", name, top)
	}
	path = filepath.ToSlash(path)
	if info.IsDir() {
		return []maintainers.Patch{index.SourceFile(path+"/", nil)}, nil
	}
	text, err := os.ReadFile(full)
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, cause(err))
	}
	return []maintainers.Patch{index.SourceFile(path, text)}, nil
}

// patchFile reads a patch, or makes the patches of a range of commits.
func (e *env) patchFile(ctx context.Context, index *maintainers.Index, repo *gitrepo.Repo, name string) ([]maintainers.Patch, error) {
	text, err := os.ReadFile(e.path(name))
	if errors.Is(err, os.ErrNotExist) && strings.Contains(name, "..") && repo != nil {
		return e.rangePatches(ctx, index, repo, name)
	}
	if err != nil {
		return nil, fmt.Errorf("read %q: %w", name, cause(err))
	}
	return []maintainers.Patch{index.ReadPatch(name, text)}, nil
}

// maxPatches bounds a range; more is a mistake.
const maxPatches = 1000

// rangePatches makes a patch mail of each commit of a range, without merges.
func (e *env) rangePatches(ctx context.Context, index *maintainers.Index, repo *gitrepo.Repo, name string) ([]maintainers.Patch, error) {
	parsed, err := repo.ParseRevisions(ctx, []string{name})
	if err != nil {
		return nil, fmt.Errorf("%q is neither a file nor a range of commits: %w", name, err)
	}
	var base, tip gitrepo.ID
	for _, id := range parsed[0] {
		if out, excluded := strings.CutPrefix(id, "^"); excluded {
			base = gitrepo.ID(out)
		} else {
			tip = gitrepo.ID(id)
		}
	}
	if base == "" || tip == "" || len(parsed[0]) != 2 {
		return nil, fmt.Errorf("%q is no range REV..REV", name)
	}
	ids, err := repo.Between(ctx, base, tip, maxPatches+1)
	if err != nil {
		return nil, err
	}
	if len(ids) > maxPatches {
		return nil, fmt.Errorf("%s: more than %d commits", name, maxPatches)
	}
	if len(ids) == 0 {
		return nil, fmt.Errorf("%s: no commits", name)
	}
	diffs, err := repo.Patches(ctx, ids)
	if err != nil {
		return nil, err
	}
	var patches []maintainers.Patch
	for i, id := range ids {
		c, err := repo.Commit(string(id))
		if err != nil {
			return nil, err
		}
		if len(c.Parents) > 1 {
			continue
		}
		subject, body := gitrepo.SplitMessage(c.Text())
		mail := fmt.Sprintf("Subject: [PATCH] %s\n\n%s\n---\n%s\n%s", subject, body, diffs[i].Stat, diffs[i].Diff)
		patches = append(patches, index.ReadPatch("commit "+string(id[:12]), []byte(mail)))
	}
	return patches, nil
}

// maintainersAnswer is what --json prints.
type maintainersAnswer struct {
	Schema     int                    `json:"schema"` // 1
	Era        string                 `json:"era"`
	Recipients []maintainersRecipient `json:"recipients"`
	SCM        []string               `json:"scm,omitempty"`
	Status     []string               `json:"status,omitempty"`
	Subsystems []string               `json:"subsystems,omitempty"`
	Web        []string               `json:"web,omitempty"`
	Bugs       []string               `json:"bugs,omitempty"`
	Warnings   []maintainers.Warning  `json:"warnings,omitempty"`
}

type maintainersRecipient struct {
	Name    string               `json:"name,omitempty"`
	Address string               `json:"address"`
	Role    string               `json:"role"`
	List    bool                 `json:"list"`
	Reasons []maintainers.Reason `json:"reasons"`
}

func (e *env) printMaintainers(given maintainersWords, o maintainers.Options, index *maintainers.Index, a maintainers.Answer) error {
	if given.json {
		out := maintainersAnswer{Schema: 1, Era: index.Era().String(), Recipients: []maintainersRecipient{},
			SCM: a.SCM, Status: a.Status, Subsystems: a.Subsystems, Web: a.Web, Bugs: a.Bugs, Warnings: a.Warnings}
		for _, r := range a.Recipients {
			out.Recipients = append(out.Recipients, maintainersRecipient{r.Name, r.Address, r.Role, r.List, r.Reasons})
		}
		return e.printJSON(out)
	}
	if given.explain {
		for _, r := range a.Recipients {
			e.printFound(r.String())
			for _, reason := range r.Reasons {
				e.printFound("    " + reason.String())
			}
		}
		return nil
	}
	for _, line := range a.Lines(o) {
		e.printFound(line)
	}
	return nil
}

// printFound prints a line as the script would, byte for byte, but never raw to
// a terminal.
func (e *env) printFound(line string) {
	if e.terminal.stdout {
		line = patchmail.PrintableLine(line)
	}
	fmt.Fprintln(e.stdout, line)
}
