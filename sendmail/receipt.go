package sendmail

import (
	"time"

	"github.com/kprep/kprep/sendmail/smtp"
)

// A State is what is known about one message and one of its recipients
// (spec/mail.md 0.2).
type State string

const (
	Pending  State = "pending"   // nothing was tried
	InFlight State = "in-flight" // the final dot may leave at any moment; read as Unknown after a crash
	Accepted State = "accepted"  // the server, or the command, said that it took the message
	Refused  State = "refused"   // a definite no; final
	Deferred State = "deferred"  // certainly not taken, may be tried again
	Unknown  State = "unknown"   // the final dot may have left and no answer came
)

// A Step is the part of the conversation that decided a receipt.
type Step string

const (
	AtLocal    Step = "local" // decided here, nothing was said to anybody
	AtMail          = Step(smtp.AtMail)
	AtRcpt          = Step(smtp.AtRcpt)
	AtData          = Step(smtp.AtData) // also: the body was being written
	AtDot           = Step(smtp.AtDot)  // the final dot was, or may have been, written
	AtCommand  Step = "command"
	AtEndpoint Step = "endpoint" // the answer of a web endpoint, or what came in its place
	AtUser     Step = "user"     // the user said what became of it
	AtArchive  Step = "archive"  // an archive of mail showed that it arrived
)

// A Receipt tells what became of one message for one recipient.
type Receipt struct {
	Message   int // index in the plan, from 0
	Recipient string
	State     State
	Step      Step
	Code      int    // of the reply of SMTP or HTTP, or exit status of the command; 0 for none
	Reply     string // one line, at most 512 bytes and harmless to a terminal
	Time      time.Time
	Via       string // URL of the web endpoint that has it, or may; "" for other ways

	silent bool // the server did not answer in time; known only to the run that waited
}

// An Outgoing is one message ready to leave.
type Outgoing struct {
	Name       string   // file name without a folder, e.g. 0000-title.eml
	ID         string   // message-id without brackets
	Subject    string   // for people
	Recipients []string // envelope mailboxes, in order of first appearance, each once
	To         []string // those of Recipients that a finished send must have reached; may be empty
	Bcc        []string // those of Recipients that no header names; may be empty
	Date       time.Time
	Raw        []byte // LF line ends, no CR, no NUL, lines of at most 998 bytes
}

// clean makes one harmless line of at most 512 bytes out of text from outside.
func clean(text string) string { return smtp.Harmless(text) }

// receipts makes one receipt for each recipient.
func receipts(message int, recipients []string, state State, step Step, code int, reply string) []Receipt {
	now := time.Now()
	all := make([]Receipt, len(recipients))
	for i, r := range recipients {
		all[i] = Receipt{Message: message, Recipient: r, State: state, Step: step, Code: code, Reply: clean(reply), Time: now}
	}
	return all
}
