package gitrepo_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/internal/gittest"
)

func run(t *testing.T, r *gittest.Repo, stdin, program string, args ...string) string {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = r.Dir, r.Env, strings.NewReader(stdin)
	out, err := cmd.Output()
	if err != nil {
		stderr := ""
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			stderr = string(exit.Stderr)
		}
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, stderr)
	}
	return string(out)
}

// gnupg gives the repository a key ring of its own.
func gnupg(t *testing.T, r *gittest.Repo) (home string) {
	t.Helper()
	home, err := os.MkdirTemp("", "k") // the path of the agent's socket must be short
	if err != nil {
		t.Fatal(err)
	}
	r.Env = append(r.Env, "GNUPGHOME="+home)
	t.Cleanup(func() {
		kill := exec.Command("gpgconf", "--kill", "all")
		kill.Env = r.Env
		kill.Run() // an agent that did not start cannot be ended
		os.RemoveAll(home)
	})
	for name, text := range map[string]string{"gpg-agent.conf": "allow-loopback-pinentry\n", "gpgsm.conf": "disable-crl-checks\n"} {
		if err := os.WriteFile(filepath.Join(home, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func useOpenPGP(t *testing.T, r *gittest.Repo) {
	gittest.Peer(t, "gpg", "gpgconf")
	gnupg(t, r)
	run(t, r, "", "gpg", "--batch", "--pinentry-mode", "loopback", "--passphrase", "", "--quick-gen-key", "Jane Dév <jane@example.org>", "ed25519", "sign", "0")
}

func useX509(t *testing.T, r *gittest.Repo) {
	gittest.Peer(t, "gpg", "gpgsm", "gpgconf")
	home := gnupg(t, r)
	cert := run(t, r, "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nSerial: random\nName-DN: CN=Jane\nName-Email: jane@example.org\n",
		"sh", "-c", "gpgsm --batch --pinentry-mode loopback --passphrase-fd 3 --generate-key 3</dev/null")
	run(t, r, cert, "gpgsm", "--batch", "--import")
	fingerprint := ""
	for line := range strings.Lines(run(t, r, "", "gpgsm", "--with-colons", "--list-keys")) {
		if f := strings.Split(line, ":"); f[0] == "fpr" && fingerprint == "" {
			fingerprint = f[9]
		}
	}
	if err := os.WriteFile(filepath.Join(home, "trustlist.txt"), []byte(fingerprint+" S relax\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, r, "", "gpgconf", "--reload", "gpg-agent")
	r.Git("config", "gpg.format", "x509")
	r.Git("config", "user.signingKey", fingerprint)
}

// useSSH makes a key beside the repository and returns its public half.
func useSSH(t *testing.T, r *gittest.Repo) (public string) {
	t.Helper()
	gittest.Peer(t, "ssh-keygen")
	key := filepath.Join(filepath.Dir(r.Dir), "id")
	run(t, r, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "jane", "-f", key)
	text, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	allowed := filepath.Join(filepath.Dir(r.Dir), "allowed")
	if err := os.WriteFile(allowed, append([]byte("jane@example.org "), text...), 0o600); err != nil {
		t.Fatal(err)
	}
	r.Git("config", "gpg.format", "ssh")
	r.Git("config", "gpg.ssh.allowedSignersFile", allowed)
	r.Git("config", "user.signingKey", "~/id")
	return strings.TrimSpace(string(text))
}

// useAgent gives the key to an agent, and takes it away from the disk.
func useAgent(t *testing.T, r *gittest.Repo) (public string) {
	t.Helper()
	public = useSSH(t, r)
	gittest.Peer(t, "ssh-agent", "ssh-add")
	dir, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "s")
	agent := exec.Command("ssh-agent", "-D", "-a", socket)
	agent.Env = r.Env
	if err := agent.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		agent.Process.Kill()
		agent.Wait()
		os.RemoveAll(dir)
	})
	r.Env = append(r.Env, "SSH_AUTH_SOCK="+socket)
	key := filepath.Join(filepath.Dir(r.Dir), "id")
	// The agent takes a moment to listen.
	run(t, r, "", "sh", "-c", `for i in 1 2 3 4 5 6 7 8 9 10; do ssh-add -q "$0" && exit; sleep 0.1; done; exit 1`, key)
	os.Remove(key)
	os.Remove(key + ".pub")
	return public
}

// unsigned takes the signature out of a commit, as git does to check it.
func unsigned(data []byte) []byte {
	header, message, _ := bytes.Cut(data, []byte("\n\n"))
	var out []byte
	dropping := false
	for line := range bytes.Lines(append(header, '\n')) {
		if line[0] != ' ' {
			dropping = bytes.HasPrefix(line, []byte("gpgsig ")) || bytes.HasPrefix(line, []byte("gpgsig-sha256 "))
		}
		if !dropping {
			out = append(out, line...)
		}
	}
	return append(append(out, '\n'), message...)
}

func TestGitVerifiesOurSignatures(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why   string
		setUp func(*testing.T, *gittest.Repo)
	}{
		{"openpgp by the committer's identity", useOpenPGP},
		{"openpgp by address, another program", func(t *testing.T, r *gittest.Repo) {
			useOpenPGP(t, r)
			script := filepath.Join(filepath.Dir(r.Dir), "wrapper")
			if err := os.WriteFile(script, []byte("#!/bin/sh\nexec gpg \"$@\"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			r.Git("config", "gpg.program", "false")
			r.Git("config", "gpg.openpgp.program", script)
			r.Git("config", "user.signingKey", "jane@example.org")
		}},
		{"x509", useX509},
		{"ssh by key file", func(t *testing.T, r *gittest.Repo) { useSSH(t, r) }},
		{"ssh by public key with an agent", func(t *testing.T, r *gittest.Repo) {
			r.Git("config", "user.signingKey", "key::"+useAgent(t, r))
		}},
		{"ssh by public key in the older form", func(t *testing.T, r *gittest.Repo) {
			r.Git("config", "user.signingKey", useAgent(t, r))
		}},
		{"ssh by the key that a command prints", func(t *testing.T, r *gittest.Repo) {
			useAgent(t, r)
			r.Git("config", "--unset", "user.signingKey")
			r.Git("config", "gpg.ssh.defaultKeyCommand", "ssh-add -L")
		}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			for _, format := range []string{"sha1", "sha256"} {
				r := gittest.New(t, "--object-format="+format)
				tc.setUp(t, r)
				r.Commit("base\n")
				r.Git("config", "commit.gpgSign", "true")
				r.Git("config", "tag.gpgSign", "true")
				verifySignatures(t, r)
			}
		})
	}
}

func verifySignatures(t *testing.T, r *gittest.Repo) {
	t.Helper()
	ctx := context.Background()
	repo := open(t, r, r.Dir)
	me, err := repo.Committer()
	if err != nil {
		t.Fatal(err)
	}
	base, tree := gitrepo.ID(r.Git("rev-parse", "HEAD")), gitrepo.ID(r.Git("rev-parse", "HEAD^{tree}"))
	commits := hostileCommits(t, r, repo, base)
	first, err := repo.NewCommit(ctx, tree, []gitrepo.ID{base}, me, me, "new\n\né\n")
	if err != nil {
		t.Fatal(err)
	}
	chain, err := repo.Chain(ctx, commits, first.ID, map[gitrepo.ID]string{commits[0].ID: "other\n"}, gitrepo.ChainOptions{Committer: me})
	if err != nil {
		t.Fatal(err)
	}
	tag, err := repo.NewTag(ctx, "v1", chain.Tip, me, "title\n\n# heading")
	if err != nil {
		t.Fatal(err)
	}
	if err := repo.WriteObjects(ctx, append(chain.Objects, first, tag)...); err != nil {
		t.Fatal(err)
	}
	if len(chain.Objects) != len(commits) {
		t.Fatalf("%d of %d commits were made again", len(chain.Objects), len(commits))
	}
	for _, obj := range append(chain.Objects, first) {
		r.Git("verify-commit", string(obj.ID))
	}
	r.Git("verify-tag", string(tag.ID))
	r.Git("fsck", "--strict")
	parent := first.ID
	for i, c := range commits {
		change := gitrepo.Change{Parents: []gitrepo.ID{parent}, Committer: me}
		if i == 0 {
			message := "other\n"
			change.Message = &message
		}
		if got, want := unsigned(chain.Objects[i].Data), c.Rewrite(change); !bytes.Equal(got, want) {
			t.Errorf("without its signature it is\n%q\nwant\n%q", got, want)
		}
		parent = chain.Objects[i].ID
	}
	if matches, _ := filepath.Glob(filepath.Join(repo.CommonDir, "kprep", "sign", "*")); len(matches) > 0 {
		t.Errorf("left behind: %v", matches)
	}
}

// hostileCommits writes a line of commits whose headers and messages are as
// in rewriteCases.
func hostileCommits(t *testing.T, r *gittest.Repo, repo *gitrepo.Repo, base gitrepo.ID) []*gitrepo.Commit {
	t.Helper()
	tree, parent := r.Git("rev-parse", "HEAD^{tree}"), string(base)
	me, err := repo.Committer()
	if err != nil {
		t.Fatal(err)
	}
	var commits []*gitrepo.Commit
	for _, tc := range rewriteCases {
		if strings.HasPrefix(tc.header, "mergetag") {
			continue // its contents would not pass fsck
		}
		raw := "tree " + tree + "\nparent " + parent + "\nauthor " + me.String() + "\ncommitter " + me.String() + "\n" + tc.header + "\n" + tc.message
		parent = r.GitInput(raw, "hash-object", "-w", "-t", "commit", "--stdin")
		c, err := repo.Commit(parent)
		if err != nil {
			t.Fatal(err)
		}
		commits = append(commits, c)
	}
	return commits
}

// A signature is renewed for those who made it, and for nobody else.
func TestChainSignsOnlyWhatWasMine(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why       string
		signed    bool
		committer string
		config    []string
		mine      bool
		want      bool
	}{
		{"mine, signed", true, "jane@example.org", nil, false, true},
		{"mine, not signed", false, "jane@example.org", nil, false, false},
		{"mine, not signed, all are to be", false, "jane@example.org", []string{"commit.gpgSign", "yes"}, false, true},
		{"mine, signed, not all are to be", true, "jane@example.org", []string{"commit.gpgSign", "false"}, false, true},
		{"somebody else's, signed", true, "o@example.org", nil, false, false},
		{"mine under another address, signed", true, "old@example.org", []string{"kprep.my-address", "old@example.org"}, false, true},
		{"known to be mine, signed", true, "old@example.org", nil, true, true},
		{"somebody else's, all are to be", false, "o@example.org", []string{"commit.gpgSign", "true"}, false, true},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			useSSH(t, r)
			base := gitrepo.ID(r.Commit("base\n"))
			if len(tc.config) > 0 {
				r.Git("config", tc.config[0], tc.config[1])
			}
			repo := open(t, r, r.Dir)
			me, err := repo.Committer()
			if err != nil {
				t.Fatal(err)
			}
			signature := ""
			if tc.signed {
				signature = "gpgsig -----BEGIN SSH SIGNATURE-----\n x\n"
			}
			id := r.GitInput("tree "+r.Git("rev-parse", "HEAD^{tree}")+"\nparent "+string(base)+"\nauthor "+me.String()+
				"\ncommitter X <"+tc.committer+"> 1 +0000\n"+signature+"\ns\n", "hash-object", "-w", "-t", "commit", "--stdin")
			c, err := repo.Commit(id)
			if err != nil {
				t.Fatal(err)
			}
			chain, err := repo.Chain(context.Background(), []*gitrepo.Commit{c}, gitrepo.ID(strings.Repeat("a", 40)), nil,
				gitrepo.ChainOptions{Committer: me, Mine: tc.mine})
			if err != nil {
				t.Fatal(err)
			}
			if got := bytes.Contains(chain.Objects[0].Data, []byte("\ngpgsig ")); got != tc.want || chain.New[c.ID] != chain.Tip {
				t.Errorf("signed %v, want %v: %q", got, tc.want, chain.Objects[0].Data)
			}
			same, err := repo.Chain(context.Background(), []*gitrepo.Commit{c}, base, nil, gitrepo.ChainOptions{Committer: me, Mine: tc.mine})
			if err != nil || same.Tip != c.ID || len(same.Objects)+len(same.New) != 0 {
				t.Errorf("a commit that stays the same: %+v, %v", same, err)
			}
		})
	}
}

