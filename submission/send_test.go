package submission

import (
	"testing"

	"github.com/kprep/kprep/sendmail"
)

// Only a service that refused every message's request has nothing of a series.
func TestDenied(t *testing.T) {
	t.Parallel()
	no := sendmail.Receipt{State: sendmail.Refused, Step: sendmail.AtEndpoint, Code: 403}
	taken := sendmail.Receipt{State: sendmail.Accepted, Step: sendmail.AtEndpoint, Code: 200}
	for name, c := range map[string]struct {
		receipts    []sendmail.Receipt
		some, whole bool
	}{
		"nothing was tried":                     {nil, false, false},
		"the request was refused":               {[]sendmail.Receipt{no, no}, true, true},
		"a message was taken all the same":      {[]sendmail.Receipt{no, taken}, true, false},
		"a message is of unknown fate":          {[]sendmail.Receipt{no, {State: sendmail.Unknown, Step: sendmail.AtEndpoint, Code: 500}}, true, false},
		"a message was not tried":               {[]sendmail.Receipt{no, {State: sendmail.Pending}}, true, false},
		"the service's mail server refused one": {[]sendmail.Receipt{{State: sendmail.Refused, Step: sendmail.AtEndpoint, Code: 200}}, false, false},
		"the service said so when it was asked": {[]sendmail.Receipt{{State: sendmail.Refused, Step: sendmail.AtEndpoint}}, false, false},
		"a mail server refused it":              {[]sendmail.Receipt{{State: sendmail.Refused, Step: sendmail.AtDot, Code: 550}}, false, false},
	} {
		if some, whole := denied(c.receipts), deniedWhole(c.receipts); some != c.some || whole != c.whole {
			t.Errorf("%s: %v, %v", name, some, whole)
		}
	}
}
