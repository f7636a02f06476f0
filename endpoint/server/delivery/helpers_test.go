package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kprep/kprep/endpoint/server/relay"
	"github.com/kprep/kprep/endpoint/server/store"
	"github.com/kprep/kprep/internal/gittest"
	"github.com/kprep/kprep/internal/mailtest"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/sendmail"
)

var start = time.Date(2025, 1, 2, 4, 0, 0, 0, time.UTC)

const (
	list = "list@lists.example.org"
	ann  = "ann@example.net"
	kim  = "kim@example.org"
)

// A rig is a queue, a mail server, a feed and a clock that the test moves.
type rig struct {
	t      *testing.T
	store  *store.Store
	server *mailtest.Server
	feed   *memoryFeed

	mu  sync.Mutex
	now time.Time
}

func newRig(t *testing.T, location string, o mailtest.Options) *rig {
	t.Helper()
	s, err := store.Open(context.Background(), location)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return &rig{t: t, store: s, server: mailtest.Start(t, o), feed: &memoryFeed{}, now: start}
}

func fileRig(t *testing.T, o mailtest.Options) *rig {
	t.Helper()
	return newRig(t, filepath.Join(t.TempDir(), "queue.db"), o)
}

func (r *rig) clock() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
}

func (r *rig) later(d time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = r.now.Add(d)
}

func service() relay.Service {
	return relay.Service{Name: "Rig", From: patchmail.Address{Mailbox: "devnull@relay.example.net"}, Delimiter: "+", ListID: "kprep.lists.example.org"}
}

// open makes transports to a mail server.
func opener(host, port string) func() (sendmail.Transport, error) {
	return func() (sendmail.Transport, error) {
		return sendmail.OpenTransport(sendmail.Settings{Server: host, Port: port, Encryption: sendmail.None, ReplyLimit: 5 * time.Second}, nil)
	}
}

func (r *rig) worker() *Worker {
	return New(Options{Store: r.store, Open: opener(r.server.Host(), r.server.Port()), Service: service(), Feed: r.feed, Owner: "rig",
		Now: r.clock, Poll: 10 * time.Millisecond, Log: slog.New(slog.NewTextHandler(logTo{r.t}, nil))})
}

// logTo shows the log of a test that failed.
type logTo struct{ t *testing.T }

func (l logTo) Write(line []byte) (int, error) {
	l.t.Logf("%s", line)
	return len(line), nil
}

// once works on what is due, and returns how many submissions were. Errors are
// logged: the queue has what follows from them.
func (r *rig) once(w *Worker) int {
	r.t.Helper()
	var transport sendmail.Transport
	defer func() {
		if transport != nil {
			transport.Close()
		}
	}()
	for n := 0; ; n++ {
		worked, err := w.next(context.Background(), &transport)
		if err != nil {
			r.t.Logf("next: %v", err)
		}
		if !worked {
			return n
		}
		if n > 1000 {
			r.t.Fatal("it works without an end")
		}
	}
}

// drain works, and moves the clock, until nothing is due for a long time.
func (r *rig) drain(w *Worker) {
	r.t.Helper()
	for range 40 {
		r.once(w)
		if len(r.queue()) == 0 {
			return
		}
		r.later(25 * time.Hour / 2)
	}
}

func (r *rig) queue() []store.Entry {
	r.t.Helper()
	entries, err := r.store.Queue(context.Background(), 1000)
	if err != nil {
		r.t.Fatal(err)
	}
	return entries
}

// hand accepts a series of n messages, the cover letter among them, to the
// recipients.
func (r *rig) hand(kind store.Kind, name string, n int, to ...string) *store.Submission {
	r.t.Helper()
	sub := submission(kind, name, n, r.clock(), to...)
	if _, err := r.store.Accept(context.Background(), sub); err != nil {
		r.t.Fatal(err)
	}
	return sub
}

func submission(kind store.Kind, name string, n int, now time.Time, to ...string) *store.Submission {
	sub := &store.Submission{Identity: kim, Selector: "default", Key: "SHA256:k", Kind: kind, Received: now, Thread: name + "-0@example.org"}
	for i := range n {
		sub.Messages = append(sub.Messages, message(kind, name, i, n-1, to...))
	}
	if kind == store.Notice {
		sub.Thread = ""
	}
	return sub
}

