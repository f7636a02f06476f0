package main

import (
	"fmt"
	"strings"
)

// suggestion returns `; did you mean "x"?` for the candidate nearest to word,
// or "" when none is near: one slip, and one more for every three letters. Of
// two as near, the one that word is the beginning of is meant; where none is near,
// the first that it is the beginning of, as b4 takes options.
func suggestion(word string, candidates []string) string {
	best, bestDistance := "", len(word)/3+2
	for _, candidate := range candidates {
		d := editDistance(word, candidate)
		if d < bestDistance || d == bestDistance && strings.HasPrefix(candidate, word) {
			best, bestDistance = candidate, d
		}
	}
	const longEnough = 3
	for _, candidate := range candidates {
		if best == "" && len(word) >= longEnough && strings.HasPrefix(candidate, word) {
			best = candidate
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// editDistance counts the letters to insert, delete, replace or swap with
// their neighbour that make b of a (Damerau and Levenshtein, in its optimal
// string alignment form).
func editDistance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last := make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := range s {
		row := make([]int, len(t)+1)
		row[0] = i + 1
		for j := range t {
			change := 1
			if s[i] == t[j] {
				change = 0
			}
			row[j+1] = min(last[j]+change, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && s[i] == t[j-1] && s[i-1] == t[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(t)]
}
