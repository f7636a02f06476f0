package inbox

import (
	"context"
	"fmt"
	"mime"

	"github.com/emersion/go-message/charset"

	"github.com/kprep/kprep/patchmail"
)

// Thread picks the messages of one thread out of some: the message id names it,
// which need not be among them itself, and everything that answers it or is
// answered by it, at whatever distance. They stay in order.
func Thread(all []*Message, id string) []*Message {
	linked := map[string][]string{}
	for _, m := range all {
		for _, parent := range m.Parents {
			linked[m.ID] = append(linked[m.ID], parent)
			linked[parent] = append(linked[parent], m.ID)
		}
	}
	in := map[string]bool{id: true}
	for queue := []string{id}; len(queue) > 0; queue = queue[1:] {
		for _, next := range linked[queue[0]] {
			if !in[next] {
				in[next] = true
				queue = append(queue, next)
			}
		}
	}
	var thread []*Message
	for _, m := range all {
		if in[m.ID] {
			thread = append(thread, m)
		}
	}
	return thread
}

// Participants are those whom the messages are from, to, or copied to, each
// once, in order of appearance. Addresses that cannot be read are passed over.
func Participants(ctx context.Context, messages []*Message) ([]patchmail.Address, error) {
	mails, err := Read(ctx, messages)
	if err != nil {
		return nil, err
	}
	words := mime.WordDecoder{CharsetReader: charset.Reader}
	var all []patchmail.Address
	seen := map[string]bool{}
	for i, raw := range mails {
		header, _, err := open(raw)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", messages[i].File, err)
		}
		for _, field := range []string{"From", "To", "Cc"} {
			for f := header.FieldsByKey(field); f.Next(); {
				list, err := patchmail.ParseAddressList(f.Value())
				if err != nil {
					continue
				}
				for _, a := range list {
					if name, err := words.DecodeHeader(a.Name); err == nil {
						a.Name = name
					}
					if !seen[a.Key()] {
						seen[a.Key()] = true
						all = append(all, a)
					}
				}
			}
		}
	}
	return all, nil
}
