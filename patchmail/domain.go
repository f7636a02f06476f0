package patchmail

import (
	"fmt"

	"golang.org/x/net/idna"
)

// asciiDomain returns domain as the A-label of RFC 5890, by the lookup rules of
// UTS 46: capitals and decomposed letters are mapped; symbols that no registry
// takes, and what maps to anything but a host name, are an error. ASCII names and address literals stay as they are.
func asciiDomain(domain string) (string, error) {
	if isASCII(domain) {
		return domain, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", fmt.Errorf("domain: %w", err)
	}
	return ascii, nil
}
