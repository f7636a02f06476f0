package trailers

import (
	"strings"
	"unicode"
)

// continuation returns the first sentence below a trailer when it goes on with
// what the trailer begins, such as "but only after you fix the leak", and "" for
// one of its own. It is near directly below, without a blank line.
func continuation(sentence string, near bool) string {
	w := wordsOf(sentence)
	plain := strings.TrimLeft(sentence, "([\"'`….*_~ ")
	switch first := firstRune(plain); {
	case strings.ContainsAny(sentence[:min(1, len(sentence))], "?,;)"), plain == "" && strings.ContainsAny(sentence, "\"'`~"):
		return sentence
	case len(w) == 0:
		return ""
	case unicode.IsLower(first) && (joins(w[0]) || near && len(w) > 3) && !isPlain(sentence):
		return sentence
	case unicode.IsUpper(first) && limits(w[0]):
		return sentence
	}
	return ""
}

func firstRune(text string) rune {
	for _, r := range text {
		return r
	}
	return 0
}

// joins is true of words that begin no sentence of their own, other than "thanks"
// or somebody's name in small letters.
func joins(word string) bool {
	switch word {
	case "to", "for", "from", "of", "on", "in", "at", "with", "without", "by", "as", "into", "against", "and", "or", "nor", "so", "since",
		"which", "that", "who", "where", "while", "because", "then", "than", "is", "are", "was", "were", "be", "do", "does", "did", "will", "would",
		"should", "could", "can", "may", "might", "must", "has", "have", "had", "minus", "sans", "given":
		return true
	}
	return limits(word) || isIf(word) || isNegation(word)
}

// limits is true of words that begin a limit, also in a sentence of its own.
func limits(word string) bool {
	switch word {
	case "but", "until", "till", "only", "before", "otherwise", "however", "though", "although", "besides":
		return true
	}
	return isProviso(word)
}
