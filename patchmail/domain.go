package patchmail

import (
	"fmt"
	"strings"

	"golang.org/x/net/idna"
)

// asciiDomain returns domain as the A-label of RFC 5890, by the lookup rules of
// UTS 46: capitals and decomposed letters are mapped, symbols that no registry
// takes are an error. ASCII names and address literals stay as they are.
func asciiDomain(domain string) (string, error) {
	if isASCII(domain) {
		return domain, nil
	}
	ascii, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return "", fmt.Errorf("domain: %w", err)
	}
	// Mapping may make other characters of some: a full-width @ or blank.
	if strings.Trim(ascii, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return "", fmt.Errorf("domain maps to %q", ascii)
	}
	return ascii, nil
}
