package inbox

import (
	"context"
	"fmt"
	"mime"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/charset"

	"github.com/kprep/kprep/patchmail"
)

// Participants are those whom the messages are from, to, or copied to, each
// once, in order of appearance. Addresses that cannot be read are passed over.
func Participants(ctx context.Context, messages []*Message) ([]patchmail.Address, error) {
	mails, err := Read(ctx, messages)
	if err != nil {
		return nil, err
	}
	var all []patchmail.Address
	seen := map[string]bool{}
	for i, raw := range mails {
		header, _, err := open(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", messages[i].File, err)
		}
		for _, field := range []string{"From", "To", "Cc"} {
			for _, a := range addresses(header, field) {
				if !seen[a.Key()] {
					seen[a.Key()] = true
					all = append(all, a)
				}
			}
		}
	}
	return all, nil
}

// addresses are those of all fields of a name. What cannot be read is passed
// over.
func addresses(header message.Header, name string) []patchmail.Address {
	words := mime.WordDecoder{CharsetReader: charset.Reader}
	var all []patchmail.Address
	for f := header.FieldsByKey(name); f.Next(); {
		list, err := patchmail.ParseAddressList(f.Value())
		if err != nil {
			continue
		}
		for _, a := range list {
			if name, err := words.DecodeHeader(a.Name); err == nil {
				a.Name = name
			}
			all = append(all, a)
		}
	}
	return all
}
