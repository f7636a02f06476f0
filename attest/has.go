package attest

import "strings"

// HasSignature says whether a mail carries a signature at all, good or bad.
func HasSignature(raw []byte) bool {
	m, err := parseMessage(raw)
	return err == nil && len(m.values(strings.ToLower(signatureField))) > 0
}
