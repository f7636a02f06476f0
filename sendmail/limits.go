package sendmail

import "time"

// Limits are how long each step may take (spec/mail.md 4.2, RFC 5321 4.5.3.2).
type limits struct {
	connect  time.Duration
	tls      time.Duration
	greeting time.Duration
	command  time.Duration
	write    time.Duration // one write of a body
	final    time.Duration // the answer to the final dot
	quit     time.Duration
	grace    time.Duration // to finish the message in flight after an interrupt
	program  time.Duration // a sendmail command, per message
	linger   time.Duration // a child that the command left behind with our pipes
}

func standardLimits() limits {
	return limits{
		connect: 30 * time.Second, tls: 30 * time.Second, greeting: time.Minute, command: 5 * time.Minute,
		write: 3 * time.Minute, final: 10 * time.Minute, quit: 5 * time.Second, grace: 10 * time.Second,
		program: 5 * time.Minute, linger: 5 * time.Second,
	}
}
