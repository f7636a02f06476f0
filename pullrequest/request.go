// Package pullrequest reads what a forge says of a pull request, or a merge
// request, and makes plain text of its description. It asks nobody: what it
// reads has been fetched before.
package pullrequest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// A Request is a pull request as its file tells of it.
type Request struct {
	Title       string // without marks such as "Draft:" and "[PATCH]"
	Description string // Markdown; "" for none
	URL         string // where people read it; "" in plain text
	Repository  string // URL of the repository that it is for, as it is said; "" when that is not said
	From        string // URL of the repository that its commits are in, likewise
	Fetch       string // what 'git fetch' gets the commits by, for a shell: URL and ref; "" when that is not said, or odd
	Head        string // commit id; "" in plain text
	Base        string // commit id of the branch that it is for; "" when that is not said
	BaseBranch  string // the short name of that branch
}

// A FormError says why a text is no pull request.
type FormError struct{ Reason string }

func (e *FormError) Error() string { return e.Reason }

// Limits of what is read, in bytes. Forges allow a description of some ten
// thousand characters, and Markdown can take time by the square of its length.
const (
	maxText        = 1 << 20
	maxDescription = 1 << 16
	maxTitle       = 1000
)

// Parse reads a pull request: the JSON document of one pull request of GitHub,
// Gitea or Forgejo, the one of a merge request of GitLab, or plain text, whose
// first line is the title. It returns a *FormError.
func Parse(text []byte) (*Request, error) {
	if len(text) > maxText {
		return nil, &FormError{fmt.Sprintf("it has %d bytes, and a pull request at most %d", len(text), maxText)}
	}
	if !utf8.Valid(text) || strings.ContainsRune(string(text), 0) {
		return nil, &FormError{"it is no text in UTF-8"}
	}
	switch trimmed := strings.TrimSpace(string(text)); {
	case trimmed == "":
		return nil, &FormError{"it is empty"}
	case strings.HasPrefix(trimmed, "{"):
		return parseJSON([]byte(trimmed))
	case strings.HasPrefix(trimmed, "["):
		if json.Valid([]byte(trimmed)) {
			return nil, &FormError{"it is a list; one pull request is wanted"}
		}
		return parseText(trimmed)
	case trimmed == "null", trimmed[0] == '"' && json.Valid([]byte(trimmed)):
		return nil, &FormError{"its JSON is no pull request's"}
	case strings.HasPrefix(trimmed, "<"):
		return nil, &FormError{"it looks like a web page; the forge's JSON or plain text is wanted"}
	case patchStart().MatchString(trimmed):
		return nil, &FormError{"it is a patch or mail, not what a forge says of a pull request"}
	default:
		return parseText(trimmed)
	}
}

func patchStart() *regexp.Regexp {
	return regexp.MustCompile(`\A(From [0-9a-f]{40} |diff --git |From: |Return-Path: )`)
}

func parseText(text string) (*Request, error) {
	title, description, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	r := &Request{Title: cleanTitle(strings.TrimLeft(title, "# ")), Description: strings.TrimSpace(description)}
	if r.Title == "" {
		return nil, &FormError{"it has no title"}
	}
	return r, r.checkLength()
}

// A forgeJSON has the fields of both families of forges.
type forgeJSON struct {
	Title string `json:"title"`

	// GitHub, Gitea, Forgejo
	Body    string `json:"body"`
	HTMLURL string `json:"html_url"`
	Number  int    `json:"number"`
	Head    struct {
		SHA  string    `json:"sha"`
		Repo forgeRepo `json:"repo"`
	} `json:"head"`
	Base struct {
		SHA  string    `json:"sha"`
		Ref  string    `json:"ref"`
		Repo forgeRepo `json:"repo"`
	} `json:"base"`

	// GitLab
	Description  string `json:"description"`
	WebURL       string `json:"web_url"`
	IID          int    `json:"iid"`
	SHA          string `json:"sha"`
	TargetBranch string `json:"target_branch"`
	DiffRefs     struct {
		BaseSHA string `json:"base_sha"`
	} `json:"diff_refs"`
}

