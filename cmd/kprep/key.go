package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/patchmail"
)

func keyCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:     "key",
		Category: groupSetUp,
		Usage:    "make and show keys, and say whose are trusted",
		Description: "Your own keys are those of patatt. The keys of others are remembered when they\n" +
			"first sign for somebody whom no keyring knows: 'kprep verify' tells.",
		Subcommands: []*cli.Command{keyNewCommand(e), keyListCommand(e), keyShowCommand(e), keyExportCommand(e), keyTrustCommand(e), keyForgetCommand(e)},
	}
}

func keyNewCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "new",
		Usage:     "make an ed25519 key",
		ArgsUsage: "[NAME]",
		Description: "Makes a key as 'patatt genkey' does. NAME is the day for a first key; a further one\n" +
			"has to be given a name. The private key has no passphrase: the file alone lets\n" +
			"anybody sign in your name.",
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "identity", Usage: "make it for `ADDRESS` (default patatt.identity or user.email)"},
			&cli.BoolFlag{Name: "configure", Usage: "have this repository sign with it"},
			&cli.BoolFlag{Name: "force", Aliases: []string{"f"}, Usage: "write over a key of that name"},
		},
		Action: func(c *cli.Context) error {
			words, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			return e.newKey(c, strings.Join(words, ""))
		},
	}
}

func (e *env) newKey(c *cli.Context, name string) error {
	a, err := e.attestation(c.Context, "")
	if err != nil {
		return err
	}
	identity := c.String("identity")
	if identity == "" {
		identity = a.settings.Identity
	}
	if identity == "" {
		return usagef("key new", "say whose key it is, with --identity ADDRESS or by user.email")
	}
	if c.Bool("configure") && a.repo == nil {
		return usagef("key new", "--configure wants a repository; leave it out, and it is said how to sign with the key everywhere")
	}
	if name == "" {
		// A further key has to be meant: a web endpoint makes it wait for days.
		if have, err := a.settings.KeysOf(identity); err != nil {
			return err
		} else if len(have) > 0 && !c.Bool("force") {
			return &attest.KeyExistsError{File: have[len(have)-1].File}
		}
		name = e.now().Format("20060102")
	}
	made, err := a.settings.NewKey(e.random, name, identity, c.Bool("force"))
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "%s %s\n", made.Name, made.Fingerprint)
	e.notef("keep a copy of %s in a safe place: it cannot be made again, and whoever has it signs as you", made.Private)
	settings := [][2]string{{"patatt.signingkey", "ed25519:" + made.Name}, {"patatt.selector", made.Name}}
	if identity != a.settings.Identity {
		settings = append(settings, [2]string{"patatt.identity", identity})
	}
	for _, s := range settings {
		if !c.Bool("configure") {
			e.notef("to sign with it: git config --global %s %s", s[0], s[1])
		} else if err := a.repo.SetConfig(c.Context, s[0], s[1]); err != nil {
			return fmt.Errorf("the key is made, but not configured: %w", err)
		}
	}
	return nil
}

// A keyReport is the JSON document of keys.
type keyReport struct {
	Schema int        `json:"schema"` // 1
	Own    []ownKey   `json:"own"`
	Known  []knownKey `json:"known"`
}

type ownKey struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint,omitempty"` // of a key that kprep or patatt made
	File        string `json:"file,omitempty"`        // of its public half
	Signs       bool   `json:"signs"`
}

type knownKey struct {
	Identity string `json:"identity"`
	attest.Pin
}

func keyListCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:  "list",
		Usage: "list your keys, and those remembered of others",
		Flags: []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action: func(c *cli.Context) error {
			if _, err := args(c, 0); err != nil {
				return err
			}
			report, err := e.keyReport(c.Context, "")
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return e.printJSON(report)
			}
			if len(report.Own)+len(report.Known) == 0 {
				e.notef("there are no keys yet; 'kprep key new' makes one")
			}
			return e.printKeys(report)
		},
	}
}

// keyReport collects all keys, or those remembered of one identity alone.
func (e *env) keyReport(ctx context.Context, identity string) (*keyReport, error) {
	a, err := e.attestation(ctx, "")
	if err != nil {
		return nil, err
	}
	report := &keyReport{Schema: 1, Own: []ownKey{}, Known: []knownKey{}}
	pins, err := attest.UserPins(e.getenv, e.now)
	if err != nil {
		return nil, err
	}
	identities := []string{identity}
	if identity == "" {
		own, err := a.settings.OwnKeys()
		if err != nil {
			return nil, err
		}
		for _, k := range own {
			report.Own = append(report.Own, ownKey{k.Name, k.Fingerprint, k.File, a.settings.Key == "ed25519:"+k.Name})
		}
		if key := a.settings.Key; key != "" && !slices.ContainsFunc(report.Own, func(k ownKey) bool { return k.Signs }) {
			report.Own = append(report.Own, ownKey{Name: key, Signs: true}) // gpg, ssh-keygen or another file has it
		}
		if identities, err = pins.Identities(); err != nil {
			return nil, err
		}
	}
	for _, id := range identities {
		known, err := pins.Of(id)
		if err != nil {
			return nil, err
		}
		for _, pin := range known {
			report.Known = append(report.Known, knownKey{strings.ToLower(id), pin})
		}
	}
	return report, nil
}

