package endpoint

// The actions of a request: "web-endpoint", section 2. The last three are
// kprep's; other servers answer them with an error.
const (
	ActionNew     = "auth-new"
	ActionVerify  = "auth-verify"
	ActionDelete  = "auth-delete"
	ActionReceive = "receive"
	ActionReflect = "reflect"

	ActionRotate   = "auth-rotate" // another key, which one that is enrolled vouches for
	ActionDescribe = "describe"    // what the service does; nothing else in the request
	ActionStatus   = "status"      // what became of messages; of none, whether the key is enrolled
)

// A Request is what a client posts.
type Request struct {
	Action string `json:"action"`

	// Of auth-new: whose key it is. PublicKey is as keyrings have it: base64 of
	// 32 bytes for ed25519, one line for OpenSSH, armour for OpenPGP. Name only
	// greets.
	Name      string `json:"name,omitempty"`
	Identity  string `json:"identity,omitempty"`
	Selector  string `json:"selector,omitempty"`
	PublicKey string `json:"pubkey,omitempty"`

	// Of auth-verify, auth-delete, auth-rotate and status: a signed mail, see
	// [Statement]. Of auth-rotate, Proof is the same statement signed by the new
	// key, which is PublicKey with Selector.
	Msg   string `json:"msg,omitempty"`
	Proof string `json:"proof,omitempty"`

	// Of receive and reflect: whole signed messages with LF line ends, the
	// cover letter first.
	Messages []string `json:"messages,omitempty"`
}

// The results of an answer.
const (
	Success = "success"
	Failure = "error"
)

// An Answer is what a service says. b4's has Result and Message alone; the
// rest may be missing from any answer.
type Answer struct {
	Result  string `json:"result"`  // success or error
	Message string `json:"message"` // for people

	// Messages tells of each message of a receive, reflect or status, in the
	// order of the request. An error that has them names what is wrong with
	// which; nothing of a request that was answered by an error is mailed,
	// unless Messages says so.
	Messages []Fate `json:"messages,omitempty"`

	// RetryAfter is the number of seconds to wait before another try; 0 when
	// the answer would be the same.
	RetryAfter int `json:"retry-after,omitempty"`

	Service *Service `json:"service,omitempty"` // of describe
}

// A Fate is what became of one message.
type Fate struct {
	MessageID string `json:"message-id"`
	Subject   string `json:"subject,omitempty"`
	State     string `json:"state"`            // one of those below
	Reason    string `json:"reason,omitempty"` // of refused
	Known     bool   `json:"known,omitempty"`  // it was received before: nothing is mailed again

	// Recipients whom the service's mail server refused for good, with its
	// words, as far as that is known.
	Refused map[string]string `json:"refused,omitempty"`
}

// The states of a [Fate].
const (
	Queued   = "queued"  // taken over for good, mailed as soon as can be
	Mailed   = "mailed"  // the service's mail server has taken it
	Rejected = "refused" // not taken over, or refused for good by the mail server
	Unsure   = "unknown" // the mail server broke off behind the final dot
	Absent   = "absent"  // never received from this identity, and not being received now; of status only
)

// A Service is what a service says of itself.
type Service struct {
	Name       string   `json:"name"`
	URL        string   `json:"url"`        // that statements name; a client signs for no other than it was told of
	Version    string   `json:"version"`    // of the program
	Algorithms []string `json:"algorithms"` // of keys that can be enrolled

	// OwnDomains are the mail domains whose From it leaves alone. It rewrites
	// all others, so that "A. Author via Name <RelayFrom>" is what arrives;
	// RelayFrom is the mailbox, less the author's part.
	OwnDomains []string `json:"own-domains,omitempty"`
	RelayFrom  string   `json:"relay-from"`

	MaxMessages int   `json:"max-messages"` // of one request
	MaxMessage  int64 `json:"max-message"`  // bytes of one message
	MaxRequest  int64 `json:"max-request"`  // bytes of a request
}
