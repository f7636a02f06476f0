package main

import (
	"net/url"
	"strings"
)

// parseMessageID reads a message-id as people have it at hand: bare, in angle
// brackets, or as the end of an archive's URL. It has the form local@domain
// with nothing that a header would break at.
func parseMessageID(verb, word string) (string, error) {
	id := strings.TrimSpace(word)
	if u, err := url.Parse(id); err == nil && (u.Scheme == "http" || u.Scheme == "https") {
		for _, part := range strings.Split(u.Path, "/") {
			if strings.Contains(part, "@") {
				id = part
				break
			}
		}
	}
	id = strings.TrimSuffix(strings.TrimPrefix(id, "<"), ">")
	local, domain, _ := strings.Cut(id, "@")
	odd := func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("<>,", r) }
	if local == "" || domain == "" || strings.ContainsFunc(id, odd) || strings.Contains(domain, "@") || strings.Contains(id, "://") {
		return "", usagef(verb, "%q is no message-id", word)
	}
	return id, nil
}
