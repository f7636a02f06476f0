package inbox

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/kprep/kprep/patchmail"
)

// A request is what a server is asked, as the pages _/text/help/ of
// public-inbox describe it.
type request struct {
	method string
	path   string // below the inbox, escaped
	keeps  bool   // the answer serves for a while
	needs  skills // of the server
}

// requests are those that a query takes.
func requests(q Query) []request {
	var all []request
	for _, id := range q.IDs {
		if isMessageID(id) {
			all = append(all, threadRequest(id))
		}
	}
	var terms []string
	needs := skills{search: true}
	for _, id := range q.ChangeIDs {
		if isTerm(id) {
			terms = append(terms, fmt.Sprintf(`"change-id: %s"`, id))
		}
	}
	for _, id := range q.PatchIDs {
		if isTerm(id) {
			terms = append(terms, "patchid:"+id)
			needs.patchID = true
		}
	}
	for some := range slices.Chunk(terms, maxTerms) {
		all = append(all, searchRequest(strings.Join(some, " OR "), true, needs))
	}
	return all
}

// subjectRequests ask for the subjects of what can be answered in some threads:
// a server does not know of what thread a reply without references is, unless
// it answers the first message. A subject of one word or two would find
// everything.
func subjectRequests(messages []*Message) []request {
	var terms []string
	var first, last time.Time
	for _, m := range messages {
		base, reply := patchmail.BaseSubject(m.Line)
		words := strings.FieldsFunc(base, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if reply || m.Date.IsZero() || len(strings.Fields(m.Subject.Title)) < minSubject {
			continue
		}
		if term := `s:"` + strings.Join(words, " ") + `"`; !slices.Contains(terms, term) {
			terms = append(terms, term)
		}
		if first.IsZero() || m.Date.Before(first) {
			first = m.Date
		}
		if m.Date.After(last) {
			last = m.Date
		}
	}
	var all []request
	for some := range slices.Chunk(terms, maxTerms) {
		query := fmt.Sprintf("(%s) AND d:%s..%s", strings.Join(some, " OR "), first.UTC().Format(day), last.UTC().AddDate(0, 0, subjectDays).Format(day))
		r := searchRequest(query, false, skills{search: true})
		r.keeps = true
		all = append(all, r)
	}
	return all
}

const (
	minSubject  = 3   // words
	subjectDays = 181 // after which patchmail.Threads no longer believes a subject
	day         = "20060102"
)

// maxTerms keeps the URL of a search at a length that servers take.
const maxTerms = 40

func threadRequest(id string) request {
	return request{method: "GET", path: url.PathEscape(id) + "/t.mbox.gz", keeps: true}
}

// searchRequest asks for what is found, or for its whole threads. public-inbox
// gives mail to a POST only.
func searchRequest(search string, threads bool, needs skills) request {
	query := url.Values{"x": {"m"}, "q": {search}}
	if threads {
		query.Set("t", "1")
	}
	return request{method: "POST", path: "?" + query.Encode(), needs: needs}
}

// isMessageID is false of what no mail can have.
func isMessageID(id string) bool {
	return id != "" && len(id) <= 998 && !strings.ContainsFunc(id, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || r == '<' || r == '>'
	})
}

// isTerm is false of what would be more than one word of a search.
func isTerm(word string) bool {
	return word != "" && len(word) <= 200 && !strings.ContainsFunc(word, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || strings.ContainsRune(`"():*`, r)
	})
}

// ServerURL checks the URL of an inbox and completes it: a bare host means its
// "/all/", as with b4. Only https is believed, and http on this machine.
func ServerURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", err
	}
	if err := trusted(u); err != nil {
		return "", fmt.Errorf("%s: %w", text, err)
	}
	if u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", fmt.Errorf("%s: this is not the URL of an inbox", text)
	}
	if strings.Trim(u.Path, "/") == "" {
		u.Path = "/all"
	}
	return strings.TrimRight(u.String(), "/") + "/", nil
}

// trusted refuses what others on the way could read and change.
func trusted(u *url.URL) error {
	switch {
	case u.Host == "":
		return errors.New("there is no host in this URL")
	case u.Scheme == "https", u.Scheme == "http" && isLoopback(u.Hostname()):
		return nil
	case u.Scheme == "http":
		return errors.New("with http others on the way can read and change what is said; use https")
	}
	return fmt.Errorf("nothing is fetched by %q", u.Scheme)
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
