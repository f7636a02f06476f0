package relay

import (
	"regexp"
	"sync"
)

var messageID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`<([^<>\s]+)>`) })

// Thread tells where a mail stands in its thread, by message-ids without angle
// brackets: the root is the mail itself when it answers none, and parent is then
// "". Both are "" of what is no mail.
func Thread(raw []byte) (root, parent string) {
	m, err := parse(raw)
	if err != nil {
		return "", ""
	}
	references, replied := messageID().FindAllStringSubmatch(m.value("references"), -1), messageID().FindStringSubmatch(m.value("in-reply-to"))
	if replied != nil {
		root, parent = replied[1], replied[1]
	}
	if len(references) > 0 {
		root = references[0][1]
		if parent == "" {
			parent = references[len(references)-1][1]
		}
	}
	if own := messageID().FindStringSubmatch(m.value("message-id")); root == "" && own != nil {
		root = own[1]
	}
	return root, parent
}
