package sendmail

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// AboutSession says of a deferral that it is about the connection or the sender,
// so that nothing else would get through either.
func (r Receipt) AboutSession() bool {
	return r.Step == AtMail || r.Code == 421 || (r.Code == 0 || r.Code/100 == 2 || r.Code/100 == 3) && r.Step != AtLocal && r.Step != AtCommand
}

// TooMany says of deferrals that recipients were put off for their number.
func TooMany(deferred []Receipt) bool {
	for _, r := range deferred {
		if r.Step != AtRcpt || r.Code != 452 && r.Code != 552 {
			return false
		}
	}
	return true
}

// AskedFor reads how long a server asks to wait, such as "try again in 30
// seconds" or "Greylisted for 5 minutes"; 0 when it does not say.
func AskedFor(reply string) time.Duration {
	match := waitWords().FindStringSubmatch(strings.ToLower(reply))
	if match == nil {
		return 0
	}
	n, err := strconv.Atoi(match[1])
	if err != nil || n > 1e6 {
		return longestWait + 1
	}
	unit := time.Second
	switch match[2][0] {
	case 'm':
		unit = time.Minute
	case 'h':
		unit = time.Hour
	}
	return time.Duration(n) * unit
}

var waitWords = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\b(?:in|for|after|wait|another)\s+(?:about\s+)?(\d+)\s*(s|secs?|seconds?|m|mins?|minutes?|h|hours?)\b`)
})
