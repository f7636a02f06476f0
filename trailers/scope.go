package trailers

import (
	"slices"
	"strings"
)

// scope returns a text that says for which patches of a series something is, and ""
// for others: "patches 1-3", "3/4", "the first two patches", "all but the last".
func scope(text string) string {
	w := wordsOf(text)
	for i, word := range w {
		before, next := w.at(i-1), w.at(i+1)
		switch {
		case isPatchWord(word) && isNumbers(next),
			isPatchWord(word) && (next == "number" || next == "numbers" || next == "no") && isNumbers(w.at(i+2)),
			strings.HasPrefix(word, "patch") && isNumbers(strings.TrimLeft(word, "patches")),
			isNumbers(word) && strings.Contains(word, "/"),
			isNumbers(word) && strings.HasPrefix(word, "#"),
			isNumbers(word) && isOnly(before) && ((strings.Contains(word, "-") || strings.Contains(word, "..")) || i == len(w)-1 || slices.Contains([]string{"and", "to", "only", "through"}, next)),
			isOrdinal(word) && w[i+1:min(i+4, len(w))].nameParts(),
			(word == "all" || word == "everything") && (next == "but" || next == "except"),
			word == "rest" && next != "assured":
			return text
		}
	}
	return ""
}

// at is the word at a place, "" beyond the ends.
func (w words) at(i int) string {
	if i < 0 || i >= len(w) {
		return ""
	}
	return w[i]
}

func isPatchWord(word string) bool { return word == "patch" || word == "patches" }

// isNumbers is true of "3", "#3", "1-3", "1..3", "3/4", "1+2".
func isNumbers(word string) bool {
	word = strings.TrimLeft(word, "#")
	ranges := strings.ReplaceAll(word, "..", "-")
	return word != "" && len(word) <= 12 && word[0] >= '0' && word[0] <= '9' && strings.Trim(ranges, "0123456789-/+#") == ""
}

// isOnly is true of words in front of the numbers of patches.
func isOnly(word string) bool {
	switch word {
	case "for", "except", "only", "just", "of", "but":
		return true
	}
	return false
}

func isOrdinal(word string) bool {
	switch word {
	case "first", "last", "second", "third", "fourth", "fifth", "1st", "2nd", "3rd", "4th", "5th", "final", "other", "remaining", "former", "latter", "previous":
		return true
	}
	return false
}

// nameParts is true of words that name patches, or how many.
func (w words) nameParts() bool {
	return w.has(func(s string) bool {
		switch s {
		case "patch", "patches", "one", "ones", "two", "three", "four", "five", "six", "few", "couple", "half", "part", "parts":
			return true
		}
		return false
	})
}

// limitedScope looks for sentences of a reply that say that only some patches were
// looked at.
func limitedScope(prose string) string {
	for sentence := range sentences(prose) {
		w := wordsOf(sentence)
		if scope(sentence) != "" && w.has(isExclusion) && w.has(isLooking) {
			return sentence
		}
	}
	return ""
}

func isExclusion(word string) bool {
	return word == "only" || word == "just" || word == "except" || word == "but" || isNegation(word)
}

// isLooking is true of words for what reviewers do.
func isLooking(word string) bool {
	switch word {
	case "look", "looked", "looking", "read", "review", "reviewed", "test", "tested", "check", "checked", "went", "applies", "apply":
		return true
	}
	return false
}
