package ui

import (
	"bytes"
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/rangediff/page"
	"github.com/kprep/kprep/ui/highlight"
)

// Options say what a site shows, and give it what it needs of the world.
type Options struct {
	Source  Source
	Now     func() time.Time
	Random  io.Reader // unguessable
	Program string    // what makes the pages, for their foot
	// Exporting is told before each series of a file how many are done; it may be nil.
	Exporting func(done, total int)
}

// A Site shows the series of a source.
type Site struct {
	Options
	token, form string
	tickets     tickets
	templates   *template.Template
	highlighter highlight.Highlighter
}

//go:embed templates
var templates embed.FS

// New makes a site, with tokens of its own.
func New(o Options) (*Site, error) {
	s := &Site{Options: o}
	for _, token := range []*string{&s.token, &s.form} {
		var err error
		if *token, err = newToken(o.Random); err != nil {
			return nil, err
		}
	}
	// Parsed here, for most runs of a program show no page.
	var err error
	s.templates, err = template.New("ui").Funcs(template.FuncMap{"text": page.Shown, "line": patchmail.PrintableLine}).ParseFS(templates, "templates/*.html")
	if err != nil {
		return nil, fmt.Errorf("the templates of the pages: %w", err)
	}
	return s, nil
}

func newToken(random io.Reader) (string, error) {
	token := make([]byte, 16)
	if _, err := io.ReadFull(random, token); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return hex.EncodeToString(token), nil
}

// URL is where the user's browser finds the site that is served at an address,
// HOST:PORT.
func (s *Site) URL(address string) string { return "http://" + address + "/?token=" + s.token }

// Ticket is a URL that is good once: others may see the arguments of the program
// that opens it.
func (s *Site) Ticket(address string) (string, error) {
	token, err := newToken(s.Random)
	if err != nil {
		return "", err
	}
	s.tickets.add(token)
	return "http://" + address + "/?token=" + token, nil
}

// Handler is the site as it is served at an address, HOST:PORT.
func (s *Site) Handler(address string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page(s.listPage))
	for _, tab := range tabs() {
		mux.HandleFunc("GET /s/{clone}/{branch}"+tab.path, s.page(s.seriesPage(tab)))
	}
	mux.HandleFunc("GET /s/{clone}/{branch}/messages/{number}/raw", s.rawMessage)
	mux.HandleFunc("POST /s/{clone}/{branch}/feedback", s.mark)
	mux.HandleFunc("/", s.page(func(*http.Request, links) (*sheet, error) { return nil, errNowhere }))
	return &gate{host: address, token: s.token, form: s.form, policy: policy(servedPolicy), once: &s.tickets, inside: mux}
}

// errNowhere means that there is no page of that name.
var errNowhere = errors.New("there is no such page")

// A sheet is one page, or a part of one that is in a file.
type sheet struct {
	Title  string
	Trail  []link // what it is below of
	Here   string // what it is called there
	Main   template.HTML
	Follow bool // what it shows is under way: it is to be looked at again soon
}

// A frame is what every page has around it.
type frame struct {
	*sheet
	Style, Script template.HTML
	Policy        string // for a page in a file
	Program       string
	Generator     string
}

// page makes a handler of a function that makes a sheet.
func (s *Site) page(draw func(*http.Request, links) (*sheet, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status := http.StatusOK
		one, err := draw(r, served{})
		if err != nil {
			status = statusOf(err)
			one, err = s.failure(err)
		}
		var text bytes.Buffer
		if err == nil {
			err = s.templates.ExecuteTemplate(&text, "frame", frame{sheet: one, Style: styleElement(), Script: scriptElement(), Program: s.Program, Generator: Generator})
		}
		if err != nil {
			refuse(w, http.StatusInternalServerError, patchmail.Printable(err.Error()))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(text.Len()))
		w.WriteHeader(status)
		_, _ = w.Write(text.Bytes())
	}
}

func statusOf(err error) int {
	switch {
	case errors.Is(err, errNowhere), errors.As(err, new(*UnknownError)):
		return http.StatusNotFound
	case errors.Is(err, context.Canceled):
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// failure is the page that says what went wrong.
func (s *Site) failure(err error) (*sheet, error) {
	main, failed := s.render("failure", err.Error())
	return &sheet{Title: "That did not work", Here: "That did not work", Trail: []link{{Text: "All series", URL: served{}.list()}}, Main: main}, failed
}

// render makes a part of a page.
func (s *Site) render(name string, data any) (template.HTML, error) {
	var text bytes.Buffer
	if err := s.templates.ExecuteTemplate(&text, name, data); err != nil {
		return "", err
	}
	return template.HTML(text.String()), nil
}
