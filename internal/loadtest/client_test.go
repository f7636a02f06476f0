package loadtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint"
	"github.com/kprep/kprep/internal/mailtest"
)

const (
	list = "topic@lists.example.org"
	ann  = "ann@example.com"
)

// A client has a key, and comes from a network of its own.
type client struct {
	t        *testing.T
	identity string
	public   string
	signer   *attest.Signer
	http     *http.Client
	network  string // an address in it, by X-Forwarded-For
	made     int    // series
}

// newClient makes a person with a fresh key. n tells clients apart.
func newClient(t *testing.T, n int) *client {
	t.Helper()
	identity := fmt.Sprintf("dev@c%d.example.net", n)
	signer, public := newKey(t, identity, "default")
	return &client{t: t, identity: identity, public: public, signer: signer, http: &http.Client{Timeout: patience, Transport: &http.Transport{}},
		network: fmt.Sprintf("10.%d.%d.1", n>>8, n&255)}
}

func newKey(t *testing.T, identity, selector string) (signer *attest.Signer, public string) {
	t.Helper()
	settings := attest.Settings{DataDir: t.TempDir(), Identity: identity, Selector: selector}
	key, err := settings.NewKey(rand.Reader, "key", identity, false)
	if err != nil {
		t.Fatal(err)
	}
	settings.Key = "ed25519:" + key.Private
	if signer, err = settings.Signer(""); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(key.Public)
	if err != nil {
		t.Fatal(err)
	}
	return signer, string(data)
}

func (c *client) sign(raw string) string {
	signed, err := c.signer.Sign(context.Background(), []byte(raw), time.Now())
	if err != nil {
		c.t.Error(err)
	}
	return string(signed)
}

// errNoAnswer reports what is not an answer in the form that b4 reads.
var errNoAnswer = errors.New("no answer")

// post sends a body; err is that no answer came.
func (c *client) post(instance *instance, body []byte) (status int, answer endpoint.Answer, err error) {
	r, err := http.NewRequest(http.MethodPost, "http://"+instance.web+"/_b4_submit", bytes.NewReader(body))
	if err != nil {
		return 0, answer, err
	}
	r.Header.Set("X-Forwarded-For", c.network)
	r.GetBody = nil // nothing is sent twice without our knowledge
	response, err := c.http.Do(r)
	if err != nil {
		return 0, answer, err
	}
	defer response.Body.Close()
	return readAnswer(response)
}

// readAnswer checks the form that every answer has.
func readAnswer(response *http.Response) (status int, answer endpoint.Answer, err error) {
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return 0, answer, err
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return response.StatusCode, answer, fmt.Errorf("%w: %d %.200q", errNoAnswer, response.StatusCode, text)
	}
	if good := response.StatusCode == http.StatusOK; answer.Message == "" || good != (answer.Result == endpoint.Success) || !good && answer.Result != endpoint.Failure {
		return response.StatusCode, answer, fmt.Errorf("%w: %d %s says neither yes nor no", errNoAnswer, response.StatusCode, text)
	}
	return response.StatusCode, answer, nil
}

func encode(r endpoint.Request) []byte {
	data, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings
	}
	return data
}

// ask is post for what must be answered.
func (c *client) ask(instance *instance, r endpoint.Request) (int, endpoint.Answer) {
	c.t.Helper()
	status, answer, err := c.post(instance, encode(r))
	if err != nil {
		c.t.Fatalf("%s: %v", r.Action, err)
	}
	return status, answer
}

var challengeLine = regexp.MustCompile(`(?m)^([0-9a-f]{32})\r?$`)

// challenges are those that were mailed to an identity, in order.
func challenges(server *mailtest.Server, identity string) []string {
	var all []string
	for _, m := range server.Messages() {
		if len(m.To) == 1 && m.To[0] == identity {
			if found := challengeLine.FindSubmatch(m.Data); found != nil {
				all = append(all, string(found[1]))
			}
		}
	}
	return all
}

// verification answers a challenge as b4 does.
func (c *client) verification(challenge string) endpoint.Request {
	return endpoint.Request{Action: endpoint.ActionVerify, Msg: c.sign(fmt.Sprintf("From: %s\nSubject: b4-send-verify\nMIME-Version: 1.0\n"+
		"Content-Type: text/plain; charset=\"utf-8\"\nContent-Transfer-Encoding: 8bit\n\nverify:%s\n", c.identity, challenge))}
}

func (c *client) enrolment() endpoint.Request {
	return endpoint.Request{Action: endpoint.ActionNew, Name: "Dev", Identity: c.identity, Selector: c.signer.Selector, PublicKey: c.public}
}

