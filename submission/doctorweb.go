package submission

import (
	"context"
	"errors"
	"fmt"

	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/sendmail"
)

// signature tries the key that signs patches, on a message that nobody gets.
func (d *Diagnosis) signature(ctx context.Context, c Checkup, from string, byEndpoint bool) {
	signer := c.Signing.Signer
	switch {
	case c.Signing.Err != nil:
		d.fail("signature", &SigningError{c.Signing.Err, byEndpoint})
		return
	case signer == nil && byEndpoint:
		d.fail("signature", unsignedError(c.Signing))
		return
	case signer == nil:
		d.add("signature", ProbeOK, "patches are %s", c.Signing)
		return
	}
	trial := fmt.Sprintf("From: %s\nSubject: trial\n\nNobody gets this.\n", signer.Identity)
	if _, err := signer.Sign(ctx, []byte(trial), c.Stamp.Now); err != nil {
		d.fail("signature", &SigningError{err, byEndpoint})
		return
	}
	d.add("signature", ProbeOK, "patches are %s, which made a trial signature", c.Signing)
	switch {
	case from == "" || speaksFor(signer.Identity, from):
	case byEndpoint:
		d.fail("signature", fmt.Errorf("mail is from %s, and a web endpoint takes only that of %s", from, signer.Identity))
	default:
		d.add("signature", ProbeWarning, "mail is from %s: who checks signatures will not believe those of %s", from, signer.Identity)
	}
}

// web asks the service what it does, and whether it knows the key.
func (d *Diagnosis) web(ctx context.Context, web *sendmail.Web, c Checkup) {
	service, err := web.Describe(ctx)
	if err != nil {
		d.fail("server", err)
		return
	}
	if service == nil {
		d.add("server", ProbeOK, "it can be reached, and does not tell what it does, as b4's")
		d.add("enrolment", ProbeSkipped, "it cannot be asked whether it knows your key")
		return
	}
	d.add("server", ProbeOK, "it can be reached, and is %s, by %s", service.Name, service.Version)
	if c.Signing.Signer == nil {
		return
	}
	key, err := EndpointKey(ctx, c.Signing.Signer)
	if err == nil {
		err = endpoint.Takes(service, key.Algorithm)
	}
	if err == nil {
		_, err = web.Client().Status(ctx, key, nil, c.Stamp)
	}
	refused := (*endpoint.RefusedError)(nil)
	switch {
	case errors.As(err, &refused):
		d.fail("enrolment", fmt.Errorf("it does not take what you sign: %w", err))
	case err != nil:
		d.fail("enrolment", err)
	default:
		d.add("enrolment", ProbeOK, "it knows your key %s", key.Fingerprint)
	}
}
