package patchmail

import (
	"bytes"
	"errors"
)

// SevenBit makes a message written by Bytes fit for a server without 8BITMIME:
// an 8bit body becomes quoted-printable, the header keeps all its other lines,
// and a message that is ASCII already is returned unchanged. Fields that were
// added to the header since, such as a signature, stay. A header that is not
// ASCII, or a body that is not and is not declared as 8bit, is an error.
func SevenBit(raw []byte) ([]byte, error) {
	if isASCII(raw) {
		return raw, nil
	}
	header, body, found := bytes.Cut(raw, []byte("\n\n"))
	if !found {
		return nil, errors.New("message without a body")
	}
	if !isASCII(header) {
		return nil, errors.New("the header is not ASCII and needs a server with SMTPUTF8")
	}
	if len(body) > 0 && body[len(body)-1] != '\n' {
		return nil, errors.New("the message does not end with a line feed")
	}
	declared := []byte("\nContent-Transfer-Encoding: " + eightBit + "\n")
	before, after, found := bytes.Cut(append(header[:len(header):len(header)], '\n'), declared)
	if !found {
		return nil, errors.New("the body is not ASCII but not declared as 8bit")
	}
	out := make([]byte, 0, len(raw)+len(raw)/8)
	out = append(out, before...)
	out = append(out, "\nContent-Transfer-Encoding: "+quotedPrintable+"\n"...)
	out = append(out, after...)
	out = append(out, '\n')
	return appendQuotedPrintable(out, body), nil
}
