package sendmail

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
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

// tlsConfig verifies chain, name and dates against the configured host name.
// A certPath that is "" would switch this off in git; it is refused here.
func tlsConfig(s Settings) (*tls.Config, error) {
	c := &tls.Config{ServerName: s.Server, MinVersion: tls.VersionTLS12}
	if s.CertPath != nil {
		if *s.CertPath == "" {
			return nil, errors.New("sendemail.smtpSSLCertPath is empty, which asks not to check the server's certificate: " +
				"unset it, or name a file with the certificate to trust")
		}
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