type forgeRepo struct {
	CloneURL string `json:"clone_url"`
}

func parseJSON(text []byte) (*Request, error) {
	var f forgeJSON
	if err := json.Unmarshal(text, &f); err != nil {
		if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
			return nil, &FormError{fmt.Sprintf("its JSON is broken at byte %d: %v", syntax.Offset, err)}
		}
		if kind := (*json.UnmarshalTypeError)(nil); errors.As(err, &kind) {
			return nil, &FormError{fmt.Sprintf("its JSON has a %s for %q", kind.Value, kind.Field)}
		}
		return nil, &FormError{fmt.Sprintf("its JSON is broken: %v", err)}
	}
	r := &Request{Title: cleanTitle(f.Title), Description: strings.ReplaceAll(f.Body, "\r\n", "\n"), URL: f.HTMLURL,
		Head: f.Head.SHA, Base: f.Base.SHA, BaseBranch: f.Base.Ref, Repository: f.Base.Repo.CloneURL, From: f.Head.Repo.CloneURL}
	ref := fmt.Sprintf("refs/pull/%d/head", f.Number)
	if f.WebURL != "" || f.SHA != "" {
		r.Description, r.URL = strings.ReplaceAll(f.Description, "\r\n", "\n"), f.WebURL
		r.Head, r.Base, r.BaseBranch = f.SHA, f.DiffRefs.BaseSHA, f.TargetBranch
		r.Repository, _, _ = strings.Cut(f.WebURL, "/-/merge_requests/")
		ref = fmt.Sprintf("refs/merge-requests/%d/head", f.IID)
	}
	if f.Number+f.IID > 0 && isPlainURL(r.Repository) {
		r.Fetch = r.Repository + " " + ref
	}
	return r, r.check()
}

// isPlainURL says whether a URL is one from which users fetch without a second
// thought, and can be given to a shell as it is: what a file says may come from
// anybody, and "--upload-pack=", "ext::" and "$(…)" run commands.
func isPlainURL(text string) bool {
	return regexp.MustCompile(`\A(https?|ssh|git)://[0-9A-Za-z][0-9A-Za-z._~:/@%+-]*\z`).MatchString(text)
}

func (r *Request) check() error {
	switch {
	case r.Title == "" || r.Head == "":
		return &FormError{"its JSON is not that of one pull request: it has no title or no head commit"}
	case !isCommitID(r.Head) || r.Base != "" && !isCommitID(r.Base):
		return &FormError{fmt.Sprintf("its head %q or base %q is no commit id", r.Head, r.Base)}
	}
	if u, err := url.Parse(r.URL); err != nil || r.URL != "" && u.Scheme != "https" && u.Scheme != "http" {
		return &FormError{fmt.Sprintf("%q is no URL of a web page", r.URL)}
	}
	return r.checkLength()
}

func (r *Request) checkLength() error {
	if len(r.Title) > maxTitle {
		return &FormError{fmt.Sprintf("its title has %d bytes, and may have %d", len(r.Title), maxTitle)}
	}
	if len(r.Description) > maxDescription {
		return &FormError{fmt.Sprintf("its description has %d bytes, and may have %d", len(r.Description), maxDescription)}
	}
	return nil
}

func isCommitID(text string) bool {
	return regexp.MustCompile(`\A([0-9a-f]{40}|[0-9a-f]{64})\z`).MatchString(text)
}

// cleanTitle takes away what forges and mail put in front of a title: the
// revision makes the prefix anew, and no draft is sent as one. Three dashes, which
// divide a cover letter, go too.
func cleanTitle(title string) string {
	title = strings.Join(strings.Fields(clean(title)), " ")
	if strings.HasPrefix(title, "---") {
		title = strings.TrimLeft(title, "- ")
	}
	marks := regexp.MustCompile(`(?i)\A(\[[^\]]*\bpatch\b[^\]]*\]|\[?(draft|wip)\b[\]:]+|\(draft\))\s*`)
	for {
		rest := marks.ReplaceAllString(title, "")
		if rest == title {
			return title
		}
		title = rest
	}
}
