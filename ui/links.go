package ui

import (
	"fmt"
	"net/url"
	"strconv"
)

// A link is a piece of text that leads somewhere; with an empty URL it is where
// we are.
type link struct{ Text, URL string }

// A place names a series: the clone, by its number in the list, and the branch.
type place struct {
	clone  int
	branch string
}

// Links are where pages are found: on the site, or in one file.
type links interface {
	list() string
	// series is a page of a series; path is that of a tab.
	series(at place, path string) string
	patch(at place, number int) string
	// reply is where a reply is shown whole.
	reply(at place, id string) string
	// ids is what the ids of elements begin with on the page of a series.
	ids(at place) string
}

// served are the links of the site.
type served struct{}

func (served) list() string { return "/" }

func (served) series(at place, path string) string {
	return "/s/" + strconv.Itoa(at.clone) + "/" + url.PathEscape(at.branch) + path
}

func (l served) patch(at place, number int) string {
	return l.series(at, fmt.Sprintf("/patch/%d", number))
}

func (served) ids(place) string { return "" }

func (l served) reply(at place, id string) string { return l.series(at, "/feedback") + "#" + id }
