package sendmail

import "time"

// Limits are how long a sendmail command may take (spec/mail.md 4.4, F54).
type limits struct {
	program time.Duration // per message
	grace   time.Duration // to finish the message in flight after an interrupt
	linger  time.Duration // a child that the command left behind with our pipes
}

func standardLimits() limits {
	return limits{program: 5 * time.Minute, grace: 10 * time.Second, linger: 5 * time.Second}
}
