package attest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/kprep/kprep/gitrepo"
)

// ErrNoAuthor means that a mail has no From that git could take an author from.
var ErrNoAuthor = errors.New("the message names no author")

// A canonical is a mail in the form that is signed.
type canonical struct {
	info   gitrepo.Mailinfo
	body   []byte              // lines with CRLF
	fields map[string][][]byte // values by name, in order of appearance
}

// canonicalise computes the form in process where the mail is plain, and asks
// git elsewhere. env is for git.
func canonicalise(ctx context.Context, m message, env []string) (*canonical, error) {
	if err := checkDecisive(m); err != nil {
		return nil, err
	}
	info, plain := readPlain(m)
	if !plain {
		var err error
		if info, err = askGit(ctx, m, env); err != nil {
			return nil, err
		}
	}
	if info.Email == "" {
		return nil, ErrNoAuthor
	}
	c := &canonical{info: info, body: canonicalBody(info), fields: map[string][][]byte{}}
	for _, f := range m.fields {
		name := f.name()
		value := f.value()
		switch name {
		case "":
			continue
		case "from":
			value = []byte(info.Author + " <" + info.Email + ">")
		case "subject":
			value = []byte(info.Subject)
		}
		c.fields[name] = append(c.fields[name], value)
	}
	return c, nil
}

// checkDecisive refuses what git does not stand: it takes quadratic time for
// brackets in a subject, crashes on many parentheses, and reads on behind a
// quote or a parenthesis without end, where it never finds the same.
func checkDecisive(m message) error {
	for _, name := range []string{"from", "subject"} {
		for _, value := range m.values(name) {
			if len(value) > maxDecisive {
				return fmt.Errorf("the message has a %s of more than %d KB", name, maxDecisive>>10)
			}
			if name != "from" {
				continue
			}
			if bytes.Count(value, []byte(`"`))%2 != 0 {
				return fmt.Errorf("%w: a quote in From has no end", ErrNoAuthor)
			}
			if bytes.Count(value, []byte("(")) > bytes.Count(value, []byte(")")) {
				return fmt.Errorf("%w: a parenthesis in From has no end", ErrNoAuthor)
			}
		}
	}
	return nil
}

// askGit has git read a mail, in a bounded time: what checkDecisive refuses can
// stand in the body too.
func askGit(ctx context.Context, m message, env []string) (gitrepo.Mailinfo, error) {
	limited, cancel := context.WithTimeout(ctx, gitTime)
	defer cancel()
	info, err := gitrepo.ReadMailinfo(limited, gitrepo.Options{Env: env}, m.bytes())
	if limited.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("git needs more than %v to read the message", gitTime)
	}
	return info, err
}

// canonicalBody is the decoded body as "attestation", section 3.2, has it. It
// is never empty.
func canonicalBody(info gitrepo.Mailinfo) []byte {
	text := make([]byte, 0, len(info.Message)+len(info.Patch))
	text = bytes.TrimRight(append(append(text, info.Message...), info.Patch...), "\r\n")
	var out bytes.Buffer
	out.Grow(len(text) + len(text)/32 + 2)
	for line := range bytes.SplitSeq(text, []byte("\n")) {
		out.Write(bytes.TrimRight(line, "\r"))
		out.WriteString("\r\n")
	}
	return out.Bytes()
}

// relax is the value of a header as it is signed, without the line break:
// "attestation", section 3.3.
func relax(value []byte) []byte {
	// QUIRK: patatt decodes encoded words only when one is spelled "?q?".
	if bytes.Contains(value, []byte("?q?")) {
		value = decodeHeader(value)
	}
	out := make([]byte, 0, len(value))
	blank := false
	for _, c := range value {
		switch {
		case c == '\r' || c == '\n':
		case c == ' ' || c == '\t' || c == '\v' || c == '\f':
			blank = true
		default:
			if blank && len(out) > 0 {
				out = append(out, ' ')
			}
			blank = false
			out = append(out, c)
		}
	}
	return out
}

// decodeHeader decodes encoded words and drops all that is not ASCII outside of
// them.
func decodeHeader(value []byte) []byte {
	ascii := bytes.Map(func(r rune) rune {
		if r > '~' && r != 0x7f {
			return -1
		}
		return r
	}, value)
	text, err := new(mime.WordDecoder).DecodeHeader(string(ascii))
	if err != nil {
		return ascii
	}
	return []byte(text)
}

// headerInput is what is signed of the header: for each name the last field
// that is left of it, and nothing where none is left.
func (c *canonical) headerInput(names []string) []byte {
	left := map[string]int{} // fields not yet used, of a name that was met
	var out bytes.Buffer
	for _, name := range names {
		fields := c.fields[name]
		n, met := left[name]
		if !met {
			n = len(fields)
		}
		if n > 0 {
			n--
			out.WriteString(name + ":")
			out.Write(relax(fields[n]))
			out.WriteString("\r\n")
		}
		left[name] = n
	}
	return out.Bytes()
}

// splitNames reads the list of h=.
func splitNames(list string) []string {
	names := strings.Split(list, ":")
	for i, name := range names {
		names[i] = strings.TrimSpace(name)
	}
	return names
}
