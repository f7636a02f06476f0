package smtp

import "time"

// Limits are how long each step may take (RFC 5321 4.5.3.2).
type Limits struct {
	Connect  time.Duration
	TLS      time.Duration // the handshake
	Greeting time.Duration
	Command  time.Duration // the answer to a command
	Write    time.Duration // one piece of a body
	Final    time.Duration // the answer to the final dot
	Quit     time.Duration
	Grace    time.Duration // to finish the message in flight after an interrupt
}

// StandardLimits are those of spec/mail.md 4.2.
func StandardLimits() Limits {
	return Limits{
		Connect: 30 * time.Second, TLS: 30 * time.Second, Greeting: time.Minute, Command: 5 * time.Minute,
		Write: 3 * time.Minute, Final: 10 * time.Minute, Quit: 5 * time.Second, Grace: 10 * time.Second,
	}
}

// Scaled makes command the time for the answer to a command and stretches or
// shrinks the others in proportion; but none shrinks below command itself.
func (l Limits) Scaled(command time.Duration) Limits {
	for _, d := range []*time.Duration{&l.Connect, &l.TLS, &l.Greeting, &l.Write, &l.Final, &l.Quit, &l.Grace} {
		scaled := time.Duration(float64(*d) * float64(command) / float64(l.Command))
		*d = max(scaled, min(*d, command))
	}
	l.Command = command
	return l
}
