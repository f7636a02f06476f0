package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"sync"

	"github.com/urfave/cli/v2"
	"golang.org/x/sync/errgroup"

	"github.com/kprep/kprep/endpoint/server"
	"github.com/kprep/kprep/endpoint/server/delivery"
	"github.com/kprep/kprep/endpoint/server/feed"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/endpoint/server/submit"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

func endpointCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:        "endpoint",
		Category:    groupOthers,
		Usage:       "run a web submission endpoint",
		Description: "Takes signed series over the web, from b4 and from kprep, and mails them on.",
		Subcommands: []*cli.Command{endpointServeCommand(e), endpointQueueCommand(e), endpointSettleCommand(e)},
	}
}

// serveFlags are options that are keys of the configuration too.
func serveFlags() []struct{ flag, key, usage string } {
	return []struct{ flag, key, usage string }{
		{"url", "url", "clients know the service by `URL`"},
		{"listen", "listen", "listen on `HOST:PORT` (default 127.0.0.1:8000)"},
		{"smtp-listen", "smtpListen", "take signed mail by SMTP on `HOST:PORT` too"},
		{"database", "database", "keep everything in `FILE`, or in a postgres:// URL (default kprep-endpoint.db)"},
		{"name", "name", "be called `NAME` in mail (default Web Endpoint)"},
		{"from", "from", "send from `ADDRESS`"},
		{"destination", "destination", "take what goes to a list that `REGEXP` matches as a whole"},
		{"own-domain", "ownDomain", "leave From alone in mail from `DOMAIN`"},
		{"feed", "feed", "write a public-inbox feed into `DIR`"},
		{"list-id", "listId", "give the feed the List-Id `ID`"},
		{"tls-cert", "tlsCert", "speak TLS with the certificate in `FILE`"},
		{"tls-key", "tlsKey", "and with the key in `FILE`"},
		{"trusted-proxy", "trustedProxy", "believe what `NETWORK` says of clients' addresses"},
	}
}

func configFlag() cli.Flag {
	return &cli.StringFlag{Name: "config", Usage: "read `FILE` in the syntax of git's configuration, and no other"}
}

func endpointServeCommand(e *env) *cli.Command {
	flags := []cli.Flag{configFlag()}
	for _, f := range serveFlags() {
		flags = append(flags, &cli.StringSliceFlag{Name: f.flag, Usage: f.usage})
	}
	return &cli.Command{
		Name:  "serve",
		Usage: "serve until a signal ends it",
		Description: "Needs --url, --from, --destination and a way to send, sendemail.* in the\n" +
			"configuration; each option is a key endpoint.* there. What is accepted stays in\n" +
			"the database until it is mailed, whatever ends the service.",
		Flags: append(flags, &cli.BoolFlag{Name: "dry-run", Usage: "check series, and mail challenges alone"}),
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			s, err := e.serviceSettings(c)
			if err != nil {
				return err
			}
			return e.serve(c.Context, s)
		},
	}
}

// serviceConfig reads the configuration, over which options win.
func (e *env) serviceConfig(c *cli.Context) (*gitrepo.Config, error) {
	opts := gitrepo.Options{Env: e.environ, Config: e.config}
	for _, f := range serveFlags() {
		for _, value := range c.StringSlice(f.flag) {
			opts.Config = append(opts.Config, "endpoint."+f.key+"="+value)
		}
	}
	if c.Bool("dry-run") {
		opts.Config = append(opts.Config, "endpoint.dryRun=true")
	}
	if c.IsSet("config") {
		return gitrepo.ReadConfigFile(c.Context, opts, e.path(c.String("config")))
	}
	return gitrepo.ReadUserConfig(c.Context, e.dir, opts)
}

func (e *env) serviceSettings(c *cli.Context) (server.Settings, error) {
	cfg, err := e.serviceConfig(c)
	if err != nil {
		return server.Settings{}, err
	}
	s, err := server.ReadSettings(cfg)
	if unknown := (*server.UnknownSettingError)(nil); errors.As(err, &unknown) {
		return s, fmt.Errorf("%w%s", err, suggestion(unknown.Name, unknown.Known))
	}
	if err != nil {
		return s, err
	}
	for _, file := range []*string{&s.Database, &s.FeedDir, &s.TLSCert, &s.TLSKey, &s.Scratch} {
		if *file != "" && (file != &s.Database || store.IsFile(*file)) {
			*file = e.path(*file)
		}
	}
	if s.Scratch == "" && store.IsFile(s.Database) {
		s.Scratch = filepath.Dir(s.Database)
	}
	s.Version = programVersion()
	s.Programs.Env = e.environ
	s.Programs.Scratch = s.Scratch
	s.Programs.GPG, _ = cfg.Get("gpg.program")
	gpg := s.Programs.GPG
	if gpg == "" {
		gpg = "gpg"
	}
	_, missing := exec.LookPath(gpg)
	s.OpenPGP = missing == nil
	return s, nil
}