func TestSigningRefuses(t *testing.T) {
	t.Parallel()
	const ok = "cat >/dev/null; echo '-----BEGIN PGP SIGNATURE-----'; echo '[GNUPG:] SIG_CREATED D 22 8 00 1 F' >&2"
	for _, tc := range []struct {
		why    string
		gpg    string // what the program does
		config []string
		want   string // "" for success
	}{
		{"a program that signs", ok, nil, ""},
		{"a signature but no word of it", "cat >/dev/null; echo BEGIN", nil, "it made no signature"},
		{"a word of it in the wrong place", "cat >/dev/null; echo BEGIN; echo 'gpg: [GNUPG:] SIG_CREATED x' >&2", nil, "SIG_CREATED"},
		{"a word of it but no signature", "cat >/dev/null; echo '[GNUPG:] SIG_CREATED x' >&2", nil, "it made no signature"},
		{"both, and a failure", ok + "; exit 2", nil, "exit status 2"},
		{"escapes in what it says", "printf 'no \\033[31mkey\\342\\200\\256\\377\\n[GNUPG:] FAILURE sign 17\\n' >&2; exit 2", nil, `no \u001b[31mkey\u202e\xff`},
		{"a program that is not there", "", []string{"gpg.program", "/nonexistent/gpg"}, "no such file"},
		{"an unknown format", ok, []string{"gpg.format", "pem"}, `gpg.format: "pem"`},
		{"ssh without any key", ok, []string{"gpg.format", "ssh"}, "names a key"},
		{"a switch that is no boolean", ok, []string{"commit.gpgSign", "perhaps"}, "not a boolean"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Commit("base\n")
			script := filepath.Join(filepath.Dir(r.Dir), "gpg")
			if err := os.WriteFile(script, []byte("#!/bin/sh\n"+tc.gpg+"\n"), 0o755); err != nil {
				t.Fatal(err)
			}
			r.Git("config", "gpg.program", script)
			r.Git("config", "commit.gpgSign", "true")
			if len(tc.config) > 0 {
				r.Git("config", tc.config[0], tc.config[1])
			}
			repo := open(t, r, r.Dir)
			me, err := repo.Committer()
			if err != nil {
				t.Fatal(err)
			}
			_, err = repo.NewCommit(context.Background(), gitrepo.ID(r.Git("rev-parse", "HEAD^{tree}")), nil, me, me, "s\n")
			if tc.want == "" && err != nil || tc.want != "" && (err == nil || !strings.Contains(err.Error(), tc.want)) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
			if err != nil && len(tc.config) == 0 && !errors.As(err, new(*gitrepo.SignError)) {
				t.Errorf("got %T", err)
			}
		})
	}
}

