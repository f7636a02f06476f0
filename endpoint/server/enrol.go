package server

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/endpoint/server/store"
)

// maxKeyText bounds a public key as it is sent.
const maxKeyText = 64 << 10

// enrol takes a key and mails a challenge to its identity. The name that comes
// with it is a stranger's word, and mailed to nobody.
func (x *exchange) enrol(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	if r.Identity == "" || r.Selector == "" || r.PublicKey == "" {
		return nil, refuse(http.StatusBadRequest, "Invalid authentication request")
	}
	key, err := x.readKey(ctx, r)
	if err != nil {
		return nil, err
	}
	x.identity = key.Identity
	asked, err := x.askFor(ctx, key.Identity)
	if err != nil {
		return nil, err
	}
	challenge, err := x.draw()
	if err != nil {
		return nil, err
	}
	mail, err := x.challengeMail(key, challenge, asked)
	if err != nil {
		return nil, err
	}
	key, err = x.store.Enrol(ctx, key, hash(challenge), x.now().Add(challengeLife), func(store.Key) *store.Submission { return mail })
	if err != nil {
		return nil, keyRefusal(err, r.Identity, r.Selector)
	}
	return success("Challenge generated and sent to %s, for the key %s", key.Identity, key.Fingerprint), nil
}

// challengeShare is how many challenges to one identity a network may ask for
// in an hour, whatever others have asked for.
const challengeShare = 2

// A demand is how many challenges to one identity were asked for in this hour.
type demand struct{ all, elsewhere int64 }

// askFor counts a request for a challenge. What strangers ask for keeps nobody
// else from asking: each network has a share that only it can use up.
func (x *exchange) askFor(ctx context.Context, identity string) (demand, error) {
	network := x.blind(x.network)
	all, own := "requests for "+identity, "requests for "+identity+" from "+network
	if err := x.count(ctx,
		store.Limit{Scope: "challenges from " + network, Most: x.Limits.ChallengesNetwork},
		store.Limit{Scope: "challenges to " + identity + " from " + network, Most: x.Limits.Challenges},
		store.Limit{Scope: all, Most: math.MaxInt64 / 10}, store.Limit{Scope: own, Most: math.MaxInt64 / 10},
	); err != nil {
		return demand{}, err
	}
	var d demand
	for scope, n := range map[string]*int64{all: &d.all, own: &d.elsewhere} {
		var err error
		if *n, err = x.store.Counted(ctx, store.Limit{Scope: scope, Period: time.Hour}, x.now()); err != nil {
			return demand{}, err
		}
	}
	d.elsewhere = d.all - d.elsewhere
	err := x.count(ctx,
		store.Limit{Scope: "challenges to " + identity, Most: x.Limits.Challenges},
		store.Limit{Scope: "challenges to " + domain(identity), Most: x.Limits.ChallengesDomain})
	if r := (*refusal)(nil); errors.As(err, &r) {
		err = x.count(ctx, store.Limit{Scope: "share of " + network + " in " + identity, Most: challengeShare})
		if errors.As(err, &r) {
			r.message = fmt.Sprintf("Too many challenges to %s were asked for in this hour, %d of them by other networks than yours; please come back later", identity, d.elsewhere)
		}
	}
	return d, err
}

// keyRefusal says why a key cannot be changed.
func keyRefusal(err error, identity, selector string) error {
	switch {
	case errors.Is(err, store.ErrEnrolled):
		return refuse(http.StatusConflict, "i=%s;s=%s is already authorized", shown(identity), shown(selector))
	case errors.Is(err, store.ErrTaken):
		return refuse(http.StatusConflict, "i=%s;s=%s is already authorized, with another key than this one", shown(identity), shown(selector))
	case errors.Is(err, store.ErrRevoked):
		return refuse(http.StatusGone, "This key of %s was revoked; enrol another one", shown(identity))
	case errors.Is(err, store.ErrNoKey):
		return refuse(http.StatusConflict, "The key of i=%s;s=%s was changed meanwhile", shown(identity), shown(selector))
	}
	return err
}

