package main

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/sendmail"
	"github.com/kprep/kprep/submission"
)

// endpointHint helps with a web endpoint.
func endpointHint(err error) string {
	impossible, refused := (*submission.EndpointError)(nil), (*endpoint.RefusedError)(nil)
	folder := (*store.NoFolderError)(nil)
	unsent, transport := (*endpoint.NotSentError)(nil), (*sendmail.NoTransportError)(nil)
	switch {
	case errors.As(err, &unsent) && unsent.Untrusted:
		return "if you trust the service, name the certificate of its authority in http.sslCAInfo"
	case errors.As(err, &unsent):
		return "check kprep.endpoint and your network"
	case errors.As(err, new(*endpoint.URLError)):
		return "check kprep.endpoint, else b4.send-endpoint-web"
	case errors.As(err, new(*endpoint.OtherURLError)):
		return "nothing was sent; if it is the service that you mean, set kprep.endpoint to what it calls itself"
	case errors.As(err, &refused):
		return refusedHint(refused)
	case errors.As(err, new(*endpoint.UnclearError)):
		return "check kprep.endpoint: that may be no web endpoint, or one that is out of order"
	case errors.As(err, new(*endpoint.AlgorithmError)):
		return "nothing was sent; 'kprep key new' makes a key of kind ed25519"
	case errors.As(err, &transport) && transport.Endpoint:
		return "the project's documentation tells the URL: git config --global kprep.endpoint URL"
	case errors.As(err, &impossible) && len(impossible.Idle) > 0:
		return "nothing was sent; " + useKeyHint(impossible.Idle)
	case errors.As(err, &impossible) && impossible.Unsigned:
		return "nothing was sent; sign with a key of yours, see 'kprep key new', or configure sendemail.smtpServer to send by SMTP"
	case errors.As(err, &impossible):
		return "nothing was sent; SMTP can do it, see sendemail.smtpServer"
	case errors.As(err, &folder):
		return fmt.Sprintf("make it for the service's account alone: 'install -d -m 700 -o ACCOUNT %s'", folder.Dir)
	case errors.Is(err, errNoRotation):
		return "nothing was changed; 'kprep auth revoke' withdraws the old key, 'kprep auth new' enrols the new one"
	case errors.Is(err, sendmail.ErrUnsigned), errors.As(err, new(*sendmail.PartlySentError)):
		return "go on the way that it began"
	}
	return ""
}

// newKeyHint is for a key that counts no more.
const newKeyHint = "a key that was revoked never counts again: 'kprep key new NAME --configure' makes another one, and 'kprep auth new' enrols that"

// otherNameHint is for a key whose selector is that of another one.
const otherNameHint = "give the key a selector of its own, 'git config patatt.selector NAME', and 'kprep auth new' enrols it"

// refusedHint helps with a definite no. Only kprep's services tell one case from
// another; b4's answers all with the same status.
func refusedHint(e *endpoint.RefusedError) string {
	switch {
	case e.Answer.RetryAfter > 0:
		return "nothing was changed; try again later"
	case e.Status == http.StatusGone:
		return newKeyHint
	case e.Status == http.StatusConflict:
		return "'kprep auth status' shows whether this very key is enrolled; if it is not, " + otherNameHint
	case e.Status == http.StatusBadRequest:
		return "nothing was changed; it goes by patatt.signingkey, patatt.selector and patatt.identity, else user.email"
	}
	return "'kprep auth status' shows whether it knows your key, 'kprep auth new' enrols one"
}
