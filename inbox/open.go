package inbox

import (
	"bytes"
	"io"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // subjects in the charsets of the world
)

// open reads the header, and the text of the body as it was before it was
// encoded for transport; a body that cannot be decoded stays as it is.
func open(raw []byte) (message.Header, []byte, error) {
	entity, raw, err := openEntity(raw)
	if err != nil {
		return message.Header{}, nil, err
	}
	body, err := decoded(entity, len(raw))
	if err != nil {
		body = raw[headerEnds(raw):]
	}
	return entity.Header, body, nil
}

// openEntity reads the header of a mail, and returns the bytes that it took it
// from: the mail less the lines of the header that are none.
func openEntity(raw []byte) (*message.Entity, []byte, error) {
	entity, err := message.Read(bytes.NewReader(raw))
	if !readable(err) {
		// QUIRK: "Received from somewhere", a line of a header that is none.
		raw = cleanHeader(raw)
		entity, err = message.Read(bytes.NewReader(raw))
	}
	if !readable(err) {
		return nil, nil, err
	}
	return entity, raw, nil
}

// readable is true of errors that leave the bytes to be read.
func readable(err error) bool {
	return err == nil || message.IsUnknownCharset(err) || message.IsUnknownEncoding(err)
}

// decoded is the text of a mail of so many bytes.
func decoded(entity *message.Entity, size int) ([]byte, error) {
	var body bytes.Buffer
	body.Grow(size)
	err := entity.Walk(func(path []int, part *message.Entity, err error) error {
		if !readable(err) {
			return err
		}
		kind, _, err := part.Header.ContentType()
		if part.MultipartReader() != nil || err == nil && kind != "" && !strings.HasPrefix(kind, "text/") {
			return nil
		}
		_, err = io.Copy(&body, part.Body)
		if len(path) > 0 { // the line feed before a boundary belongs to it
			body.WriteByte('\n')
		}
		return err
	})
	return body.Bytes(), err
}

// cleanHeader leaves out the lines of a header that are no fields and continue
// none, bytes that cannot be in one, and fields that are beyond all measure.
func cleanHeader(raw []byte) []byte {
	const maxField = 100 << 10
	end := headerEnds(raw)
	clean := make([]byte, 0, len(raw))
	kept, size := false, 0
	for line := range bytes.Lines(raw[:end]) {
		text := bytes.TrimRight(line, "\r\n")
		continues := len(text) > 0 && (text[0] == ' ' || text[0] == '\t')
		if !continues {
			kept, size = len(text) == 0 || isField(text), 0
		}
		if size += len(text); !kept || size > maxField {
			continue
		}
		for _, c := range text {
			if c != 0 && c != '\r' {
				clean = append(clean, c)
			}
		}
		clean = append(clean, line[len(text):]...)
	}
	return append(clean, raw[end:]...)
}

func isField(line []byte) bool {
	name, _, ok := bytes.Cut(line, []byte(":"))
	if !ok || len(name) == 0 {
		return false
	}
	for _, c := range name {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return true
}
