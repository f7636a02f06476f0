package submission

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/series"
)

func (s *Submission) rendering(o Options) (r series.Rendering, err error) {
	r = series.Rendering{From: s.Sender, Now: o.Now, Random: o.Random, ForceCover: o.ForceCover, InBodyFrom: o.InBodyFrom, Plain: o.Plain, Signature: signature(o.Home), RangeDiff: o.RangeDiff}
	if err := s.limitRangeDiff(&r); err != nil {
		return r, err
	}
	if r.Signature == "" { // who writes, whoever sends: as b4 does
		author, err := s.repo.Author()
		if err != nil {
			return r, err
		}
		r.Signature = fmt.Sprintf("%s <%s>", author.Name, author.Email)
	}
	if s.Mail.XMailer {
		r.Mailer = o.Mailer
	}
	r.Unthreaded, r.Encoding = !s.Mail.Thread, s.Mail.TransferEncoding
	if s.Mail.ByEndpoint() {
		// Most rewrite From, and keep the author only of patches; some lose
		// other encodings. It is done for all, so that a preview needs no network.
		r.Encoding, r.InBodyFrom, r.InBodyCover = "", true, !o.Plain
	}
	if r.Drop, err = s.dropTrailers(); err != nil {
		return r, err
	}
	switch s.Kind {
	case KindPreview:
		r.Extra = []string{"PREVIEW"}
	case KindResend:
		r.Extra, r.Untracked = []string{"RESEND"}, true
	}
	r.InReplyTo = o.InReplyTo
	if r.SameThread, err = s.sameThread(o); err != nil {
		return r, err
	}
	s.joins, s.wantsThread = o.InReplyTo, r.SameThread != ""
	if v, ok := s.settings.Get("prep-cover-template"); ok {
		text, err := s.settings.ReadFile("prep-cover-template")
		if err != nil {
			return r, fmt.Errorf("cover template %s: %w", v.Text, err)
		}
		r.Template = string(text)
	}
	return r, nil
}

// sameThread is which earlier revision the first message answers, as
// [series.Rendering] has it: what the caller says, else send-same-thread with
// b4's words or ours. A revision that is sent again starts a thread.
func (s *Submission) sameThread(o Options) (string, error) {
	word, where := o.SameThread, "--same-thread"
	if v, ok := s.settings.Get("send-same-thread"); ok && word == "" {
		word, where = v.Text, "configuration "+v.Key
	}
	if s.Kind == KindResend {
		return "", nil
	}
	switch strings.ToLower(word) {
	case "", "no", "false", "n", "off", "0":
		return "", nil
	case "previous", "yes", "true", "y", "on", "1":
		return "previous", nil
	case "first", "shallow":
		return "shallow", nil
	}
	return "", fmt.Errorf("%s: %q is not one of no, previous, first", where, word)
}

// signature is the text of ~/.signature, "" when there is none.
func signature(home string) string {
	if home == "" {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(home, ".signature"))
	if err != nil {
		return "" // as git and b4: no file is the usual case
	}
	return strings.TrimRight(string(text), "\n")
}
