package inbox

import (
	"bytes"
	"io"
	"mime"
	"net/mail"
	"strings"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"

	"github.com/kprep/kprep/patchmail"
)

// A Content is what a mail says to its reader.
type Content struct {
	From patchmail.Address
	// Text has LF line ends. Lines that were broken for transport (format=flowed)
	// are whole, HTML counts only where there is no plain text and is text, its
	// quotations behind ">", and attachments are left out.
	Text string
}

// ReadContent reads a mail. What is broken in it costs only itself.
func ReadContent(raw []byte) (Content, error) {
	entity, clean, err := openEntity(raw)
	if err != nil {
		return Content{}, err
	}
	c := Content{From: sender(entity.Header.Get("From"))}
	if c.Text, err = partText(entity); err != nil {
		c.Text = string(clean[headerEnds(clean):])
	}
	c.Text = strings.ReplaceAll(c.Text, "\r\n", "\n")
	return c, nil
}

// sender reads From as far as it can be read.
func sender(value string) patchmail.Address {
	words := mime.WordDecoder{CharsetReader: charset.Reader}
	if from, err := (&mail.AddressParser{WordDecoder: &words}).Parse(value); err == nil {
		return patchmail.Address{Name: from.Name, Mailbox: from.Address}
	}
	// QUIRK: "From: Doe, Jane <jane@example.org>", without quotes.
	value = strings.Join(strings.Fields(value), " ")
	from, err := patchmail.ParseTrailerAddress(value)
	if err != nil {
		return patchmail.Address{}
	}
	if name, err := words.DecodeHeader(from.Name); err == nil {
		from.Name = name
	}
	return from
}

// partText is the text of a part: of alternatives the best that is not blank,
// of other parts all that is text.
func partText(part *message.Entity) (string, error) {
	kind, params, err := part.Header.ContentType()
	if err != nil {
		kind, params = "text/plain", nil
	}
	parts := part.MultipartReader()
	if parts == nil {
		if disposition, _, err := part.Header.ContentDisposition(); err == nil && strings.EqualFold(disposition, "attachment") {
			return "", nil
		}
		if kind != "" && !strings.HasPrefix(kind, "text/") {
			return "", nil
		}
		text, err := io.ReadAll(part.Body)
		switch {
		case kind == "text/html":
			return htmlText(bytes.NewReader(text)), err
		case strings.EqualFold(params["format"], "flowed"):
			return unflow(string(text), strings.EqualFold(params["delsp"], "yes")), err
		}
		return string(text), err
	}
	var all strings.Builder
	best := ""
	for {
		inner, err := parts.NextPart()
		if err == io.EOF {
			break
		}
		if !readable(err) {
			return "", err
		}
		text, err := partText(inner)
		if err != nil {
			return "", err
		}
		if kind == "multipart/alternative" {
			innerKind, _, _ := inner.Header.ContentType()
			if plain := innerKind != "text/html"; strings.TrimSpace(text) != "" && (best == "" || plain) {
				best = text
			}
			continue
		}
		all.WriteString(text)
		if !strings.HasSuffix(text, "\n") && text != "" {
			all.WriteByte('\n')
		}
	}
	return all.String() + best, nil
}
