package smtp

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A Step is a part of a transaction.
type Step string

const (
	AtMail Step = "MAIL"
	AtRcpt Step = "RCPT"
	AtData Step = "DATA" // also: the body was being written
	AtDot  Step = "dot"  // the final dot was, or may have been, written
)

// A Message is what one transaction carries.
type Message struct {
	From string   // mailbox; "" for none
	To   []string // mailboxes
	Data []byte   // lines of at most 998 bytes, ended by LF; no CR

	// BeforeDot is called when the server has all of the message but the final
	// dot, with the recipients that it accepted, of which there is at least
	// one. After an error the dot is not written.
	BeforeDot func(to []string) error
}

// An Outcome says what decided over one recipient.
type Outcome struct {
	Recipient string
	Step      Step
	Reply     Reply // to that step; zero: there was none
	Err       error // why there was none
}

// Accepted says that the server has taken the message.
func (o Outcome) Accepted() bool { return o.Step == AtDot && o.Reply.class() == 2 }

// group is how many commands go out before their replies are read. RFC 2920,
// 3.1, wants neither side to wait for the other with full hands.
const group = 100

var (
	errWithheld = errors.New("the message was held back before its end")
	errLeft     = errors.New("the server ended the conversation")
	errReset    = errors.New("the server refused to end the transaction before")
)

// Send carries one message to those of its recipients that the server accepts,
// and returns one outcome for each, in the order of m.To. The error is that of
// m.BeforeDot. [Client.Usable] says whether another message may follow. Once
// ctx is done, what is under way has Limits.Grace to end.
func (c *Client) Send(ctx context.Context, m Message) ([]Outcome, error) {
	defer c.wire.guard(ctx, c.config.Limits.Grace)()
	t := newTransaction(c, m)
	t.introduce()
	taken := t.judge()
	if t.open() && len(taken) > 0 {
		return t.outcomes, t.deliver(taken)
	}
	if t.open() {
		// A dot would send an empty message to nobody, or to somebody.
		c.Close()
	}
	return t.outcomes, nil
}

// A transaction is one message from MAIL to the answer to the dot.
type transaction struct {
	client   *Client
	message  Message
	commands []string // RSET where it is needed, MAIL, RCPT for each recipient, DATA
	mail     int      // index of MAIL in commands
	replies  []Reply  // to the first of commands
	said     int      // number of commands that were written
	err      error    // why the reply after replies is missing
	outcomes []Outcome
}

func newTransaction(c *Client, m Message) *transaction {
	t := &transaction{client: c, message: m}
	if c.unfinished {
		t.commands = append(t.commands, "RSET")
		t.mail = 1
	}
	t.commands = append(t.commands, "MAIL FROM:<"+m.From+">"+t.parameters())
	for _, to := range m.To {
		t.commands = append(t.commands, "RCPT TO:<"+to+">")
	}
	t.commands = append(t.commands, "DATA")
	for _, to := range m.To {
		t.outcomes = append(t.outcomes, Outcome{Recipient: to})
	}
	return t
}

// parameters of MAIL, each only where it is offered and says something.
func (t *transaction) parameters() string {
	var text string
	e := t.client.extensions
	if e.size {
		// RFC 1870, 5: line ends count as two, the dot and its stuffing do not.
		text += fmt.Sprintf(" SIZE=%d", len(t.message.Data)+bytes.Count(t.message.Data, []byte("\n")))
	}
	if e.EightBit && !isASCII(t.message.Data) {
		text += " BODY=8BITMIME"
	}
	if e.UTF8 && (patchmail.NeedsUTF8(t.message.Data) || !isASCII(t.message.From+strings.Join(t.message.To, ""))) {
		text += " SMTPUTF8"
	}
	return text
}

func isASCII[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] > 127 {
			return false
		}
	}
	return true
}

// introduce says the commands before the body. With PIPELINING many go out at
// once, and all of their replies are read; else each waits for the last.
func (t *transaction) introduce() {
	for i := range t.commands {
		if i == t.said && t.hopeless() {
			return
		}
		var reply Reply
		if t.err = t.say(i); t.err == nil {
			reply, t.err = t.client.reply(verb(t.commands[i]), t.client.config.Limits.Command)
		}
		if t.err == nil && i < t.mail && reply.class() != 2 {
			t.err = errReset
		}
		if t.err != nil {
			t.client.Close()
			return
		}
		if i <= t.mail {
			t.client.unfinished = i == t.mail && reply.class() == 2
		}
		t.replies = append(t.replies, reply)
	}
}

// say writes command i, unless it is written, and what may go with it.
func (t *transaction) say(i int) error {
	if i < t.said {
		return nil
	}
	end := i + 1
	if t.client.extensions.Pipelining {
		end = min(i+group, len(t.commands))
	}
	t.said = end
	text := strings.Join(t.commands[i:end], "\r\n") + "\r\n"
	return t.client.wire.say(t.client.config.Limits.Command, []byte(text))
}

