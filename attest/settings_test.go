package attest

import (
	"context"
	"slices"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func TestReadSettings(t *testing.T) {
	t.Parallel()
	repo := gittest.New(t)
	repo.Git("config", "user.email", "jane@example.org")
	for _, tc := range []struct {
		name, section string
		config        []string
		want          Settings
		keyrings      []string
	}{
		{"nothing", "", nil, Settings{Identity: "jane@example.org"}, nil},
		{"patatt", "", []string{"patatt.signingkey=ed25519:x", "patatt.identity=j@work", "patatt.selector=desk", "user.signingkey=AB"},
			Settings{Key: "ed25519:x", Identity: "j@work", Selector: "desk"}, nil},
		{"a section", "work", []string{"patatt.signingkey=ed25519:x", "patatt.selector=desk", "patatt.work.signingkey=openpgp:AB"},
			Settings{Key: "openpgp:AB", Identity: "jane@example.org"}, nil},
		{"git's key of OpenPGP", "", []string{"user.signingkey=AB"}, Settings{Key: "openpgp:AB", Identity: "jane@example.org"}, nil},
		{"git's key of OpenSSH", "", []string{"user.signingkey=~/k.pub", "gpg.format=ssh", "gpg.ssh.program=x"},
			Settings{Key: "openssh:~/k.pub", Identity: "jane@example.org", Programs: Programs{SSHKeygen: "x"}}, nil},
		{"a key of git that cannot sign mail", "", []string{"user.signingkey=AB", "gpg.format=x509"}, Settings{Identity: "jane@example.org"}, nil},
		{"not to sign", "", []string{"b4.send-no-patatt-sign=yes", "patatt.trimbody=yes"}, Settings{Identity: "jane@example.org", NoSign: true, TrimBody: true}, nil},
		{"several keyrings", "", []string{"patatt.keyringsrc=one", "patatt.keyringsrc=two", "b4.keyringsrc=three"}, Settings{Identity: "jane@example.org"}, []string{"three", "one", "two"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			r, err := gitrepo.Open(context.Background(), repo.Dir, gitrepo.Options{Env: repo.Env, Config: tc.config})
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			config, err := r.Config()
			if err != nil {
				t.Fatal(err)
			}
			got, err := ReadSettings(config, tc.section, func(key string) string { return map[string]string{"HOME": "/home/jane"}[key] })
			if err != nil {
				t.Fatal(err)
			}
			rings := append(slices.Clone(tc.keyrings), commonKeyrings()...)
			if rings = append(rings, "/home/jane/.local/share/b4/keyring", "/home/jane/.local/share/patatt/public"); !slices.Equal(got.Keyrings, rings) {
				t.Errorf("keyrings %q, want %q", got.Keyrings, rings)
			}
			if got.Key != tc.want.Key || got.Identity != tc.want.Identity || got.Selector != tc.want.Selector || got.NoSign != tc.want.NoSign ||
				got.TrimBody != tc.want.TrimBody || got.Programs.SSHKeygen != tc.want.Programs.SSHKeygen {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
	if _, err := ReadSettings(new(gitrepo.Config), "", func(string) string { return "" }); err == nil {
		t.Error("without a home there is no place for keys")
	}
}
