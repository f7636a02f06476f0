package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/inbox"
)

func keyTrustCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "trust",
		Usage:     "confirm a key of somebody",
		ArgsUsage: "ADDRESS FINGERPRINT",
		Description: "Takes the key for ADDRESS's from now on, beside those that are known already.\n" +
			"Compare the fingerprint with one that you have from another source than mail.\n" +
			"A key that is not on record yet is taken from a message that it signed.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "from", Usage: "take the key from the message in `FILE`"},
		},
		Action: func(c *cli.Context) error {
			words, err := args(c, 2)
			if err != nil {
				return err
			}
			return e.trustKey(c, words[0], words[1])
		},
	}
}

func (e *env) trustKey(c *cli.Context, identity, fingerprint string) error {
	pins, err := attest.UserPins(e.getenv, e.now)
	if err != nil {
		return err
	}
	a, err := e.attestation(c.Context, "")
	if err != nil {
		return err
	}
	err = pins.Set(identity, fingerprint, attest.PinConfirmed)
	if errors.As(err, new(*attest.PinError)) && c.String("from") != "" {
		err = e.takeKey(c.Context, a, pins, identity, fingerprint, c.String("from"))
	}
	if err != nil {
		return err
	}
	e.notef("%s is a key of %s", fingerprint, strings.ToLower(identity))
	rings, closeRings, err := a.settings.OpenKeyrings(c.Context, a.repo)
	if err != nil {
		return err
	}
	defer closeRings()
	kept, err := attest.Knows(c.Context, rings, identity)
	if kept {
		e.warnf("a keyring has keys of %s, and goes first: where it counts, this one does not", strings.ToLower(identity))
	}
	return err
}

// takeKey puts the key of a message on record, that the user confirms.
func (e *env) takeKey(ctx context.Context, a *attestation, pins *attest.Pins, identity, fingerprint, file string) error {
	// Keyrings are not asked: the user wants this key whatever they say.
	verifier := attest.Verifier{Pins: pins, OwnGPG: true, Programs: a.settings.Programs}
	var taken bool
	err := inbox.Walk(ctx, e.path(file), func(mail inbox.Mail) error {
		report, err := verifier.Check(ctx, mail.Raw)
		if err != nil {
			return err
		}
		for _, s := range report.Signatures {
			pin, fits := s.Pin(attest.PinConfirmed, attest.Sighting{Time: e.now().UTC(), MessageID: report.MessageID, Where: file})
			if taken || !fits || s.Fingerprint != fingerprint || !strings.EqualFold(s.Identity, identity) {
				continue
			}
			taken = true
			return pins.Add(identity, pin)
		}
		return nil
	}, func(err error) { e.warnf("%v", err) })
	if err == nil && !taken {
		err = fmt.Errorf("no message in %s is signed for %s with the key %s", file, identity, fingerprint)
	}
	return err
}

func keyForgetCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "forget",
		Usage:     "revoke a remembered key of somebody",
		ArgsUsage: "ADDRESS FINGERPRINT",
		Description: "The key stays on record as revoked, and what it signs is refused: what is not on\n" +
			"record any more would be taken for a first use again.",
		Action: func(c *cli.Context) error {
			words, err := args(c, 2)
			if err != nil {
				return err
			}
			pins, err := attest.UserPins(e.getenv, e.now)
			if err != nil {
				return err
			}
			if err := pins.Set(words[0], words[1], attest.PinRevoked); err != nil {
				return err
			}
			e.notef("what the key %s signs is refused from now on", words[1])
			return nil
		},
	}
}
