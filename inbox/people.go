package inbox

import (
	"encoding/base64"
	"mime"
	"net/mail"
	"regexp"
	"strings"
	"sync"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"

	"github.com/kprep/kprep/patchmail"
)

// sender reads From as far as it can be read. The name is as it was sent, and can
// hold anything.
func sender(value string) patchmail.Address {
	words := mime.WordDecoder{CharsetReader: charset.Reader}
	if from, err := (&mail.AddressParser{WordDecoder: &words}).Parse(value); err == nil {
		return patchmail.Address{Name: from.Name, Mailbox: from.Address}
	}
	// QUIRK: "From: Doe, Jane <jane@example.org>", without quotes.
	value = strings.Join(strings.Fields(plainWords(value)), " ")
	if from, err := patchmail.ParseTrailerAddress(value); err == nil {
		return from
	}
	for _, from := range parseAddresses(value) { // several wrote it
		return from
	}
	return patchmail.Address{}
}

// addresses are those of all fields of a name. What cannot be read is passed
// over. Their names are such that headers can hold them.
func addresses(header message.Header, name string) []patchmail.Address {
	var all []patchmail.Address
	for f := header.FieldsByKey(name); f.Next(); {
		all = append(all, parseAddresses(plainWords(f.Value()))...)
	}
	return all
}

// parseAddresses reads a list; one address that cannot be read does not cost the
// others.
func parseAddresses(value string) []patchmail.Address {
	if list, err := patchmail.ParseAddressList(value); err == nil {
		return list
	}
	var list []patchmail.Address
	for _, one := range splitAddresses(value) {
		if members, ok := patchmail.ParseGroup(one); ok {
			list = append(list, members...)
		} else if a, err := patchmail.ParseTrailerAddress(one); err == nil {
			list = append(list, a)
		}
	}
	return list
}

// splitAddresses cuts a list at the commas outside of quotes and brackets.
func splitAddresses(value string) []string {
	var all []string
	quoted, begin := false, 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				all = append(all, value[begin:i])
				begin = i + 1
			}
		}
	}
	return append(all, value[begin:])
}

// encodedWords is a run of the encoded words of RFC 2047, which are one text.
var encodedWords = sync.OnceValue(func() *regexp.Regexp {
	const word = `=\?[^?\s]+\?[bBqQ]\?[^?\s]*\?=`
	return regexp.MustCompile(word + `(?:\s+` + word + `)*`)
})

// plainWords writes the encoded words of a header field anew, in UTF-8, so that
// nothing in them counts for its grammar, and without what no header can hold: a
// line feed, which somebody may have hidden there, becomes a blank.
func plainWords(value string) string {
	words := mime.WordDecoder{CharsetReader: charset.Reader}
	return encodedWords().ReplaceAllStringFunc(value, func(run string) string {
		text, err := words.DecodeHeader(run)
		if err != nil { // of a charset that nobody knows
			text = "?"
		}
		return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(patchmail.CleanName(text))) + "?="
	})
}
