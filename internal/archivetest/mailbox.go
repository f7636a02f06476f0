package archivetest

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// WriteMbox writes an mbox with quoting as mboxrd has it.
func WriteMbox(path string, mails [][]byte) error {
	fromLine := regexp.MustCompile(`(?m)^(>*From )`)
	var b bytes.Buffer
	for _, raw := range mails {
		b.WriteString("From mboxrd@z Thu Jan  1 00:00:00 1970\n")
		b.Write(fromLine.ReplaceAll(raw, []byte(">$1")))
		b.WriteByte('\n')
	}
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// WriteMaildir writes a Maildir, in which every other mail was seen.
func WriteMaildir(path string, mails [][]byte) error {
	for _, folder := range []string{"cur", "new", "tmp"} {
		if err := os.MkdirAll(filepath.Join(path, folder), 0o700); err != nil {
			return err
		}
	}
	for i, raw := range mails {
		name := filepath.Join(path, "new", fmt.Sprintf("%010d.x.host", i))
		if i%2 == 0 {
			name = filepath.Join(path, "cur", fmt.Sprintf("%010d.x.host:2,S", i))
		}
		if err := os.WriteFile(name, raw, 0o600); err != nil {
			return err
		}
	}
	return nil
}
