package delivery

import (
	"time"

	"github.com/kprep/kprep/sendmail"
)

// pauses are the times between tries, the last one from there on.
func pauses() []time.Duration {
	return []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute,
		80 * time.Minute, 3 * time.Hour, 6 * time.Hour, 12 * time.Hour, 24 * time.Hour}
}

// longestOutage is the pause after which a mail server that could not be used at
// all is tried again at the latest: others need it too.
const longestOutage = 20 * time.Minute

// pause is the time until the next try after so many, when it was put off for
// the reasons given. session says that the mail server could not be used.
func pause(tries int, session bool, replies ...string) time.Duration {
	all := pauses()
	d := all[min(max(tries, 1), len(all))-1]
	if session {
		d = min(d, longestOutage)
	}
	for _, reply := range replies {
		d = max(d, min(sendmail.AskedFor(reply), 24*time.Hour))
	}
	return d
}
