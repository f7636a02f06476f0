package inbox

import (
	"strings"

	"github.com/kprep/kprep/patchmail"
)

// A Posting is what a patch mail or a cover letter says beside its patch.
type Posting struct {
	To, Cc   []patchmail.Address // those that can be read
	Tracking string              // the value of its X-B4-Tracking header; "" without one
	Text     string              // the body, decoded, with LF
}

// ReadPosting reads a mail. What is broken in it costs only itself.
func ReadPosting(raw []byte) (Posting, error) {
	header, body, err := open(raw)
	if err != nil {
		return Posting{}, err
	}
	return Posting{To: addresses(header, "To"), Cc: addresses(header, "Cc"), Tracking: header.Get("X-B4-Tracking"),
		Text: strings.ReplaceAll(string(body), "\r\n", "\n")}, nil
}
