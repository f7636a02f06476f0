package mailtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// A Patchwork is a server that knows some patches and speaks some versions of the
// REST interface. Its fields may change between requests.
type Patchwork struct {
	URL      string
	Versions []string // "1.2"
	Project  string   // linkname of the only project
	Patches  []PatchworkPatch
	Answer   func(w http.ResponseWriter, path string) bool // true when it has answered instead

	mu    sync.Mutex
	asked []string
	http  *httptest.Server
}

// A PatchworkPatch is one patch of series 7 on the server.
type PatchworkPatch struct {
	MessageID, State string
	Checks           []PatchworkCheck
}

// A PatchworkCheck is one check of a patch; a later one of the same context counts.
type PatchworkCheck struct{ Context, State, Text, Date string }

// NewPatchwork starts a server on this machine.
func NewPatchwork(patches ...PatchworkPatch) *Patchwork {
	p := &Patchwork{Versions: []string{"1.0", "1.1", "1.2"}, Project: "list", Patches: patches}
	p.http = httptest.NewServer(p)
	p.URL = p.http.URL
	return p
}

// Close stops the server.
func (p *Patchwork) Close() { p.http.Close() }

// Asked are the requests so far, without what stands behind "?".
func (p *Patchwork) Asked() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string{}, p.asked...)
}

func (p *Patchwork) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Method+" "+r.URL.Path)
	p.mu.Unlock()
	if p.Answer != nil && p.Answer(w, r.URL.Path) {
		return
	}
	for _, version := range p.Versions {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/api/"+version+"/patches/"); ok && r.Method == http.MethodGet {
			p.serve(w, r, rest)
			return
		}
	}
	http.NotFound(w, r)
}

func (p *Patchwork) serve(w http.ResponseWriter, r *http.Request, rest string) {
	answer := []map[string]any{}
	var number int
	_, err := fmt.Sscanf(rest, "%d/checks/", &number)
	switch q := r.URL.Query(); {
	case err == nil && number >= 1 && number <= len(p.Patches):
		for _, c := range p.Patches[number-1].Checks {
			answer = append(answer, map[string]any{"context": c.Context, "state": c.State, "description": c.Text, "date": c.Date,
				"target_url": "https://ci.example.org/" + c.Context})
		}
	case rest != "":
		http.NotFound(w, r)
		return
	default:
		for i, one := range p.Patches {
			wanted := q.Get("msgid") == one.MessageID || q.Get("series") == "7"
			if wanted && (q.Get("project") == "" || q.Get("project") == p.Project) {
				answer = append(answer, map[string]any{"id": i + 1, "msgid": "<" + one.MessageID + ">", "state": one.State, "check": "pending",
					"web_url": fmt.Sprintf("%s/patch/%d/", p.URL, i+1), "series": []map[string]any{{"id": 7}}})
			}
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(answer)
}
