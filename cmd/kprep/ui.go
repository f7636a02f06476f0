package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/ui"
)

func uiCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "ui",
		Category:  groupLook,
		Usage:     "look at all my series in a browser",
		ArgsUsage: "[BRANCH...]",
		Description: "Serves pages on this machine alone, until Ctrl-C: all series of this repository and\n" +
			"of those in kprep.repos, and what there is to see of each. The URL that is printed\n" +
			"has a token, without which nobody gets in. Nothing is sent, no server is asked for\n" +
			"mail unless you say so there, and nothing is changed but marks on replies.\n" +
			"With --export all of it becomes one page in a file; BRANCH names the series of this\n" +
			"repository that are to be in it.",
		Flags: []cli.Flag{
			&cli.UintFlag{Name: "port", Usage: "listen on port `N`; otherwise on any that is free"},
			&cli.BoolFlag{Name: "open", Usage: "open the page, in the browser that git is configured for"},
			&cli.StringFlag{Name: "export", Usage: "write one page into `FILE` instead, - for standard output"},
			&cli.BoolFlag{Name: "force", Usage: "with --export, overwrite a FILE that is no such page"},
		},
		Action: func(c *cli.Context) error {
			branches, err := parseUI(c)
			if err != nil {
				return err
			}
			desk, err := e.newDesk(c)
			if err != nil {
				return err
			}
			site, err := ui.New(ui.Options{Source: desk, Now: e.now, Random: e.random, Program: "kprep " + programVersion(),
				Exporting: func(done, total int) { e.progress.count("writing series", done, total) }})
			if err != nil {
				return err
			}
			if c.IsSet("export") {
				return e.exportSite(c, site, desk, branches)
			}
			return e.serveSite(c, site)
		},
	}
}

// parseUI refuses what is wrong by the words alone.
func parseUI(c *cli.Context) (branches []string, err error) {
	if branches, err = argsBetween(c, 0, -1); err != nil {
		return nil, err
	}
	for _, serving := range []string{"port", "open"} {
		if err := exclusive(c, "export", serving); err != nil {
			return nil, err
		}
	}
	switch {
	case c.Uint("port") > 65535 || c.IsSet("port") && c.Uint("port") == 0:
		return nil, usagef("ui", "--port is 1 to 65535, not %d", c.Uint("port"))
	case !c.IsSet("export") && len(branches) > 0:
		return nil, usagef("ui", "a BRANCH goes with --export")
	case c.Bool("force") && !c.IsSet("export"):
		return nil, usagef("ui", "--force goes with --export")
	}
	return branches, nil
}

// exportSite writes the page into a file.
func (e *env) exportSite(c *cli.Context, site *ui.Site, d *desk, branches []string) error {
	name, file := c.String("export"), ""
	if name != "-" {
		var err error
		if file, err = e.pageFile(name, c.Bool("force"), ui.IsPage, "ui"); err != nil {
			return err
		}
	}
	var only []ui.Ref
	for _, branch := range branches {
		repo, err := e.openRepo(c.Context)
		if err != nil {
			return err
		}
		s, err := series.Load(c.Context, repo, branch)
		if err != nil {
			return err
		}
		only = append(only, ui.Ref{Path: d.paths[0], Branch: s.Name()})
	}
	if file == "" {
		return site.Export(c.Context, e.stdout, only...)
	}
	var text bytes.Buffer
	if err := site.Export(c.Context, &text, only...); err != nil {
		return err
	}
	if err := writePage(file, name, text.Bytes()); err != nil {
		return err
	}
	e.notef("wrote %s", name)
	return nil
}

// A portError means that a port of this machine cannot be listened on.
type portError struct {
	Port uint
	Err  error
}

func (e *portError) Error() string { return fmt.Sprintf("listen on port %d: %v", e.Port, e.Err) }
func (e *portError) Unwrap() error { return e.Err }

// serveSite serves a site until ctx ends, which is how it is meant to end.
func (e *env) serveSite(c *cli.Context, site *ui.Site) error {
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(int(c.Uint("port")))))
	if err != nil {
		cause := err
		if number := syscall.Errno(0); errors.As(err, &number) {
			cause = number
		}
		return &portError{Port: c.Uint("port"), Err: cause}
	}
	e.progress.end()
	address := listener.Addr().String()
	if _, err := fmt.Fprintln(e.stdout, site.URL(address)); err != nil {
		listener.Close()
		return err
	}
	e.notef("Open it in a browser; Ctrl-C ends it.")
	if c.Bool("open") {
		ticket, err := site.Ticket(address)
		if err != nil {
			listener.Close()
			return err
		}
		go e.openBrowser(c.Context, ticket)
	}
	return site.Serve(c.Context, listener)
}

// openBrowser shows a URL as git shows its help pages. That it does not is no
// reason to end: the URL is printed.
func (e *env) openBrowser(ctx context.Context, url string) {
	status, err := gitrepo.RunGit(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config}, nil, e.complaints(), e.complaints(), "web--browse", url)
	if (err != nil || status != 0) && ctx.Err() == nil {
		e.warnf("no browser was opened; configuration web.browser names one")
	}
}
