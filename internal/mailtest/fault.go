package mailtest

import (
	"strings"
	"time"
)

// A Stage is a step of the conversation.
type Stage string

const (
	AtGreeting Stage = "greeting"
	AtEHLO     Stage = "EHLO"
	AtSTARTTLS Stage = "STARTTLS"
	AtAUTH     Stage = "AUTH"
	AtMAIL     Stage = "MAIL"
	AtRCPT     Stage = "RCPT"
	AtDATA     Stage = "DATA"
	AtBody     Stage = "body" // first line of the message is there, the final dot is not
	AtDot      Stage = "dot"  // the final dot is there, the answer is not
	AtRSET     Stage = "RSET"
	AtQUIT     Stage = "QUIT"
)

// A Fault makes the server misbehave. One of Reply, Drop and Hang says how;
// without them the server only takes its time. The first fault that fits is
// taken.
type Fault struct {
	At        Stage
	Message   int    // only for the n-th MAIL command of the server's life, from 1; 0: any
	Since     int    // only for the n-th MAIL command and all later ones; 0: any
	Recipient string // AtRCPT: only this mailbox; "": any
	Times     int    // wear off after so many times; 0: never

	Reply string // answer this instead, such as "550 5.1.1 no such user"; lines separated by "\n"
	Drop  bool   // close the connection
	Hang  bool   // say nothing any more
	Keep  bool   // AtDot: keep the message all the same

	Pause time.Duration // before all that
}

// fault finds the fault for a step and uses it up; nil when all is well.
func (s *Server) fault(at Stage, message int, recipient string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.faults {
		f := &s.faults[i]
		if f.At != at || f.Times < 0 ||
			f.Message != 0 && f.Message != message || message < f.Since ||
			f.Recipient != "" && !strings.EqualFold(f.Recipient, recipient) {
			continue
		}
		if f.Times == 1 {
			f.Times = -1 // worn off
		} else if f.Times > 1 {
			f.Times--
		}
		found := *f
		return &found
	}
	return nil
}