// enrol does what a newcomer does.
func (c *client) enrol(s *service) {
	c.t.Helper()
	if status, answer := c.ask(s.at(0), c.enrolment()); status != http.StatusOK {
		c.t.Fatalf("auth-new: %d %+v", status, answer)
	}
	waitFor(c.t, "the challenge", patience, func() bool { return len(challenges(s.mail, c.identity)) > 0 })
	if status, answer := c.ask(s.at(0), c.verification(challenges(s.mail, c.identity)[0])); status != http.StatusOK {
		c.t.Fatalf("auth-verify: %d %+v", status, answer)
	}
}

// enrolAll makes clients with the numbers from first on.
func enrolAll(t *testing.T, s *service, first, n int) []*client {
	t.Helper()
	var all []*client
	for i := range n {
		c := newClient(t, first+i)
		all = append(all, c)
		if status, answer := c.ask(s.at(0), c.enrolment()); status != http.StatusOK {
			t.Fatalf("auth-new: %d %+v", status, answer)
		}
	}
	for _, c := range all {
		waitFor(t, "the challenge", patience, func() bool { return len(challenges(s.mail, c.identity)) > 0 })
		if status, answer := c.ask(s.at(0), c.verification(challenges(s.mail, c.identity)[0])); status != http.StatusOK {
			t.Fatalf("auth-verify: %d %+v", status, answer)
		}
	}
	return all
}

// A series is what a client submits.
type series struct {
	name  string
	want  []mailtest.Wanted
	texts []string
}

func (s *series) request() []byte {
	return encode(endpoint.Request{Action: endpoint.ActionReceive, Messages: s.texts})
}

var diff = "---\n f | 40 +\n 1 file changed, 40 insertions(+)\n\ndiff --git a/f b/f\n--- a/f\n+++ b/f\n@@ -0,0 +1,40 @@\n" +
	strings.Repeat("+\tif (this_is_a_line_of_code(like, any, other))\n", 40) + "-- \n2.43.0\n"

// series makes one of so many patches and a cover letter.
func (c *client) series(patches int) *series {
	c.made++
	s := &series{name: fmt.Sprintf("%s.%d", strings.TrimSuffix(strings.TrimPrefix(c.identity, "dev@"), ".example.net"), c.made)}
	for i := range patches + 1 {
		id := fmt.Sprintf("%s-%d@client.example", s.name, i)
		reply, text := "", "This series does something.\n\n f | 400 +\n 1 file changed, 400 insertions(+)\n"
		if i > 0 {
			reply = fmt.Sprintf("In-Reply-To: <%s-0@client.example>\nReferences: <%[1]s-0@client.example>\n", s.name)
			text = "Text.\n\nSigned-off-by: Dev <" + c.identity + ">\n" + diff
		}
		s.texts = append(s.texts, c.sign(c.mail(fmt.Sprintf("[PATCH %d/%d] topic: series %s", i, patches, s.name), id, reply, text)))
		s.want = append(s.want, mailtest.Wanted{ID: id, To: []string{list, ann}})
	}
	return s
}

// mail is one that the service takes, once it is signed.
func (c *client) mail(subject, id, more, text string) string {
	return fmt.Sprintf("From: Dev Example <%s>\nDate: %s\nSubject: %s\nMessage-ID: <%s>\nTo: %s\nCc: Ann <%s>\n%s"+
		"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n%s",
		c.identity, time.Now().Format(time.RFC1123Z), subject, id, list, ann, more, text)
}

var (
	idLine   = regexp.MustCompile(`(?mi)^Message-ID: <([^>]+)>`)
	seriesID = regexp.MustCompile(`^(.+)-\d+@client\.example$`)
)

// idOf is the message-id of a mail, "" for none.
func idOf(data []byte) string {
	if found := idLine.FindSubmatch(data); found != nil {
		return string(found[1])
	}
	return ""
}

// arrived are the mails of series, by the name of theirs, in order of arrival.
func arrived(server *mailtest.Server) map[string][]mailtest.Message {
	all := map[string][]mailtest.Message{}
	for _, m := range server.Messages() {
		if found := seriesID.FindStringSubmatch(idOf(m.Data)); found != nil {
			all[found[1]] = append(all[found[1]], m)
		}
	}
	return all
}

// checkArrived fails unless everybody has each series once, in order, and none
// that is not among them.
func checkArrived(t *testing.T, server *mailtest.Server, all []*series) {
	t.Helper()
	got := arrived(server)
	for _, s := range all {
		if err := mailtest.CheckSeries(got[s.name], s.want); err != nil {
			t.Errorf("series %s: %v", s.name, err)
		}
		delete(got, s.name)
	}
	for name := range got {
		t.Errorf("series %s was submitted by nobody", name)
	}
}
