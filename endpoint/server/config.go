package server

import (
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"time"

	"github.com/kprep/kprep/attest"
	"github.com/kprep/kprep/endpoint/server/relay"
)

// A Config is what an operator decides.
type Config struct {
	URL     *url.URL // of submissions, as clients see it
	Version string   // of the program
	Mail    relay.Service

	// Destinations are the lists, each made by Destination: every message has
	// to go to one address that one of them matches.
	Destinations []*regexp.Regexp
	Feed         bool // there is one: what is received goes into it
	DryRun       bool // series are checked, and neither mailed nor kept

	// Demanded are header fields, in lower case, that signatures have to cover
	// besides From, Subject and Message-ID. b4's cover no others.
	Demanded []string
	MaxAge   time.Duration // of a signature
	KeyWait  time.Duration // before a further key of an identity counts

	Challenge Template
	OpenPGP   bool // gpg is there, so that such keys can be enrolled
	Limits    Limits
	Programs  attest.Programs
	Scratch   string         // for bodies on their way in; "" is the system's
	Proxies   []netip.Prefix // that tell the client's address in X-Forwarded-For
	Monitors  []netip.Prefix // that may read /metrics
}

// Limits bound what strangers may ask for.
type Limits struct {
	Request    int64         // bytes of a request
	Message    int64         // bytes of a message
	Messages   int           // of a request
	Recipients int           // of a message
	Foreign    int           // of them, such as no destination matches
	Body       time.Duration // for a request to arrive
	Work       time.Duration // to check a request
	Memory     int64         // bytes of requests that are checked at once
	AtOnce     int           // requests from one network

	// How often in an hour; ten times as much in a day.
	Challenges        int64 // mailed to one identity
	ChallengesDomain  int64 // to one domain
	ChallengesNetwork int64 // asked for from one network
	Requests          int64 // from one network
	Received          int64 // messages of one identity
}

// StandardLimits are those of a service for one project.
func StandardLimits() Limits {
	return Limits{
		Request: 10 << 20, Message: 2 << 20, Messages: 150, Recipients: 200, Foreign: 100,
		Body: 2 * time.Minute, Work: 2 * time.Minute, Memory: 32 << 20, AtOnce: 16,
		Challenges: 5, ChallengesDomain: 50, ChallengesNetwork: 20, Requests: 600, Received: 300,
	}
}

// What the standard lets pass, in time.
const (
	challengeLife    = time.Hour
	challengeGuesses = 5
	statementAge     = 10 * time.Minute
	StandardKeyWait  = 3 * 24 * time.Hour
	StandardMaxAge   = 7 * 24 * time.Hour
)

// Destination makes a pattern of a regular expression: it has to match an
// address as a whole, in any case.
func Destination(pattern string) (*regexp.Regexp, error) {
	return regexp.Compile(`(?i)^(?:` + pattern + `)$`)
}

// mount is the path of submissions.
func (c Config) mount() string { return path.Clean("/" + c.URL.Path) }

// page is the path of the status page.
func (c Config) page() string {
	if c.mount() == "/" {
		return "/status"
	}
	return "/"
}
