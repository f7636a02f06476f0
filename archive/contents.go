package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kprep/kprep/coverletter"
	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/series"
)

// The entries of an archive, below the change-id.
const (
	entryRefs     = "refs"
	entryTracking = "tracking.json"
	entryCover    = "cover.txt"
	entryConfig   = "config"
	entryBundle   = "bundle"
	entryState    = "state.json"
	entrySeen     = "seen"
	entryNotes    = "notes.json"
	entryPatches  = "patches.mbx"
)

// journalEntry matches the files of a send that is over.
var journalEntry = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^send/(v[1-9][0-9]{0,8}/[0-9]{4,9}-[a-z]{1,20})/(plan|log|departed|msg/[0-9]{4,9}(\.7bit)?\.eml)$`)
})

// sentEntry matches the entries of a sent revision.
var sentEntry = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^sent/v[1-9][0-9]{0,8}\.(cover|mbx)$`) })

// An Archive is a series that was put away.
type Archive struct {
	File     string
	When     time.Time // of the putting away
	Size     int64     // of the file, in bytes
	Storage  series.Storage
	Branch   gitrepo.Ref   // Name and Object only
	Tags     []gitrepo.Ref // of the revisions that were sent; Name and Object only
	Tracking *coverletter.Tracking
	Cover    string

	config   []byte
	state    []byte // nil when nothing was remembered
	seen     []byte // as of series.ReadSeen
	notes    []gitrepo.Note
	journals []string // such as "v1/0001-send"
}

// ChangeID names the series.
func (a *Archive) ChangeID() string { return a.Tracking.ChangeID }

// BranchName is the branch as people say it.
func (a *Archive) BranchName() string { return strings.TrimPrefix(a.Branch.Name, branches) }

// Title is the title of the cover letter.
func (a *Archive) Title() string {
	if letter, err := coverletter.Parse(a.Cover); err == nil {
		return letter.Subject
	}
	title, _, _ := strings.Cut(strings.TrimSpace(a.Cover), "\n")
	return title
}

const (
	branches = "refs/heads/"
	sentTags = "refs/tags/sent/"

	refsHead = "kprep-archive 1"
)

// formatRefs is the entry "refs".
func formatRefs(storage series.Storage, branch gitrepo.Ref, tags []gitrepo.Ref) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s\nstorage %s\n%s %s\n", refsHead, storage, branch.Object, branch.Name)
	for _, t := range tags {
		fmt.Fprintf(&out, "%s %s\n", t.Object, t.Name)
	}
	return out.Bytes()
}

var objectID = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`) })

// parseRefs reads the entry "refs" of a series.
func (a *Archive) parseRefs(text []byte) error {
	lines := bufio.NewScanner(bytes.NewReader(text))
	if !lines.Scan() || lines.Text() != refsHead {
		return errors.New(`it does not begin with "` + refsHead + `"`)
	}
	lines.Scan()
	name, ok := strings.CutPrefix(lines.Text(), "storage ")
	if !ok {
		return errors.New("it does not say where the cover letter was kept")
	}
	var err error
	if a.Storage, err = series.ParseStorage(name); err != nil {
		return err
	}
	seen := map[string]bool{}
	for lines.Scan() {
		id, name, _ := strings.Cut(lines.Text(), " ")
		ref := gitrepo.Ref{Name: name, Object: gitrepo.ID(id)}
		switch {
		case !objectID().MatchString(id):
			return fmt.Errorf("%q is no object name", id)
		case seen[name]:
			return fmt.Errorf("it names %q twice", name)
		case strings.HasPrefix(name, branches) && a.Branch.Name == "":
			a.Branch = ref
		case strings.HasPrefix(name, sentTags):
			a.Tags = append(a.Tags, ref)
		default:
			return fmt.Errorf("%q is neither the branch nor a sent tag", name)
		}
		seen[name] = true
	}
	if err := lines.Err(); err != nil {
		return err
	}
	if name := a.BranchName(); name == "" || name == "HEAD" || strings.HasPrefix(name, "-") {
		return fmt.Errorf("%q is no name of a branch", name) // git would take these as a ref
	}
	return nil
}

// sentTag is the name of a sent tag: its stem and the revision.
var sentTag = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^refs/tags/sent/(.+)-v([1-9][0-9]{0,8})$`) })

// Sent lists the revisions that were sent, in order.
func (a *Archive) Sent() []int {
	revisions := []int{}
	for _, t := range a.Tags {
		if n, err := strconv.Atoi(sentTag().FindStringSubmatch(t.Name)[2]); err == nil {
			revisions = append(revisions, n)
		}
	}
	slices.Sort(revisions)
	return slices.Compact(revisions)
}

// checkTags makes sure that the tags are those of this series: by its
// change-id, or by its branch without some prefix.
func (a *Archive) checkTags() error {
	for _, t := range a.Tags {
		m := sentTag().FindStringSubmatch(t.Name)
		if m == nil || m[1] != a.ChangeID() && !strings.HasSuffix(a.BranchName(), m[1]) {
			return fmt.Errorf("%q is no tag of the series %s", t.Name, a.ChangeID())
		}
	}
	return nil
}
