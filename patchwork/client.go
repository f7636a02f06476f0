package patchwork

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// A Client asks one server.
type Client struct {
	// URL is the server's, as "https://patchwork.kernel.org"; a path behind it is
	// kept. Only https is believed, and http on this machine.
	URL     string
	Project string        // linkname of the project, "" for any
	Agent   string        // the User-Agent
	Limit   time.Duration // for one request; 0 for 20 seconds

	version string // of the interface; "" until it is known
	http    *http.Client
}

// Bounds of what is asked for and believed.
const (
	defaultLimit = 20 * time.Second
	maxAnswer    = 4 << 20
	maxRedirects = 5
)

// versions that can look for a message-id, the newest first.
func versions() []string { return []string{"1.3", "1.2"} }

// A ServerError is an answer that is of no use.
type ServerError struct {
	URL    string // of the server
	Status int    // of HTTP, 0 when there was no answer
	Err    error
}

func (e *ServerError) Error() string { return fmt.Sprintf("%s: %v", e.URL, e.Err) }
func (e *ServerError) Unwrap() error { return e.Err }

// ErrNotPatchwork means that the server has no interface of a version that is
// known.
var ErrNotPatchwork = errors.New("there is no Patchwork of a version that can look for messages (2.2 and later can)")

// CheckURL says why a URL cannot be that of a server.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	if err != nil {
		return err
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return fmt.Errorf("%s: this is not the URL of a Patchwork server", text)
	}
	return trusted(u)
}

// trusted refuses what others on the way could read and change.
func trusted(u *url.URL) error {
	switch ip := net.ParseIP(u.Hostname()); {
	case u.Host == "":
		return errors.New("there is no host in this URL")
	case u.Scheme == "https", u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback()):
		return nil
	case u.Scheme == "http":
		return errors.New("with http others on the way can change what is said; use https")
	}
	return fmt.Errorf("nothing is fetched by %q", u.Scheme)
}

// get asks for a resource of the interface, "patches/?…", and reads the answer
// into out.
func (c *Client) get(ctx context.Context, resource string, out any) error {
	if c.version != "" {
		return c.fetch(ctx, c.version+"/"+resource, out)
	}
	for _, version := range versions() {
		err := c.fetch(ctx, version+"/"+resource, out)
		if failed := (*ServerError)(nil); errors.As(err, &failed) && failed.Status == http.StatusNotFound {
			continue // that version is not there, or nothing at all
		}
		if err == nil {
			c.version = version
		}
		return err
	}
	return &ServerError{URL: c.URL, Status: http.StatusNotFound, Err: ErrNotPatchwork}
}

func (c *Client) fetch(ctx context.Context, path string, out any) error {
	limit := c.Limit
	if limit == 0 {
		limit = defaultLimit
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	fail := func(status int, err error) error { return &ServerError{URL: c.URL, Status: status, Err: err} }
	if err := CheckURL(c.URL); err != nil {
		return fail(0, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(c.URL, "/")+"/api/"+path, nil)
	if err != nil {
		return fail(0, err)
	}
	req.Header.Set("User-Agent", c.Agent)
	req.Header.Set("Accept", "application/json")
	resp, err := c.client().Do(req)
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // without the URL
	}
	if err != nil {
		return fail(0, err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch {
	case err != nil:
		return fail(resp.StatusCode, err)
	case resp.StatusCode != http.StatusOK:
		return fail(resp.StatusCode, fmt.Errorf("it answers %q", resp.Status))
	case len(body) > maxAnswer:
		return fail(resp.StatusCode, fmt.Errorf("its answer is larger than %d MB", maxAnswer>>20))
	case strings.TrimSpace(kind) != "application/json":
		return fail(resp.StatusCode, fmt.Errorf("it answers with %q, not with JSON", kind))
	}
	if err := json.Unmarshal(body, out); err != nil {
		return fail(resp.StatusCode, fmt.Errorf("its answer is not as expected: %w", err))
	}
	return nil
}

func (c *Client) client() *http.Client {
	if c.http == nil {
		c.http = &http.Client{CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects {
				return errors.New("it leads in circles")
			}
			return trusted(req.URL)
		}}
	}
	return c.http
}