// readKey checks who is to be enrolled, and the key itself.
func (x *exchange) readKey(ctx context.Context, r *endpoint.Request) (store.Key, error) {
	k := store.Key{Created: x.now()}
	var err error
	if k.Identity, err = canonical(r.Identity); err != nil {
		return k, err
	}
	if k.Selector, err = selector(r.Selector); err != nil {
		return k, err
	}
	if len(r.PublicKey) > maxKeyText {
		return k, refuse(http.StatusRequestEntityTooLarge, "The public key is larger than %d bytes; export it with export-minimal", maxKeyText)
	}
	text := strings.TrimSpace(r.PublicKey)
	switch {
	case strings.HasPrefix(text, "-----BEGIN PGP"):
		k.Algorithm = string(attest.OpenPGP)
		return k, x.readPGPKey(ctx, &k, text)
	case strings.HasPrefix(text, "ssh-"), strings.HasPrefix(text, "ecdsa-"), strings.HasPrefix(text, "sk-"):
		k.Algorithm = string(attest.OpenSSH)
		if words := strings.Fields(text); len(words) > 2 { // what follows is a comment
			text = words[0] + " " + words[1]
		}
	default:
		k.Algorithm = string(attest.Ed25519)
	}
	k.Public = []byte(text)
	if k.Fingerprint, err = attest.Fingerprint(attest.Algorithm(k.Algorithm), k.Public); err != nil {
		return k, refuse(http.StatusBadRequest, "Invalid authentication request: %s", shown(err.Error()))
	}
	return k, nil
}

// readPGPKey takes one key, whose user ids name the identity: no other key
// could check a signature.
func (x *exchange) readPGPKey(ctx context.Context, k *store.Key, text string) error {
	if !x.OpenPGP {
		return refuse(http.StatusBadRequest, "Invalid authentication request: this service enrols no OpenPGP keys")
	}
	pgp, err := attest.ReadPGPKey(ctx, x.Programs, []byte(text))
	if errors.As(err, new(*attest.ProgramError)) || ctx.Err() != nil {
		return broken(err)
	}
	if err != nil {
		return refuse(http.StatusBadRequest, "Invalid authentication request: %s", shown(err.Error()))
	}
	if !slices.Contains(pgp.Addresses, strings.ToLower(k.Identity)) {
		return refuse(http.StatusBadRequest, "Invalid authentication request: the key %s is of %q, and not of %s", pgp.Fingerprint, shown(strings.Join(pgp.Users, ", ")), k.Identity)
	}
	k.Public, k.Fingerprint = pgp.Data, pgp.Fingerprint
	return nil
}

// draw makes a text that nobody can guess.
func (s *Server) draw() (string, error) {
	raw := make([]byte, 16)
	if _, err := io.ReadFull(s.random, raw); err != nil {
		return "", err
	}
	return hex.EncodeToString(raw), nil
}

// hash is what is kept of a secret that a client will show.
func hash(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return base64.RawStdEncoding.EncodeToString(sum[:])
}

func success(format string, args ...any) *endpoint.Answer {
	return &endpoint.Answer{Result: endpoint.Success, Message: refuse(0, format, args...).message}
}

// verify takes the answer to a challenge.
func (x *exchange) verify(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	s, err := x.open(ctx, r.Msg, endpoint.PurposeVerify, "Invalid verification message", x.verifiable)
	if err != nil {
		return nil, err
	}
	if s.key.State != store.Pending {
		counts := ""
		if !s.key.Counts(x.now()) {
			counts = ", and counts from " + when(s.key.ActiveFrom) + " on"
		}
		return nil, refuse(http.StatusConflict, "The key %s of %s/%s is enrolled already%s: no challenge of it is open", s.key.Fingerprint, s.key.Identity, s.key.Selector, counts)
	}
	stop, err := x.draw()
	if err != nil {
		return nil, err
	}
	var lost error
	key, err := x.store.Answer(ctx, s.key, hash(s.Challenge), store.Rules{Attempts: challengeGuesses, Wait: x.KeyWait, StopHash: hash(stop)}, x.now(),
		func(k store.Key) *store.Submission {
			mail, err := x.enrolledMail(k, stop)
			lost = err
			return mail
		})
	if err == nil {
		err = lost
	}
	switch {
	case errors.Is(err, store.ErrWrongAnswer):
		return nil, refuse(http.StatusForbidden, "Challenge verification for %s/%s did not match", s.key.Identity, s.key.Selector)
	case errors.Is(err, store.ErrTooManyAnswers), errors.Is(err, store.ErrNoChallenge):
		return nil, refuse(http.StatusForbidden, "Challenge verification for %s/%s failed: %s; ask for another one", s.key.Identity, s.key.Selector, err)
	case err != nil:
		return nil, keyRefusal(err, s.key.Identity, s.key.Selector)
	}
	answer := success("Challenge verified for %s/%s, key %s", key.Identity, key.Selector, key.Fingerprint)
	if key.State == store.Waiting {
		answer.Message += "; it counts from " + when(key.ActiveFrom) + " on, because another key was there before it"
	}
	return answer, nil
}

