package server

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/kprep/kprep/endpoint/server/intake"
)

// tidyEvery is how often what has expired is forgotten.
const tidyEvery = 10 * time.Minute

// Connections at once. Each may have a header of 36 kB, and 64 kB of a body, in
// memory.
const (
	connections           = 1000
	connectionsPerNetwork = 64
)

// away is said to connections that are too many; in the midst of a handshake of
// TLS there is nothing to say.
func away(secure bool) string {
	if secure {
		return ""
	}
	a, status := (&refusal{status: http.StatusServiceUnavailable, message: "Too many connections; please come back later", after: 10 * time.Second}).answer()
	data, err := json.Marshal(a)
	if err != nil {
		panic(err) // strings and numbers
	}
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nRetry-After: %d\r\nConnection: close\r\n\r\n%s",
		status, http.StatusText(status), len(data), a.RetryAfter, data)
}

// Serve answers on a listener until ctx ends, and then finishes what it has
// begun. With secure not nil it speaks TLS.
func (s *Server) Serve(ctx context.Context, l net.Listener, secure *Certificate) error {
	hs := &http.Server{
		Handler: s, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 32 << 10,
		WriteTimeout: s.Limits.Body + s.Limits.Work + 30*time.Second,
		ErrorLog:     slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	if secure != nil {
		hs.TLSConfig = secure.Config()
	}
	door := intake.NewDoor(l, intake.Bounds{AtOnce: connections, PerNetwork: connectionsPerNetwork, Exempt: s.Proxies, Away: away(secure != nil), Log: s.log})
	tidying, stopTidying := context.WithCancel(ctx)
	var tidied sync.WaitGroup
	tidied.Go(func() { s.tidy(tidying) })
	defer tidied.Wait()
	defer stopTidying()
	ended := make(chan error, 1)
	go func() {
		if secure != nil {
			ended <- hs.ServeTLS(door, "", "")
			return
		}
		ended <- hs.Serve(door)
	}()
	select {
	case err := <-ended:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	finishing, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Limits.Work+10*time.Second)
	defer cancel()
	if err := hs.Shutdown(finishing); err != nil {
		hs.Close()
		return fmt.Errorf("finish what was begun: %w", err)
	}
	if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func (s *Server) tidy(ctx context.Context) {
	every := time.NewTicker(tidyEvery)
	defer every.Stop()
	for {
		if err := s.store.Tidy(ctx, s.now()); err != nil && ctx.Err() == nil {
			s.log.Error("forget what has expired", "error", err.Error())
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return
		}
	}
}

// A Certificate is that of the service, read again when its file changes.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	lock   sync.Mutex
	loaded *tls.Certificate
	stamp  [2]time.Time
}

// LoadCertificate reads a certificate and its key.
func LoadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	_, err := c.get(nil)
	return c, err
}

// Config is for servers that show the certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{GetCertificate: c.get, MinVersion: tls.VersionTLS12}
}

// get returns the certificate. A new one that cannot be read does not take the
// place of one that could.
func (c *Certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.lock.Lock()
	defer c.lock.Unlock()
	stamp, err := c.stamps()
	if err == nil && c.loaded != nil && stamp == c.stamp {
		return c.loaded, nil
	}
	var fresh tls.Certificate
	if err == nil {
		fresh, err = tls.LoadX509KeyPair(c.certFile, c.keyFile)
	}
	switch {
	case err == nil:
		c.loaded, c.stamp = &fresh, stamp
	case c.loaded == nil:
		return nil, fmt.Errorf("read the certificate: %w", err)
	default:
		c.log.Error("the certificate cannot be read again", "error", err.Error())
		c.stamp = stamp // say so once
	}
	return c.loaded, nil
}

func (c *Certificate) stamps() (stamp [2]time.Time, err error) {
	for i, file := range []string{c.certFile, c.keyFile} {
		info, err := os.Stat(file)
		if err != nil {
			return stamp, err
		}
		stamp[i] = info.ModTime()
	}
	return stamp, nil
}
