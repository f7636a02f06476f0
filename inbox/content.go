package inbox

import (
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-message"

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
