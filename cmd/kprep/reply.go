package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/feedback"
	"github.com/kprep/kprep/inbox"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/submission"
)

func replyCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "reply",
		Category:  groupReview,
		Usage:     "begin an answer to a reply",
		ArgsUsage: "ID",
		Description: "Writes a mail that stands in the thread below ID, goes to all who take part in it,\n" +
			"and quotes what it answers. ID is the word that 'kprep feedback' shows, a message-id,\n" +
			"or a URL with one. Nothing is sent: edit it, and give it to your mail program.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "output", Aliases: []string{"o"}, Usage: "write it to the new `FILE`"},
			&cli.StringFlag{Name: "pipe", Usage: "give it to the command kprep.reply.`NAME` of your configuration"},
			offlineFlag(),
		},
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			if err := exclusive(c, "output", "pipe"); err != nil {
				return err
			}
			s, err := e.loadCurrent(c.Context)
			if err != nil {
				return err
			}
			return e.reply(c, s, words[0])
		},
	}
}

// A noCommandError means that the configuration has no command of that name.
type noCommandError struct{ key string }

func (err *noCommandError) Error() string {
	return fmt.Sprintf("the configuration has no command %q", err.key)
}

func (e *env) reply(c *cli.Context, s *series.Series, word string) error {
	config, err := e.repo.Config()
	if err != nil {
		return err
	}
	command := ""
	if c.IsSet("pipe") {
		key := "kprep.reply." + c.String("pipe")
		if command, _ = config.Get(key); command == "" {
			return &noCommandError{key}
		}
	}
	message, err := e.findMessage(c, s, word)
	if err != nil {
		return err
	}
	text, err := e.draftReply(c, s, message)
	if err != nil {
		return err
	}
	switch {
	case c.IsSet("output"):
		return e.writeNew(c.String("output"), text)
	case command != "":
		if err := e.repo.RunShell(c.Context, command, bytes.NewReader(text), asFile(e.stdout.w), asFile(e.stderr)); err != nil {
			return fmt.Errorf("kprep.reply.%s: %w", c.String("pipe"), err)
		}
		return nil
	}
	_, err = e.stdout.Write([]byte(e.shown(string(text))))
	return err
}

// draftReply writes an answer to a message.
func (e *env) draftReply(c *cli.Context, s *series.Series, message *inbox.Message) ([]byte, error) {
	known, err := s.Reviewed(c.Context)
	if err != nil {
		return nil, err
	}
	me, err := e.repo.Committer()
	if err != nil {
		return nil, err
	}
	from, err := submission.Sender(c.Context, e.repo, s)
	if err != nil {
		return nil, err
	}
	isMe := func(mailbox string) bool {
		return known.IsMe(mailbox) || from.Key() == patchmail.Address{Mailbox: mailbox}.Key()
	}
	answer, err := feedback.Answer(message.Raw, from, isMe)
	if err != nil {
		return nil, fmt.Errorf("message <%s>: %w", message.ID, err)
	}
	random, err := e.randomHex(12)
	if err != nil {
		return nil, err
	}
	answer.Date = me.When
	answer.ID = e.now().UTC().Format("20060102150405") + "." + random + "@" + from.Domain()
	answer.Encoding = "8bit" // for an editor
	text, err := answer.Bytes()
	if errors.As(err, new(*patchmail.EncodingError)) { // lines that no mail can have
		answer.Encoding = ""
		text, err = answer.Bytes()
	}
	return text, err
}

// writeNew writes a file that is not there yet.
func (e *env) writeNew(name string, text []byte) error {
	file, err := os.OpenFile(e.path(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write %q: %w", name, cause(err))
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(e.path(name))
		return fmt.Errorf("write %q: %w", name, cause(err))
	}
	return nil
}

// openReply shows a message in the program that the user reads mail with, or
// prints it.
func (e *env) openReply(c *cli.Context, s *series.Series, word string) error {
	message, err := e.findMessage(c, s, word)
	if err != nil {
		return err
	}
	config, err := e.repo.Config()
	if err != nil {
		return err
	}
	mailer, set := config.Get("kprep.mailer")
	if !set {
		mailer = e.getenv("MAILER")
	}
	if strings.TrimSpace(mailer) == "" {
		err = e.printMessage(c, message)
	} else {
		err = e.inMailer(c, mailer, message)
	}
	if err != nil {
		return err
	}
	return s.MarkSeen(message.ID)
}

// inMailer has a command show a message, in a file of its own that is an mbox.
func (e *env) inMailer(c *cli.Context, mailer string, message *inbox.Message) error {
	parent := filepath.Join(e.repo.CommonDir, "kprep", "edit")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(parent, "open-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "message")
	if err := os.WriteFile(file, mboxOf(message.Raw), 0o600); err != nil {
		return err
	}
	if err := e.repo.RunShell(c.Context, mailer, asFile(e.stdin), asFile(e.stdout.w), asFile(e.stderr), file); err != nil {
		return fmt.Errorf("the mail program %q: %w", mailer, err)
	}
	return nil
}

// mboxOf is an mbox of one mail, as mboxrd has it.
func mboxOf(raw []byte) []byte {
	var out bytes.Buffer
	out.WriteString("From mboxrd@z Thu Jan  1 00:00:00 1970\n")
	for line := range bytes.Lines(raw) {
		if bytes.HasPrefix(bytes.TrimLeft(line, ">"), []byte("From ")) {
			out.WriteByte('>')
		}
		out.Write(line)
	}
	if !bytes.HasSuffix(raw, []byte("\n")) {
		out.WriteByte('\n')
	}
	out.WriteByte('\n')
	return out.Bytes()
}

// printMessage prints the header that people read, and the text.
func (e *env) printMessage(c *cli.Context, message *inbox.Message) error {
	head, err := inbox.ReadAddressed(message.Raw)
	if err != nil {
		return err
	}
	content, err := inbox.ReadContent(message.Raw)
	if err != nil {
		return err
	}
	var out strings.Builder
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&out, "%s: %s\n", name, patchmail.PrintableLine(value))
		}
	}
	people := func(list []patchmail.Address) string {
		var words []string
		for _, a := range list {
			words = append(words, a.String())
		}
		return strings.Join(words, ", ")
	}
	field("From", head.From.String())
	field("Date", head.Date)
	field("To", people(head.To))
	field("Cc", people(head.Cc))
	field("Subject", head.Subject)
	field("Message-ID", "<"+head.ID+">")
	fmt.Fprintf(&out, "\n%s", patchmail.Printable(content.Text))
	if !strings.HasSuffix(content.Text, "\n") {
		out.WriteByte('\n')
	}
	return e.page(c.Context, e.repo, []byte(out.String()))
}
