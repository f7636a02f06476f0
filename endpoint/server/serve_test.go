package server

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// serve serves until end is called; wait then checks that it ended in peace.
func (w *world) serve(secure *Certificate) (address string, end context.CancelFunc, wait func()) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, end := context.WithCancel(w.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- w.server.Serve(ctx, l, secure) }()
	return l.Addr().String(), end, func() {
		w.t.Helper()
		if err := <-ended; err != nil {
			w.t.Errorf("Serve: %v", err)
		}
	}
}

// A request that has begun to arrive is answered though the service ends.
func TestServeFinishes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	address, end, wait := w.serve(nil)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Minute))
	const body = `{"action":"describe"}`
	fmt.Fprintf(c, "POST /_b4_submit HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", len(body))
	in := bufio.NewReader(c)
	if line, err := in.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") { // the handler is at work
		t.Fatalf("%q, %v", line, err)
	}
	if _, err := in.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	end()
	for closed := false; !closed; time.Sleep(10 * time.Millisecond) { // it takes no more connections
		other, err := net.Dial("tcp", address)
		if closed = err != nil; !closed {
			other.Close()
		}
	}
	fmt.Fprint(c, body)
	response, err := http.ReadResponse(in, nil)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("%v, %v", response, err)
	}
	response.Body.Close()
	wait()
}

// What never becomes a request is refused without the server, and not as JSON.
func TestServeRefusesWhatIsNoRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	address, end, wait := w.serve(nil)
	for text, status := range map[string]int{
		"EHLO example.org\r\n\r\n":                                                           400,
		"POST /_b4_submit HTTP/1.1\r\n\r\n":                                                  400, // no Host
		"POST /_b4_submit HTTP/1.1\r\nHost: x\r\nA B: c\r\n\r\n":                             400,
		"POST /_b4_submit HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("x", 36<<10) + "\r\n": 431,
	} {
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		c.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprint(c, text)
		response, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || response.StatusCode != status || !strings.HasPrefix(response.Header.Get("Content-Type"), "text/plain") {
			t.Errorf("%.60q: %+v, %v", text, response, err)
		}
		c.Close()
	}
	end()
	wait()
	if log := w.log.String(); strings.Contains(log, "panic") || strings.Contains(log, `"request"`) {
		t.Errorf("the log is\n%s", log)
	}
}

// certificate writes one of a name, and its key.
func certificate(t *testing.T, name, certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{certFile: {Type: "CERTIFICATE", Bytes: der}, keyFile: {Type: "EC PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCertificateIsReadAgain(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert"), filepath.Join(dir, "key")
	w := newWorld(t, nil)
	log := slog.New(slog.NewTextHandler(w.log, nil))
	if _, err := LoadCertificate(certFile, keyFile, log); err == nil {
		t.Fatal("a certificate that is not there was read")
	}
	certificate(t, "first", certFile, keyFile)
	secure, err := LoadCertificate(certFile, keyFile, log)
	if err != nil {
		t.Fatal(err)
	}
	address, end, wait := w.serve(secure)
	shown := func() string {
		t.Helper()
		c, err := tls.Dial("tcp", address, &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		return c.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	touch := func(at time.Time) {
		t.Helper()
		if err := os.Chtimes(certFile, at, at); err != nil {
			t.Fatal(err)
		}
	}
	if got := shown(); got != "first" {
		t.Errorf("shown: %s", got)
	}
	if err := os.WriteFile(certFile, []byte("half of"), 0o600); err != nil {
		t.Fatal(err)
	}
	touch(epoch)
	if got := shown(); got != "first" || !strings.Contains(w.log.String(), "the certificate cannot be read again") {
		t.Errorf("shown: %s; log: %s", got, w.log)
	}
	certificate(t, "second", certFile, keyFile)
	touch(epoch.Add(time.Hour))
	if got := shown(); got != "second" {
		t.Errorf("shown: %s", got)
	}
	end()
	wait()
}
