package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/endpoint/server"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

// queueFlags say which service is meant.
func queueFlags() []cli.Flag {
	return []cli.Flag{configFlag(), &cli.StringSliceFlag{Name: "database", Usage: "look into `FILE`, or a postgres:// URL"}}
}

func endpointQueueCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "queue",
		Usage: "list what an endpoint has yet to mail, and what is of unknown fate",
		Description: "Reads the database of a service, which may be running. What a mail server puts off\n" +
			"is tried again by itself; what it broke off behind the final dot is of unknown\n" +
			"fate, and waits for 'kprep endpoint settle'.",
		Flags: append(queueFlags(), &cli.BoolFlag{Name: "json", Usage: "print JSON"}),
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			return e.withQueue(c, func(_ *store.Store, all []store.Entry) error {
				if c.Bool("json") {
					return e.printJSON(queueFacts(all))
				}
				return e.printQueue(all)
			})
		},
	}
}

func endpointSettleCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "settle",
		Usage:     "say what became of a message of unknown fate",
		ArgsUsage: "MESSAGE",
		Description: "MESSAGE is a number or a message-id as 'kprep endpoint queue' shows it. The log of\n" +
			"the mail server, or the archive of the list, tells whether it has arrived.",
		Flags: append(queueFlags(),
			&cli.BoolFlag{Name: "arrived", Usage: "it has: what waits for it goes out"},
			&cli.BoolFlag{Name: "resend", Usage: "it has not: mail it once more, the same bytes"},
			&cli.BoolFlag{Name: "drop", Usage: "it is not to be mailed"},
			&cli.StringFlag{Name: "recipient", Usage: "for `MAILBOX` alone"}),
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			var decisions []store.Decision
			for _, d := range []store.Decision{store.Arrived, store.Resend, store.Drop} {
				if c.Bool(string(d)) {
					decisions = append(decisions, d)
				}
			}
			if len(decisions) != 1 {
				return usagef("endpoint settle", "say one of --arrived, --resend and --drop")
			}
			return e.withQueue(c, func(s *store.Store, all []store.Entry) error {
				m, err := queued(all, words[0])
				if err != nil {
					return err
				}
				return s.Settle(c.Context, m.Message, c.String("recipient"), decisions[0], e.now())
			})
		},
	}
}

// queueLimit is how much of a queue is shown.
const queueLimit = 10_000

// withQueue opens the database of a service, which has to be there, and reads
// its queue.
func (e *env) withQueue(c *cli.Context, do func(*store.Store, []store.Entry) error) error {
	cfg, err := e.serviceConfig(c)
	if err != nil {
		return err
	}
	database := server.Database(cfg)
	if store.IsFile(database) {
		database = e.path(database)
		if _, err := os.Stat(database); err != nil {
			return fmt.Errorf("open the database: %w", err)
		}
	}
	s, err := store.Open(c.Context, database)
	if err != nil {
		return err
	}
	defer s.Close()
	all, err := s.Queue(context.WithoutCancel(c.Context), queueLimit)
	if err != nil {
		return err
	}
	return do(s, all)
}

// queued finds the message that an operator names.
func queued(all []store.Entry, name string) (store.Entry, error) {
	number, err := strconv.ParseInt(name, 10, 64)
	isNumber := err == nil
	id := strings.TrimSuffix(strings.TrimPrefix(name, "<"), ">")
	var found []store.Entry
	for _, m := range all {
		if isNumber && m.Message == number || !isNumber && m.MessageID == id {
			found = append(found, m)
		}
	}
	switch len(found) {
	case 0:
		return store.Entry{}, fmt.Errorf("the queue has no message %s", patchmail.PrintableLine(name))
	case 1:
		return found[0], nil
	}
	return store.Entry{}, errors.New("there are several messages of that message-id: give the number of one")
}

// printQueue shows each message with those who have yet to get it.
func (e *env) printQueue(all []store.Entry) error {
	if len(all) == 0 {
		e.notef("everything is mailed")
		return nil
	}
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, m := range all {
		fmt.Fprintf(w, "%d\t%s\t%s\t<%s>\t%s\n", m.Message, m.Kind, patchmail.PrintableLine(m.Identity), patchmail.PrintableLine(m.MessageID), patchmail.PrintableLine(m.Subject))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintln(e.stdout)
	w = tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, m := range all {
		for _, d := range m.Deliveries {
			switch d.State {
			case sendmail.Accepted, sendmail.Refused:
				continue
			}
			when := "next try " + m.Due.Format(time.RFC3339)
			if d.State == sendmail.Unknown || d.State == sendmail.InFlight {
				when = "since " + d.Time.Format(time.RFC3339)
			}
			fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", m.Message, d.State, patchmail.PrintableLine(d.Recipient), when, patchmail.PrintableLine(d.Reply))
		}
	}
	return w.Flush()
}

// A queueFact is one message in --json.
type queueFact struct {
	Message    int64          `json:"message"`
	MessageID  string         `json:"message-id"`
	Subject    string         `json:"subject"`
	Kind       store.Kind     `json:"kind"`
	Identity   string         `json:"identity"`
	Received   time.Time      `json:"received"`
	Due        time.Time      `json:"due"`
	Claims     int            `json:"claims"`
	Feed       string         `json:"feed"`
	Deliveries []deliveryFact `json:"deliveries"`
}

type deliveryFact struct {
	Recipient string         `json:"recipient"`
	State     sendmail.State `json:"state"`
	Code      int            `json:"code,omitempty"`
	Reply     string         `json:"reply,omitempty"`
}

type queueReport struct {
	Schema   int         `json:"schema"` // 1
	Messages []queueFact `json:"messages"`
}

func queueFacts(all []store.Entry) queueReport {
	r := queueReport{Schema: 1, Messages: []queueFact{}}
	for _, m := range all {
		f := queueFact{Message: m.Message, MessageID: m.MessageID, Subject: m.Subject, Kind: m.Kind, Identity: m.Identity,
			Received: m.Received, Due: m.Due, Claims: m.Attempts, Feed: string(m.Feed)}
		for _, d := range m.Deliveries {
			f.Deliveries = append(f.Deliveries, deliveryFact{d.Recipient, d.State, d.Code, d.Reply})
		}
		r.Messages = append(r.Messages, f)
	}
	return r
}
