package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/ui"
)

func uiCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "ui",
		Category: groupLook,
		Usage:    "look at all my series in a browser",
		Description: "Serves pages on this machine alone, until Ctrl-C: all series of this repository and\n" +
			"of those in kprep.repos, and what there is to see of each. The URL that is printed\n" +
			"has a token, without which nobody gets in. Nothing is sent, no server is asked for\n" +
			"mail unless you say so there, and nothing is changed but marks on replies.",
		Flags: []cli.Flag{
			&cli.UintFlag{Name: "port", Usage: "listen on port `N`; otherwise on any that is free"},
			&cli.BoolFlag{Name: "open", Usage: "open the page, in the browser that git is configured for"},
		},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			if c.Uint("port") > 65535 || c.IsSet("port") && c.Uint("port") == 0 {
				return usagef("ui", "--port is 1 to 65535, not %d", c.Uint("port"))
			}
			desk, err := e.newDesk(c)
			if err != nil {
				return err
			}
			site, err := ui.New(ui.Options{Source: desk, Now: e.now, Random: e.random, Program: "kprep " + programVersion()})
			if err != nil {
				return err
			}
			return e.serveSite(c, site)
		},
	}
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
	status, err := gitrepo.RunGit(ctx, e.dir, gitrepo.Options{Env: e.environ, Config: e.config}, nil, e.stderr, e.stderr, "web--browse", url)
	if (err != nil || status != 0) && ctx.Err() == nil {
		e.warnf("no browser was opened; configuration web.browser names one")
	}
}
