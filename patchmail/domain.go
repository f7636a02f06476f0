package patchmail

import "errors"

// asciiDomain returns domain as the A-label of RFC 5890. ASCII names and
// address literals stay as they are.
func asciiDomain(domain string) (string, error) {
	if isASCII(domain) {
		return domain, nil
	}
	return "", errors.New("the domain has to be written in ASCII (xn--…)")
}
