package sendmail

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
)

// isLoopback says whether a configured host can only be this machine.
func isLoopback(host string) bool {
	if strings.EqualFold(strings.TrimSuffix(host, "."), "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// Unchecked says that the settings want TLS without a look at the certificate of
// the server, which is what an empty sendemail.smtpSSLCertPath means to git.
func (s Settings) Unchecked() bool {
	return !s.ByEndpoint() && s.Command == "" && !s.serverIsProgram() && (s.Encryption == ImplicitTLS || s.Encryption == StartTLS) &&
		s.CertPath != nil && *s.CertPath == ""
}

// InsecureWarning is what comes of a certificate that is not checked.
const InsecureWarning = "the certificate of the server is not checked: whoever answers in its place reads the mail and the password, and may keep both"

// An UncheckedError reports that the certificate of the server is not to be
// checked by the settings, or by the user's word, but not by both.
type UncheckedError struct {
	Insecure bool // the user's word is the one that says so
}

func (e *UncheckedError) Error() string {
	if e.Insecure {
		return "--insecure goes with TLS and an empty sendemail.smtpSSLCertPath, which asks not to check the server's certificate; here it is checked, or there is none"
	}
	return "sendemail.smtpSSLCertPath is empty, which asks not to check the server's certificate"
}

// tlsConfig verifies chain, name and dates against the configured host name.
// It does none of that where both the settings and the user say so.
func tlsConfig(s Settings) (*tls.Config, error) {
	c := &tls.Config{ServerName: s.Server, MinVersion: tls.VersionTLS12}
	switch {
	case s.Unchecked() && !s.Insecure:
		return nil, &UncheckedError{}
	case s.Unchecked():
		c.InsecureSkipVerify = true
	case s.CertPath != nil:
		roots, err := readRoots(*s.CertPath)
		if err != nil {
			return nil, fmt.Errorf("sendemail.smtpSSLCertPath: %w", err)
		}
		c.RootCAs = roots
	}
	if s.ClientCert != "" {
		key := s.ClientKey
		if key == "" {
			key = s.ClientCert // one file may hold both
		}
		pair, err := tls.LoadX509KeyPair(s.ClientCert, key)
		if err != nil {
			return nil, fmt.Errorf("sendemail.smtpSSLClientCert: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// readRoots reads a file with certificates, or all such files of a folder.
func readRoots(path string) (*x509.CertPool, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	files := []string{path}
	if info.IsDir() {
		entries, err := os.ReadDir(path)
		if err != nil {
			return nil, err
		}
		files = nil
		for _, e := range entries {
			files = append(files, filepath.Join(path, e.Name()))
		}
	}
	roots, found := x509.NewCertPool(), false
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			if info.IsDir() {
				continue // dangling links and subfolders are usual there
			}
			return nil, err
		}
		found = roots.AppendCertsFromPEM(text) || found
	}
	if !found {
		return nil, fmt.Errorf("no certificate in %s", path)
	}
	return roots, nil
}
