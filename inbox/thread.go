package inbox

import (
	"context"
	"fmt"

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