// keysOf collects the key of yours that has a name, or those remembered of an
// address.
func (e *env) keysOf(ctx context.Context, word string) (*keyReport, error) {
	if strings.Contains(word, "@") {
		report, err := e.keyReport(ctx, word)
		if err == nil && len(report.Known) == 0 {
			err = &attest.PinError{Identity: word}
		}
		return report, err
	}
	report, err := e.keyReport(ctx, "")
	if err != nil {
		return nil, err
	}
	report.Known = []knownKey{}
	report.Own = slices.DeleteFunc(report.Own, func(k ownKey) bool { return k.Name != word || k.File == "" })
	if len(report.Own) == 0 {
		return nil, &ownKeyError{word}
	}
	return report, nil
}

func (e *env) printKeys(report *keyReport) error {
	w := tabwriter.NewWriter(e.stdout, 0, 0, 2, ' ', 0)
	for _, k := range report.Own {
		state := "yours"
		if k.Signs {
			state = "yours, signs"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", patchmail.PrintableLine(k.Name), state, k.Fingerprint)
	}
	for _, k := range report.Known {
		fmt.Fprintf(w, "%s\t%s\t%s\n", patchmail.PrintableLine(k.Identity), k.State, patchmail.PrintableLine(k.Fingerprint))
	}
	return w.Flush()
}

func keyShowCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "show",
		Usage:     "show a key of yours, or what is remembered of somebody's",
		ArgsUsage: "NAME|ADDRESS",
		Flags:     []cli.Flag{&cli.BoolFlag{Name: "json", Usage: "print JSON"}},
		Action: func(c *cli.Context) error {
			words, err := args(c, 1)
			if err != nil {
				return err
			}
			report, err := e.keysOf(c.Context, words[0])
			if err != nil {
				return err
			}
			if c.Bool("json") {
				return e.printJSON(report)
			}
			for _, k := range report.Own {
				fmt.Fprintf(e.stdout, "ed25519 %s\n    yours, %s\n", k.Fingerprint, patchmail.PrintableLine(k.File))
			}
			for _, k := range report.Known {
				fmt.Fprintf(e.stdout, "%s %s\n    %s, signed %s\n", k.Algorithm, patchmail.PrintableLine(k.Fingerprint), k.State, plural(k.Count, "message", "messages"))
				e.printSighting("first", k.First)
				e.printSighting("last", k.Last)
			}
			return nil
		},
	}
}

func (e *env) printSighting(which string, s attest.Sighting) {
	if s.Time.IsZero() {
		return
	}
	line := which + " on " + s.Time.UTC().Format(time.DateOnly)
	if s.MessageID != "" {
		line += " by <" + s.MessageID + ">"
	}
	if s.Where != "" {
		line += " in " + s.Where
	}
	fmt.Fprintf(e.stdout, "    %s\n", patchmail.PrintableLine(line))
}

func keyExportCommand(e *env) *cli.Command {
	return &cli.Command{
		Name:      "export",
		Usage:     "print a public key of yours, for a keyring",
		ArgsUsage: "[NAME]",
		Description: "Prints the public half of the ed25519 key NAME, by default of the one that signs,\n" +
			"and says where a keyring has it.",
		Action: func(c *cli.Context) error {
			words, err := argsBetween(c, 0, 1)
			if err != nil {
				return err
			}
			a, err := e.attestation(c.Context, "")
			if err != nil {
				return err
			}
			name := strings.Join(words, "")
			if name == "" {
				name = strings.TrimPrefix(a.settings.Key, string(attest.Ed25519)+":")
			}
			if name == "" {
				return attest.ErrNoSigningKey
			}
			own, err := a.settings.OwnKeys()
			if err != nil {
				return err
			}
			for _, k := range own {
				if k.Name != name {
					continue
				}
				for _, path := range k.Kept {
					e.notef("a keyring has it as %s", path)
				}
				_, err := fmt.Fprintln(e.stdout, k.Public)
				return err
			}
			return &ownKeyError{name}
		},
	}
}

// An ownKeyError reports a name that no key of the user's has.
type ownKeyError struct{ name string }

func (e *ownKeyError) Error() string {
	return fmt.Sprintf("you have no ed25519 key %q", patchmail.PrintableLine(e.name))
}