func TestSSHSigningRefuses(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, key, value, want string
	}{
		{"a key file that is not there", "user.signingKey", "~/nowhere", "nowhere"},
		{"a public key that no agent holds", "user.signingKey", "key::ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEgrEFN1HBpXRQ2YgNZbYKbEFCSbjoGKyPuhsR7nNVTG", "sign with ssh-keygen and the key"},
		{"a command that fails", "gpg.ssh.defaultKeyCommand", "echo gone >&2; exit 1", "defaultKeyCommand failed; gone"},
		{"a command that prints no key", "gpg.ssh.defaultKeyCommand", "echo The agent has no identities.", "printed no public key"},
		{"a program that writes nothing", "gpg.ssh.program", "true", "made no signature"},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			r := gittest.New(t)
			r.Commit("base\n")
			useSSH(t, r)
			if strings.HasPrefix(tc.key, "gpg.ssh.default") {
				r.Git("config", "--unset", "user.signingKey")
			}
			r.Git("config", tc.key, tc.value)
			r.Git("config", "tag.forceSignAnnotated", "true")
			repo := open(t, r, r.Dir)
			me, err := repo.Committer()
			if err != nil {
				t.Fatal(err)
			}
			_, err = repo.NewTag(context.Background(), "v1", gitrepo.ID(r.Git("rev-parse", "HEAD")), me, "t\n")
			if !errors.As(err, new(*gitrepo.SignError)) || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %q", err, tc.want)
			}
		})
	}
}