// message is number i of total patches; 0 is the cover letter.
func message(kind store.Kind, name string, i, total int, to ...string) store.Message {
	subject := fmt.Sprintf("[PATCH %d/%d] %s", i, total, name)
	id := fmt.Sprintf("%s-%d@example.org", name, i)
	reply := ""
	if i > 0 {
		reply = fmt.Sprintf("In-Reply-To: <%s-0@example.org>\nReferences: <%[1]s-0@example.org>\n", name)
	}
	raw := "From: Kim <" + kim + ">\nSubject: " + subject + "\nMessage-ID: <" + id + ">\n" + reply + "To: " + strings.Join(to, ", ") +
		"\nDate: Thu, 2 Jan 2025 03:04:05 +0000\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nText of Zoë.\n---\n a | 2 +-\n"
	m := store.Message{MessageID: id, Subject: subject, Raw: []byte(raw), Relayed: []byte(raw), EnvelopeFrom: "devnull@relay.example.net", BodyHash: "h", Feed: store.FeedNone}
	if kind == store.Receive {
		m.Feed = store.FeedDue
	}
	for _, mailbox := range to {
		m.Deliveries = append(m.Deliveries, store.Delivery{Recipient: mailbox, State: sendmail.Pending})
	}
	return m
}

// wanted is what everybody has to have of a series.
func wanted(sub *store.Submission, but ...string) []mailtest.Wanted {
	var all []mailtest.Wanted
	for _, m := range sub.Messages {
		w := mailtest.Wanted{ID: m.MessageID}
		for _, d := range m.Deliveries {
			if !contains(but, d.Recipient) {
				w.To = append(w.To, d.Recipient)
			}
		}
		all = append(all, w)
	}
	return all
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// arrived fails unless the mail server has of a series what everybody has to
// have, once and in order, and nothing else.
func (r *rig) arrived(want []mailtest.Wanted) {
	r.t.Helper()
	if err := mailtest.CheckSeries(r.server.Messages(), want); err != nil {
		r.t.Errorf("what arrived: %v", err)
	}
}

// fed fails unless the feed has these messages, in order.
func (r *rig) fed(ids ...string) {
	r.t.Helper()
	if got := strings.Join(r.feed.ids(), " "); got != strings.Join(ids, " ") {
		r.t.Errorf("the feed has %q, want %q", got, ids)
	}
}

// states are those of a message, such as "accepted refused".
func (r *rig) states(id string) string {
	r.t.Helper()
	fates, err := r.store.Fates(context.Background(), kim, []string{id})
	if err != nil || fates[0] == nil {
		r.t.Fatalf("of <%s> is known: %v, %v", id, fates, err)
	}
	var all []string
	for _, d := range fates[0].Deliveries {
		all = append(all, string(d.State))
	}
	return strings.Join(all, " ")
}

// A memoryFeed is a feed without a disk; like the real one it has each mail once.
type memoryFeed struct {
	mu     sync.Mutex
	mails  []string
	calls  int
	broken bool
}

func (f *memoryFeed) Append(_ context.Context, mails [][]byte, _ time.Time) ([]string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.broken {
		return nil, errors.New("the disk is full")
	}
	var commits []string
	for _, m := range mails {
		at := -1
		for i, have := range f.mails {
			if have == string(m) {
				at = i
			}
		}
		if at < 0 {
			f.mails, at = append(f.mails, string(m)), len(f.mails)
		}
		commits = append(commits, fmt.Sprint(at))
	}
	return commits, nil
}

func (f *memoryFeed) ids() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var ids []string
	for _, m := range f.mails {
		ids = append(ids, idOf([]byte(m)))
	}
	return ids
}

// idOf is the message-id of a mail as it arrived.
func idOf(data []byte) string {
	_, rest, _ := strings.Cut(string(data), "Message-ID: <")
	id, _, _ := strings.Cut(rest, ">")
	return id
}

func seriesOf(id string) string {
	name, _, _ := strings.Cut(id, "-")
	return name
}

// archived are the copies for the feed of all messages.
func (r *rig) archived(series []*store.Submission) [][]byte {
	r.t.Helper()
	var all [][]byte
	for _, sub := range series {
		for _, m := range sub.Messages {
			mail, err := service().Archive(m.Raw, relay.Key{Identity: sub.Identity, Selector: sub.Selector})
			if err != nil {
				r.t.Fatal(err)
			}
			all = append(all, mail)
		}
	}
	return all
}

// count counts the mails of a feed.
func count(t *testing.T, dir string) int {
	t.Helper()
	gittest.Peer(t, "git")
	out, err := exec.Command("git", "-C", filepath.Join(dir, "git", "0.git"), "rev-list", "--count", "HEAD").Output()
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
