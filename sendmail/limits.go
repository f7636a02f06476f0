package sendmail

import "time"

// The limits are how long a sendmail command may take (spec/mail.md 4.4, F54).
type limits struct {
	program time.Duration // per message
	grace   time.Duration // to finish the message in flight after an interrupt
	linger  time.Duration // a child that the command left behind with our pipes
}

// commandLimits are the standard ones, scaled as those of a server are.
func (s Settings) commandLimits() limits {
	l := s.limits()
	return limits{program: l.Command, grace: l.Grace, linger: l.Quit}
}
