package server

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/kprep/kprep/endpoint"
)

// A refusal is an answer other than success.
type refusal struct {
	status  int
	message string
	fates   []endpoint.Fate
	after   time.Duration // before another try makes sense, 0 for never
	cause   error         // for the log, when it is not the client's fault
}

func (r *refusal) Error() string { return r.message }
func (r *refusal) Unwrap() error { return r.cause }

// answer is what the client is told, and the status.
func (r *refusal) answer() (*endpoint.Answer, int) {
	return &endpoint.Answer{Result: endpoint.Failure, Message: r.message, Messages: r.fates, RetryAfter: int(r.after.Seconds() + 0.999)}, r.status
}

func refuse(status int, format string, args ...any) *refusal {
	return &refusal{status: status, message: fmt.Sprintf(format, args...)}
}

// broken is a refusal that the client has no part in.
func broken(cause error) *refusal {
	return &refusal{status: http.StatusServiceUnavailable, message: "The service cannot work on this at the moment, and has kept nothing of it", after: time.Minute, cause: cause}
}

// asRefusal finds the answer in an error; any error that is none is ours.
func asRefusal(err error) *refusal {
	if r := (*refusal)(nil); errors.As(err, &r) {
		return r
	}
	return broken(err)
}
