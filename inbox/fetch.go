package inbox

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// What a server may send.
const (
	maxReply = 64 << 20  // as it comes over the wire
	maxMbox  = 256 << 20 // when it is decompressed
	maxHelp  = 256 << 10
)

// A ServerError reports a server that gave no answer, or none that is mail.
type ServerError struct {
	URL    string // of the inbox
	Status int    // of HTTP; 0 when there was none
	Err    error
}

func (e *ServerError) Error() string { return fmt.Sprintf("%s: %v", e.URL, e.Err) }
func (e *ServerError) Unwrap() error { return e.Err }

// What a server can send instead of mail.
var (
	ErrWebPage   = errors.New("it sent a web page instead of mail; perhaps it wants a browser")
	ErrNotMail   = errors.New("what it sent is not mail")
	ErrCutOff    = errors.New("its answer broke off")
	ErrReplySize = errors.New("its answer is larger than kprep takes")
	ErrRedirect  = errors.New("it redirects")
	ErrNoArchive = errors.New("this is not the URL of a public-inbox")
	ErrNoSearch  = errors.New("it cannot search")
	ErrNoPatchID = errors.New("it cannot search for patch-ids")
)

// unreachable is true when there is no sense in asking the server again soon.
func unreachable(err error) bool {
	failed := (*ServerError)(nil)
	return errors.As(err, &failed) && (failed.Status == 0 || errors.Is(err, ErrSlow) || failed.Status == http.StatusTooManyRequests || failed.Status == http.StatusServiceUnavailable)
}

// fetch asks one server, which has answered once it has sent mail, or is known
// to be an archive that has none of this.
func (s *Servers) fetch(ctx context.Context, inbox string, r request) (*reply, error) {
	was := s.kept(inbox, r)
	header := http.Header{}
	if was != nil && was.ETag != "" {
		header.Set("If-None-Match", was.ETag)
	}
	if was != nil && was.LastModified != "" {
		header.Set("If-Modified-Since", was.LastModified)
	}
	answer, err := s.do(ctx, inbox, r.method, r.path, header, maxReply)
	if err != nil {
		return nil, err
	}
	got := &reply{URL: inbox, Path: r.path, Fetched: s.Now, ETag: answer.header.Get("ETag"), LastModified: answer.header.Get("Last-Modified")}
	switch {
	case answer.status == http.StatusNotModified && was != nil:
		was.Fetched = s.Now
		return was, nil
	case answer.status == http.StatusNotFound:
		got.None = true
		return got, s.mustKnow(ctx, inbox, r.needs)
	case answer.status != http.StatusOK:
		return nil, &ServerError{URL: inbox, Status: answer.status, Err: fmt.Errorf("it answered %d %s", answer.status, http.StatusText(answer.status))}
	}
	got.mbox = answer.body
	return got, nil
}

// skills are what a server can do.
type skills struct{ search, patchID bool }

// mustKnow makes sure that "not found" came from an archive that understood
// the question: its help says what it can look for.
func (s *Servers) mustKnow(ctx context.Context, inbox string, needs skills) error {
	has, known := s.skills[inbox]
	if !known {
		answer, err := s.do(ctx, inbox, "GET", "_/text/help/raw", nil, maxHelp)
		if err != nil {
			return err
		}
		if answer.status != http.StatusOK || looksLikeHTML(answer.body) || !bytes.Contains(answer.body, []byte("Message-ID")) {
			return &ServerError{URL: inbox, Status: answer.status, Err: ErrNoArchive}
		}
		has.search = bytes.Contains(answer.body, []byte("dfpost:")) || bytes.Contains(answer.body, []byte(" nq:"))
		has.patchID = bytes.Contains(answer.body, []byte("patchid:"))
		if s.skills == nil {
			s.skills = map[string]skills{}
		}
		s.skills[inbox] = has
	}
	switch {
	case needs.search && !has.search:
		return &ServerError{URL: inbox, Status: http.StatusNotFound, Err: ErrNoSearch}
	case needs.patchID && !has.patchID:
		return &ServerError{URL: inbox, Status: http.StatusNotFound, Err: ErrNoPatchID}
	}
	return nil
}

type httpAnswer struct {
	status int
	header http.Header
	body   []byte
}

