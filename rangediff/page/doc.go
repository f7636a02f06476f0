// Package page writes range-diffs as one self-contained HTML page.
//
//	err := page.Write(w, &page.Report{Title: "parser-fixes", Comparisons: comparisons})
//
// The page needs nothing from elsewhere, and its Content-Security-Policy lets
// it load nothing. It is read, folded and switched between unified and side by
// side without scripts; a script adds keys. All text of commits is escaped, and
// what would not be seen in it is made visible.
package page
