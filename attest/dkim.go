package attest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
)

// DKIMKeys are public keys of mail domains, the TXT records of RFC 6376 by
// their name in lower case, such as "selector._domainkey.example.org".
type DKIMKeys map[string]string

// ReadDKIMKeys reads lines of a name, a blank and a record; empty ones and
// those that begin with "#" say nothing.
func ReadDKIMKeys(r io.Reader) (DKIMKeys, error) {
	keys := DKIMKeys{}
	lines := bufio.NewScanner(r)
	for number := 1; lines.Scan(); number++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, record, _ := strings.Cut(line, " ")
		if record = strings.TrimSpace(record); record == "" || !strings.Contains(name, "._domainkey.") {
			return nil, fmt.Errorf("line %d is not SELECTOR._domainkey.DOMAIN and a record", number)
		}
		keys[strings.ToLower(strings.TrimSuffix(name, "."))] = record
	}
	return keys, lines.Err()
}

// A DKIMResult is what became of one DKIM signature.
type DKIMResult struct {
	Domain  string // that says it signed
	Checked bool   // the key was there
	Reason  string // why it does not hold; "" when it does, or was not checked
}

// CheckDKIM checks the DKIM signatures of a mail by the keys given: nothing is
// looked up. At most 16 are looked at. A good one says that the mail came by
// that domain, and not who wrote it.
func CheckDKIM(raw []byte, keys DKIMKeys) ([]DKIMResult, error) {
	if len(raw) > maxMessage {
		return nil, fmt.Errorf("the message is larger than %d MB", maxMessage>>20)
	}
	lines := bytes.ReplaceAll(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
	found, err := dkim.VerifyWithOptions(bytes.NewReader(lines), &dkim.VerifyOptions{
		MaxVerifications: maxSignatures,
		LookupTXT: func(name string) ([]string, error) {
			if record, ok := keys[strings.ToLower(name)]; ok {
				return []string{record}, nil
			}
			// A failure that may pass leaves the signature unjudged.
			return nil, &net.DNSError{Err: "the key is not given", Name: name, IsTemporary: true}
		},
	})
	if err != nil && !errors.Is(err, dkim.ErrTooManySignatures) {
		return nil, err
	}
	var results []DKIMResult
	for _, v := range found {
		r := DKIMResult{Domain: v.Domain, Checked: !dkim.IsTempFail(v.Err)}
		if v.Err != nil && r.Checked {
			r.Reason = strings.TrimPrefix(v.Err.Error(), "dkim: ")
		}
		results = append(results, r)
	}
	return results, nil
}