// withdraw revokes the key that signs the request for it, one that still waits
// too.
func (x *exchange) withdraw(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	s, err := x.open(ctx, r.Msg, endpoint.PurposeDelete, "Invalid key delete message", x.standing)
	if err != nil {
		return nil, err
	}
	if err := x.once(ctx, s); err != nil {
		return nil, err
	}
	mail, err := x.withdrawnMail(s.key)
	if err != nil {
		return nil, err
	}
	if _, err := x.store.Revoke(ctx, s.key, x.now(), func(store.Key) *store.Submission { return mail }); err != nil {
		return nil, keyRefusal(err, s.key.Identity, s.key.Selector)
	}
	return success("Record deleted for %s/%s", s.key.Identity, s.key.Selector), nil
}

// rotate enrols a key in the place of one that counts. Both sign: the old one
// consents, the new one shows that it is the client's.
func (x *exchange) rotate(ctx context.Context, r *endpoint.Request) (*endpoint.Answer, error) {
	const invalid = "Invalid key replacement message"
	s, err := x.open(ctx, r.Msg, endpoint.PurposeRotate, invalid, x.counting)
	if err != nil {
		return nil, err
	}
	fresh, err := x.readKey(ctx, &endpoint.Request{Identity: s.key.Identity, Selector: r.Selector, PublicKey: r.PublicKey})
	if err != nil {
		return nil, err
	}
	if s.NewKey != fresh.Fingerprint || s.NewSelector != fresh.Selector {
		return nil, refuse(http.StatusForbidden, "%s: it vouches for the key %q with the selector %q, and the request has %s with %s",
			invalid, shown(s.NewKey), shown(s.NewSelector), fresh.Fingerprint, fresh.Selector)
	}
	if err := x.checkProof(ctx, s, r.Proof, fresh, invalid); err != nil {
		return nil, err
	}
	if err := x.once(ctx, s); err != nil {
		return nil, err
	}
	stop, err := x.draw()
	if err != nil {
		return nil, err
	}
	mail, err := x.replacedMail(s.key, fresh, stop)
	if err != nil {
		return nil, err
	}
	if _, err := x.store.Rotate(ctx, s.key.ID, fresh, hash(stop), x.now(), func(store.Key) *store.Submission { return mail }); err != nil {
		return nil, keyRefusal(err, fresh.Identity, fresh.Selector)
	}
	return success("Key %s enrolled for %s/%s in the place of %s", fresh.Fingerprint, fresh.Identity, fresh.Selector, s.key.Fingerprint), nil
}

// checkProof checks that the new key signed the same statement.
func (x *exchange) checkProof(ctx context.Context, s stated, proof string, fresh store.Key, invalid string) error {
	l, err := readLetter(proof)
	if err != nil || len(proof) > maxStatementMail {
		return refuse(http.StatusBadRequest, "%s: the proof of the new key is missing or no mail", invalid)
	}
	who, err := whoSigned(l)
	if err != nil {
		return err
	}
	if who.identity != fresh.Identity || who.selector != fresh.Selector {
		return refuse(http.StatusForbidden, "%s: the proof is not signed for %s/%s", invalid, fresh.Identity, fresh.Selector)
	}
	if _, _, err := x.signedBy(ctx, l, who, []store.Key{fresh}, false); err != nil {
		return err
	}
	same, err := endpoint.ParseStatement(endpoint.PurposeRotate, string(l.text))
	if err != nil || strings.TrimSpace(l.subject) != string(endpoint.PurposeRotate) || !slices.Equal(fields(same), fields(s.Statement)) {
		return refuse(http.StatusForbidden, "%s: the proof says something else", invalid)
	}
	return nil
}

func fields(s endpoint.Statement) []string {
	return []string{s.URL, s.Identity, s.Selector, s.Key, s.NewSelector, s.NewKey, s.Nonce}
}
