package gitrepo

import (
	"bytes"
	"context"
	"fmt"
	"strings"
)

// A Credential is what git's credential helpers know, in their own order
// (gitcredentials(7)). Everything that fill returned must go back.
type Credential struct {
	fields [][2]string
}

// Get returns a field: "username", "password" …; "" when it is not there.
func (c Credential) Get(name string) string {
	for i := len(c.fields) - 1; i >= 0; i-- {
		if c.fields[i][0] == name {
			return c.fields[i][1]
		}
	}
	return ""
}

// FillCredential asks git's helpers, or through git the user, for a password.
// An empty username is left open. Git from 2.46 on is told that an answer may
// name its way to log in (authtype and credential, git-credential(1)); older
// ones ignore that.
func (r *Repo) FillCredential(ctx context.Context, protocol, host, username string) (Credential, error) {
	request := Credential{fields: [][2]string{{"capability[]", "authtype"}, {"protocol", protocol}, {"host", host}}}
	if username != "" {
		request.fields = append(request.fields, [2]string{"username", username})
	}
	text, err := request.encode()
	if err != nil {
		return Credential{}, err
	}
	done := r.asking("git")
	out, err := r.git.filter(ctx, bytes.NewReader(text), "credential", "fill")
	done()
	if err != nil {
		return Credential{}, fmt.Errorf("no password for %s at %s: %w", username, host, err)
	}
	var c Credential
	for line := range strings.Lines(string(out)) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
			c.fields = append(c.fields, [2]string{name, value})
		}
	}
	return c, nil
}

// ApproveCredential tells the helpers that the credential worked.
func (r *Repo) ApproveCredential(ctx context.Context, c Credential) error {
	return r.credentialAnswer(ctx, "approve", c)
}

// RejectCredential tells the helpers to forget the credential.
func (r *Repo) RejectCredential(ctx context.Context, c Credential) error {
	return r.credentialAnswer(ctx, "reject", c)
}

func (r *Repo) credentialAnswer(ctx context.Context, action string, c Credential) error {
	text, err := c.encode()
	if err != nil {
		return err
	}
	_, err = r.git.filter(ctx, bytes.NewReader(text), "credential", action)
	return err
}

func (c Credential) encode() ([]byte, error) {
	var out bytes.Buffer
	for _, f := range c.fields {
		if strings.ContainsAny(f[1], "\n\x00") {
			return nil, fmt.Errorf("credential field %s holds a line break", f[0])
		}
		fmt.Fprintf(&out, "%s=%s\n", f[0], f[1])
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}