// serve runs the service, and what mails for it, until ctx ends.
func (e *env) serve(ctx context.Context, s server.Settings) error {
	e.progress.end()
	log := slog.New(slog.NewJSONHandler(e.stderr, nil))
	boundMemory(s.Limits.Memory)
	open := func() (sendmail.Transport, error) { return sendmail.OpenTransport(s.Sending, nil) }
	if _, err := open(); err != nil {
		return err
	}
	st, err := store.Open(ctx, s.Database)
	if err != nil {
		return err
	}
	defer st.Close()
	worker, err := e.mailer(ctx, s, st, open, log)
	if err != nil {
		return err
	}
	service, err := server.New(ctx, s.Config, st, server.Surroundings{Now: e.now, Random: e.random, Log: log, Queued: worker.Wake})
	if err != nil {
		return err
	}
	worker.Sent = service.Delivered
	var secure *server.Certificate
	if s.TLSCert != "" {
		if secure, err = server.LoadCertificate(s.TLSCert, s.TLSKey, log); err != nil {
			return err
		}
	}
	taking, ctx := errgroup.WithContext(ctx)
	if err := take(ctx, taking, s, service, secure, log); err != nil {
		return err
	}
	working, stop := context.WithCancel(ctx)
	var mailing sync.WaitGroup
	mailing.Go(func() { worker.Run(working) })
	err = taking.Wait()
	stop()
	mailing.Wait()
	log.Info("ended")
	return err
}

// boundMemory has garbage collected sooner than usual when there is much of it:
// requests leave several times their size, and otherwise as much again would be
// kept. GOMEMLIMIT says otherwise.
func boundMemory(requests int64) {
	const rest = 64 << 20
	if debug.SetMemoryLimit(-1) == math.MaxInt64 {
		debug.SetMemoryLimit(rest + 5*requests)
	}
}

// take opens the doors of the service: HTTP, and SMTP where it is wanted.
func take(ctx context.Context, taking *errgroup.Group, s server.Settings, service *server.Server, secure *server.Certificate, log *slog.Logger) error {
	web, err := net.Listen("tcp", s.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", s.Listen, err)
	}
	if s.SMTPListen != "" {
		mail, err := net.Listen("tcp", s.SMTPListen)
		if err != nil {
			web.Close()
			return fmt.Errorf("listen on %s: %w", s.SMTPListen, err)
		}
		o := submit.Options{Name: s.URL.Hostname(), Message: s.Limits.Message, Recipients: s.Limits.Recipients, Work: s.Limits.Work, Scratch: s.Scratch, Log: log}
		if secure != nil {
			o.TLS = secure.Config()
		}
		taking.Go(func() error { return submit.Serve(ctx, mail, service, o) })
		log.Info("listening for mail", slog.String("address", mail.Addr().String()), slog.Bool("starttls", secure != nil))
	}
	taking.Go(func() error { return service.Serve(ctx, web, secure) })
	log.Info("listening", slog.String("address", web.Addr().String()), slog.String("url", s.URL.String()), slog.String("version", s.Version))
	return nil
}

// mailersAtOnce is how many series are mailed at once.
const mailersAtOnce = 4

func (e *env) mailer(ctx context.Context, s server.Settings, st *store.Store, open func() (sendmail.Transport, error), log *slog.Logger) (*delivery.Worker, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("find out the name of this machine: %w", err)
	}
	id, err := e.randomHex(16)
	if err != nil {
		return nil, err
	}
	o := delivery.Options{Store: st, Open: open, Service: s.Mail, AtOnce: mailersAtOnce, Lease: s.Takeover, Owner: host + "/" + strconv.Itoa(os.Getpid()) + "/" + id, Now: e.now, Log: log}
	if s.Feed {
		if o.Feed, err = feed.Open(ctx, feed.Settings{Dir: s.FeedDir, Description: "Patches received by " + s.Mail.Name,
			Committer: patchmail.Address{Name: s.Mail.Name, Mailbox: s.Mail.From.Mailbox}}); err != nil {
			return nil, fmt.Errorf("open the feed: %w", err)
		}
	}
	return delivery.New(o), nil
}
