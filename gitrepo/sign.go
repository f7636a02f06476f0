package gitrepo

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
	"unicode"
)

// A SignError reports a signature that could not be made. Nothing has changed.
type SignError struct {
	Program string // as configured, such as "gpg"
	Key     string // as the program was asked for it; "" when none is known
	Said    string // by the program, on one line, safe for a terminal; "" for nothing
	Err     error  // how it ended; nil when it claimed success
}

func (e *SignError) Error() string {
	text := "sign with " + escape(e.Program)
	if e.Key != "" {
		text += fmt.Sprintf(" and the key %q", escape(e.Key))
	}
	switch {
	case e.Said != "":
		return text + ": " + e.Said
	case e.Err != nil:
		return text + ": " + escape(e.Err.Error())
	}
	return text + ": it made no signature"
}

func (e *SignError) Unwrap() error { return e.Err }

// A signer is the program that git is configured to sign with.
type signer struct {
	format  string // openpgp, x509 or ssh
	program string
	key     string // as the program takes it
	inAgent bool   // ssh only: key is a public key, its other half is with the agent

	dir     string   // where the program runs: git's own place
	env     []string // what it sees: the user's environment
	scratch string   // for files that the program needs
}

// findSigner reads what git-config(1) says about gpg.* and user.signingKey.
func (r *Repo) findSigner(ctx context.Context) (*signer, error) {
	config, err := r.Config()
	if err != nil {
		return nil, err
	}
	s := &signer{format: "openpgp", dir: r.workDir(), env: r.git.env, scratch: r.CommonDir}
	if format, ok := config.Get("gpg.format"); ok {
		s.format = format
	}
	var keys []string // where the program may be configured
	switch s.format {
	case "openpgp":
		s.program, keys = "gpg", []string{"gpg.program", "gpg.openpgp.program"}
	case "x509":
		s.program, keys = "gpgsm", []string{"gpg.x509.program"}
	case "ssh":
		s.program, keys = "ssh-keygen", []string{"gpg.ssh.program"}
	default:
		return nil, fmt.Errorf("configuration gpg.format: %q is not openpgp, x509 or ssh", s.format)
	}
	for _, key := range keys {
		if program, ok := config.Get(key); ok && program != "" {
			if s.program, err = r.expandPath(ctx, program); err != nil {
				return nil, fmt.Errorf("configuration %s: %w", key, err)
			}
		}
	}
	s.key, _ = config.Get("user.signingKey")
	switch {
	case s.format == "ssh":
		err = r.findSSHKey(ctx, config, s)
	case s.key == "":
		s.key, err = r.identityKey()
	}
	return s, err
}

// identityKey is the committer without the time: what git asks gpg for when
// no key is configured.
func (r *Repo) identityKey() (string, error) {
	me, err := r.Committer()
	if err != nil {
		return "", err
	}
	line := me.String()
	return line[:strings.LastIndexByte(line, '>')+1], nil
}

func (r *Repo) signsCommits() (bool, error) {
	config, err := r.Config()
	if err != nil {
		return false, err
	}
	return config.Bool("commit.gpgSign", false)
}

func (r *Repo) signsTags() (bool, error) {
	config, err := r.Config()
	if err != nil {
		return false, err
	}
	sign, err := config.Bool("tag.gpgSign", false)
	if err != nil || sign {
		return sign, err
	}
	return config.Bool("tag.forceSignAnnotated", false)
}

// TrySigning makes a signature that nobody keeps, by the program that is
// configured for commits, and returns the program's name; "" where commits are
// not to be signed.
func (r *Repo) TrySigning(ctx context.Context) (program string, err error) {
	if wanted, err := r.signsCommits(); err != nil || !wanted {
		return "", err
	}
	s, err := r.signer()
	if err != nil {
		return "", err
	}
	_, err = r.sign(ctx, []byte("a trial\n"))
	return s.program, err
}

// signCommit signs the bytes of a commit that has no signature, and puts the
// header where git does: behind all others.
func (r *Repo) signCommit(ctx context.Context, data []byte) ([]byte, error) {
	signature, err := r.sign(ctx, data)
	if err != nil {
		return nil, err
	}
	name := "gpgsig"
	if r.ObjectFormat == "sha256" {
		name = "gpgsig-sha256"
	}
	at := bytes.Index(data, []byte("\n\n")) + 1
	var out bytes.Buffer
	out.Write(data[:at])
	out.WriteString(name)
	for line := range bytes.Lines(signature) {
		out.WriteByte(' ')
		out.Write(line)
	}
	out.Write(data[at:])
	return out.Bytes(), nil
}

// signTag signs the bytes of a tag; the signature is the end of its text.
func (r *Repo) signTag(ctx context.Context, data []byte) ([]byte, error) {
	if !bytes.HasSuffix(data, []byte("\n")) { // it must begin on a line of its own
		data = append(data[:len(data):len(data)], '\n')
	}
	signature, err := r.sign(ctx, data)
	if err != nil {
		return nil, err
	}
	return append(data[:len(data):len(data)], signature...), nil
}

// sign returns an armoured signature that ends with a line feed.
func (r *Repo) sign(ctx context.Context, data []byte) ([]byte, error) {
	s, err := r.signer()
	if err != nil {
		return nil, err
	}
	defer r.asking(s.program)()
	var signature []byte
	if s.format == "ssh" {
		signature, err = s.signSSH(ctx, data)
	} else {
		signature, err = s.signGPG(ctx, data)
	}
	if err != nil {
		return nil, err
	}
	// As git does: a signer of another system may end lines with CR.
	signature = bytes.ReplaceAll(signature, []byte("\r\n"), []byte("\n"))
	return append(bytes.TrimRight(signature, "\n"), '\n'), nil
}

// signGPG speaks the protocol of gpg, which gpgsm shares: the signature comes
// on stdout, and the status lines say whether it is one.
func (s *signer) signGPG(ctx context.Context, data []byte) ([]byte, error) {
	out, stderr, err := s.run(ctx, data, s.program, "--status-fd=2", "-bsau", s.key)
	created := strings.HasPrefix(stderr, statusCreated) || strings.Contains(stderr, "\n"+statusCreated)
	if err != nil || !created || len(bytes.TrimSpace(out)) == 0 {
		return nil, s.failure(ctx, stderr, err)
	}
	return out, nil
}

const (
	statusLine    = "[GNUPG:] "
	statusCreated = statusLine + "SIG_CREATED "
)

func (s *signer) run(ctx context.Context, stdin []byte, program string, args ...string) (stdout []byte, stderr string, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.Env = s.dir, s.env
	cmd.WaitDelay = time.Second
	var out, errText bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(stdin), &out, &errText
	if err = cmd.Run(); errors.Is(err, exec.ErrWaitDelay) { // it started an agent, which stays
		err = nil
	}
	return out.Bytes(), errText.String(), err
}

func (s *signer) failure(ctx context.Context, stderr string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &SignError{Program: s.program, Key: s.key, Said: said(stderr), Err: err}
}

// said is what a program told people, without the lines for programs.
func said(stderr string) string {
	var words []string
	for line := range strings.Lines(stderr) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, statusLine) {
			words = append(words, escape(line))
		}
	}
	const most = 500
	text := strings.Join(words, "; ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// escape makes text from outside safe for a terminal, on one line.
func escape(text string) string {
	var out strings.Builder
	for i, r := range text {
		switch {
		case r == unicode.ReplacementChar && !strings.HasPrefix(text[i:], "\uFFFD"):
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case unicode.IsGraphic(r):
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
	}
	return out.String()
}