// hopeless says that another command would be of no use.
func (t *transaction) hopeless() bool {
	taken := 0
	for i, reply := range t.replies {
		if reply.ends() || i <= t.mail && reply.class() != 2 {
			return true
		}
		if i > t.mail && reply.class() == 2 {
			taken++
		}
	}
	return len(t.replies) == len(t.commands)-1 && taken == 0
}

// open says that the server waits for a body.
func (t *transaction) open() bool {
	return len(t.replies) == len(t.commands) && t.replies[len(t.replies)-1].Code == 354 && t.client.Usable()
}

// judge fills the outcomes of those that get nothing, and returns the indices
// of the others. The first thing that went wrong for somebody decides.
func (t *transaction) judge() (taken []int) {
	for _, reply := range t.replies[:min(len(t.replies), len(t.commands)-1)] {
		if reply.ends() {
			t.client.Close()
		}
	}
	for i := range t.outcomes {
		o := &t.outcomes[i]
		switch {
		case t.wrong(o, t.mail, AtMail), t.wrong(o, t.mail+1+i, AtRcpt):
		case t.open():
			taken = append(taken, i)
		default:
			t.withoutData(o)
		}
	}
	return taken
}

// wrong fills o when command i did not go well.
func (t *transaction) wrong(o *Outcome, i int, step Step) bool {
	if i < len(t.replies) {
		if t.replies[i].class() == 2 {
			return false
		}
		o.Step, o.Reply = step, t.replies[i]
		return true
	}
	o.Step = step
	t.ended(o)
	return true
}

// withoutData fills o when the server does not wait for the body.
func (t *transaction) withoutData(o *Outcome) {
	o.Step = AtData
	if len(t.replies) < len(t.commands) {
		t.ended(o)
		return
	}
	if o.Reply = t.replies[len(t.replies)-1]; o.Reply.Code == 354 {
		o.Reply, o.Err = Reply{}, errLeft
	} else if o.Reply.ends() || o.Reply.class() == 2 {
		t.client.Close()
	}
}

// ended fills o with what ended the conversation before its turn: the
// connection broke, or a reply was the last.
func (t *transaction) ended(o *Outcome) {
	if o.Err = t.err; o.Err == nil {
		o.Reply = t.replies[len(t.replies)-1]
	}
}

// deliver writes the body, and the dot if the caller agrees.
func (t *transaction) deliver(taken []int) error {
	c := t.client
	decide := func(step Step, reply Reply, err error) {
		if err != nil || reply.ends() {
			c.Close()
		}
		if reply.Code != 0 {
			err = nil
		}
		for _, i := range taken {
			t.outcomes[i].Step, t.outcomes[i].Reply, t.outcomes[i].Err = step, reply, err
		}
	}
	c.config.wait("body", c.config.Limits.Write)
	if err := c.wire.write(c.config.Limits.Write, stuffed(t.message.Data)); err != nil {
		decide(AtData, c.lastWords(), err)
		return nil
	}
	var to []string
	for _, i := range taken {
		to = append(to, t.outcomes[i].Recipient)
	}
	if err := t.message.BeforeDot(to); err != nil { // spec/mail.md 2.10: the record is on the disk before the dot
		decide(AtData, Reply{}, errWithheld)
		return err
	}
	// What the server says now cannot be its answer to what it does not have.
	if err := c.wire.unasked(); err != nil {
		decide(AtData, c.lastWords(), err)
		return nil
	}
	if c.wire.trace != nil {
		c.wire.trace(fmt.Sprintf("> [%d bytes] .", len(t.message.Data)))
	}
	sent, err := c.wire.writeDot(c.config.Limits.Write)
	if !sent {
		decide(AtData, Reply{}, err)
		return nil
	}
	var reply Reply
	if err == nil {
		reply, err = c.reply("final dot", c.config.Limits.Final)
	}
	c.unfinished = false
	decide(AtDot, reply, err)
	return nil
}

// lastWords looks for the reason why the server did not wait for all of the
// message: some say so and hang up. Without one it is zero.
func (c *Client) lastWords() Reply {
	reply, err := c.wire.reply(c.config.Limits.Quit)
	if err != nil || reply.class() != 4 && reply.class() != 5 {
		return Reply{}
	}
	return reply
}

// stuffed is the message as it travels, but for the final dot: CRLF, and a
// second dot before one that begins a line (RFC 5321 4.5.2).
func stuffed(data []byte) []byte {
	var out bytes.Buffer
	out.Grow(len(data) + len(data)/20)
	w := textproto.NewWriter(bufio.NewWriter(&out)).DotWriter()
	w.Write(data) // into memory: neither can fail
	w.Close()
	return bytes.TrimSuffix(out.Bytes(), []byte(".\r\n"))
}
