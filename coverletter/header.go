package coverletter

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// HeaderValue returns the tracking data as the value of an X-B4-Tracking
// header, "v=1; b=" and the compressed document in base64, on one line
// (b4-interop 6.5). Equal tracking data gives equal values.
func (t *Tracking) HeaderValue() (string, error) {
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil {
		return "", fmt.Errorf("compress tracking data: %w", err)
	}
	if _, err := z.Write(t.Compact()); err != nil {
		return "", fmt.Errorf("compress tracking data: %w", err)
	}
	if err := z.Close(); err != nil {
		return "", fmt.Errorf("compress tracking data: %w", err)
	}
	return "v=1; b=" + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// ParseHeaderValue reads what HeaderValue or b4 wrote, folded or not. The data
// comes from strangers: no more than 1 MB is taken out of the compression, and
// [ParseTracking] checks the rest.
func ParseHeaderValue(v string) (*Tracking, error) {
	fields := strings.SplitN(strings.Join(strings.Fields(v), ""), ";", 2)
	if len(fields) != 2 || fields[0] != "v=1" || !strings.HasPrefix(fields[1], "b=") {
		return nil, errors.New(`tracking header: not of the form "v=1; b=…"`)
	}
	packed, err := base64.StdEncoding.DecodeString(fields[1][len("b="):])
	if err != nil {
		return nil, fmt.Errorf("tracking header: %w", err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("tracking header: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(z, maxTracking+1))
	if err != nil {
		return nil, fmt.Errorf("tracking header: %w", err)
	}
	t, err := ParseTracking(data)
	if err != nil {
		return nil, fmt.Errorf("tracking header: %w", err)
	}
	return t, nil
}
