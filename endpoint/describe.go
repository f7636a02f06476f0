package endpoint

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// An OtherURLError reports a service that says it is another one. What is signed
// for it would be good there.
type OtherURLError struct{ URL, Says string }

func (e *OtherURLError) Error() string {
	return fmt.Sprintf("the web endpoint %s calls itself %s: what is signed names the service, which has to be the one that is meant", harmless(e.URL), harmless(e.Says))
}

// Describe asks the service what it does. One of b4's kind cannot tell: nil.
// Its errors are those of [Client.Do], and an *OtherURLError.
func (c *Client) Describe(ctx context.Context) (*Service, error) {
	answer, err := c.Do(ctx, Request{Action: ActionDescribe})
	unclear, refused := (*UnclearError)(nil), (*RefusedError)(nil)
	switch {
	case errors.As(err, &unclear) && strings.HasPrefix(unclear.Text, "Unknown action"): // b4's words
		return nil, nil
	case errors.As(err, &refused) && refused.Answer.RetryAfter == 0: // it knows no such question
		return nil, nil
	case err != nil || answer.Service == nil:
		return nil, err
	}
	if answer.Service.URL != c.URL() {
		return nil, &OtherURLError{URL: c.URL(), Says: answer.Service.URL}
	}
	return answer.Service, nil
}