// do asks a server, with as much patience as there is left for it.
func (s *Servers) do(ctx context.Context, inbox, method, path string, header http.Header, limit int64) (*httpAnswer, error) {
	left := s.Timeouts.Look - s.waited[inbox]
	if left <= 0 {
		return nil, &ServerError{URL: inbox, Err: fmt.Errorf("%w: %s for all that was asked", ErrSlow, s.Timeouts.Look)}
	}
	begun := time.Now()
	defer s.wait(inbox)()
	asking, cancel := context.WithTimeout(ctx, min(s.Timeouts.Request, left+quick))
	defer cancel()
	req, err := http.NewRequestWithContext(asking, method, inbox+path, nil)
	if err != nil {
		return nil, &ServerError{URL: inbox, Err: err}
	}
	for name, values := range header {
		req.Header[name] = values
	}
	req.Header.Set("User-Agent", s.Agent)
	if s.client == nil {
		s.client = newClient(s.Timeouts)
	}
	resp, err := s.client.Do(req)
	switch {
	case err != nil && ctx.Err() == nil && isSilence(err):
		return nil, &ServerError{URL: inbox, Err: slow(0, time.Since(begun))}
	case err != nil:
		return nil, &ServerError{URL: inbox, Err: cause(err)}
	}
	defer resp.Body.Close()
	in := paced(resp.Body, s.Timeouts.Read, cancel)
	defer in.end()
	body, err := io.ReadAll(io.LimitReader(in, limit+1))
	switch {
	case err != nil && ctx.Err() == nil && (asking.Err() != nil || errors.Is(err, ErrSlow)):
		return nil, &ServerError{URL: inbox, Status: resp.StatusCode, Err: slow(in.total, time.Since(begun))}
	case err != nil:
		return nil, &ServerError{URL: inbox, Status: resp.StatusCode, Err: fmt.Errorf("%w: %w", ErrCutOff, err)}
	case int64(len(body)) > limit:
		return nil, &ServerError{URL: inbox, Status: resp.StatusCode, Err: ErrReplySize}
	}
	return &httpAnswer{status: resp.StatusCode, header: resp.Header, body: body}, nil
}

// wait notes how long a server is waited for, until the function that it returns is
// called.
func (s *Servers) wait(inbox string) (end func()) {
	begun := time.Now()
	if s.waited == nil {
		s.waited, s.told = map[string]time.Duration{}, map[string]bool{}
	}
	stop := func() {}
	if s.Waiting != nil && !s.told[inbox] {
		stop = unlessSoon(func() {
			s.told[inbox] = true
			s.Waiting(inbox)
		})
	}
	return func() {
		stop()
		s.waited[inbox] += max(0, time.Since(begun)-quick)
	}
}

// cause takes off what net/http puts in front of an error, which is the URL.
func cause(err error) error {
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}

func newClient(t Timeouts) *http.Client {
	return &http.Client{
		Transport: &http.Transport{
			Proxy:                  http.ProxyFromEnvironment,
			DialContext:            (&net.Dialer{Timeout: t.Connect}).DialContext,
			TLSHandshakeTimeout:    t.Connect,
			ResponseHeaderTimeout:  t.Read,
			MaxResponseHeaderBytes: 64 << 10,
			DisableCompression:     true, // mail comes compressed by itself
			MaxIdleConnsPerHost:    1,
			ForceAttemptHTTP2:      true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= 5 {
				return fmt.Errorf("%w, again and again", ErrRedirect)
			}
			if err := trusted(req.URL); err != nil {
				return fmt.Errorf("%w to %s: %w", ErrRedirect, req.URL.Redacted(), err)
			}
			return nil
		},
	}
}

// read takes the mails out of a reply.
func (s *Servers) read(r *reply, broken func(error)) ([]*Message, error) {
	if r.None {
		return nil, nil
	}
	in, err := openMbox(r.mbox)
	if err != nil {
		return nil, &ServerError{URL: r.URL, Status: http.StatusOK, Err: err}
	}
	limited := &io.LimitedReader{R: in, N: maxMbox}
	var messages []*Message
	number := 0
	err = splitMbox(bufio.NewReader(limited), func(raw []byte, err error) error {
		number++
		var m *Message
		if err == nil {
			m, err = Parse(Mail{Raw: raw, File: r.URL, Number: number}, s.Tracking)
		}
		if err != nil {
			broken(&MailError{File: r.URL + r.Path, Number: number, Err: err})
			return nil
		}
		m.Raw, m.File = raw, r.URL+url.PathEscape(m.ID)+"/"
		messages = append(messages, m)
		return nil
	})
	switch {
	case err != nil:
		return nil, &ServerError{URL: r.URL, Status: http.StatusOK, Err: fmt.Errorf("%w: %w", ErrCutOff, err)}
	case limited.N == 0:
		return nil, &ServerError{URL: r.URL, Status: http.StatusOK, Err: ErrReplySize}
	case number == 0:
		return nil, &ServerError{URL: r.URL, Status: http.StatusOK, Err: ErrNotMail}
	}
	return messages, nil
}

// openMbox finds out what a server sent.
func openMbox(data []byte) (io.Reader, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCutOff, err)
		}
		in := bufio.NewReader(z)
		start, err := in.Peek(5)
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%w: %w", ErrCutOff, err)
		}
		return in, isMbox(start)
	}
	return bytes.NewReader(data), isMbox(data)
}

func isMbox(start []byte) error {
	switch {
	case bytes.HasPrefix(start, []byte("From ")):
		return nil
	case len(start) == 0:
		return ErrCutOff
	case looksLikeHTML(start):
		return ErrWebPage
	}
	return ErrNotMail
}

func looksLikeHTML(data []byte) bool {
	return bytes.HasPrefix(bytes.TrimLeft(data, "\ufeff \t\r\n"), []byte("<"))
}
