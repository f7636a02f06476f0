package trailers

import (
	"slices"
	"strings"
	"unicode"
)

// introduction returns a sentence that leads to the trailer below it, where that
// is more than a plain introduction, and "" for others. "Looks good to me" stands
// by itself, "Feel free to add:" leads on and is plain, "Apart from that typo:" is
// not. Of what leads on only what is known to be plain is taken for it.
func introduction(sentence string) string {
	if leadsOn(sentence) && !isPlain(sentence) {
		return sentence
	}
	return ""
}

// leadsOn is true of a sentence that is not at its end, and of a question.
func leadsOn(sentence string) bool {
	sentence = strings.TrimRight(sentence, " \t\"'`*_")
	runes := []rune(sentence)
	if len(runes) == 0 {
		return false
	}
	if last := runes[len(runes)-1]; !unicode.IsLetter(last) && !unicode.IsDigit(last) {
		return strings.ContainsRune(":,;-–—(=?", last)
	}
	w := wordsOf(sentence)
	return len(w) > 0 && (wantsMore(w[len(w)-1]) || (w[0] == "with" || w[0] == "without" || isIf(w[0])) && !tellsWhatWasTested("", w))
}

// wantsMore is true of words that end no sentence.
func wantsMore(word string) bool {
	switch word {
	case "a", "an", "the", "my", "your", "his", "their", "our", "its",
		"of", "to", "for", "from", "with", "without", "in", "at", "on", "than", "into", "upon", "against", "after", "until", "till", "unless",
		"if", "when", "whether", "while", "because", "although", "that's", "which", "who", "whose", "where", "and", "or", "but", "nor",
		"is", "are", "was", "were", "be", "do", "does", "did", "has", "had", "can", "could", "will", "would", "shall", "should", "may", "might", "must", "not", "no",
		"i", "we", "they", "he", "she", "i'll", "i'd", "you'd", "you'll", "here's",
		"add", "give", "have", "get", "take", "drop", "withdraw", "keep", "remove", "put", "carry", "offer", "include", "append", "attach", "retain", "retract", "revoke",
		"mean", "please", "following":
		return true
	}
	return isNegation(word)
}

// isPlain is true of a sentence that does nothing but greet, thank, praise, say what
// was tested, or offer what follows for all that was sent.
func isPlain(sentence string) bool {
	w := wordsOf(sentence)
	if len(w) == 0 {
		return true
	}
	switch doubtful := w.doubtful(); {
	case slices.Contains([]string{"hi", "hello", "hey", "dear"}, w[0]):
		return len(w) <= 5 && !doubtful
	case slices.Contains([]string{"thanks", "thank", "thx", "cheers"}, w[0]):
		return !doubtful
	case w.has(isTrial) && !w.say("be", "being", "get", "getting", "need", "needs"):
		return !doubtful
	case slices.Contains([]string{"nice", "good", "great", "cool", "lovely"}, w[0]) && len(w) <= 4 && !doubtful:
		return true
	}
	for i, word := range w {
		switch next := w.at(i + 1); {
		case isPlainWord(word):
		case word == "no" && isObjection(next), i > 0 && w[i-1] == "no" && isObjection(word): // "No objections from me"
		case word == "with" && i > 0 && slices.Contains([]string{"me", "us", "it", "this", "the"}, next): // "Fine with me"
		default:
			return false
		}
	}
	return true
}

// isTrial is true of words that tell what was tried.
func isTrial(word string) bool {
	switch word {
	case "tested", "retested", "verified", "booted", "built", "tried", "ran":
		return true
	}
	return false
}

// doubtful is true where some word may limit or deny what the others say.
func (w words) doubtful() bool {
	for i, word := range w {
		switch {
		case isNegation(word) && i+1 < len(w) && w[i+1] == "trigger": // of a robot that found nothing
		case isIf(word), isProviso(word), isNegation(word), isRefusal(word), isRetraction(word), isDiscarding(word), isRemedied(word) && word != "added", isLimit(word):
			return true
		}
	}
	return scope(strings.Join(w, " ")) != ""
}

func isLimit(word string) bool {
	switch word {
	case "until", "till", "whenever", "but", "only", "just", "before", "without", "would", "could", "might", "should", "maybe", "perhaps",
		"some", "part", "parts", "half", "rest", "otherwise", "apart", "aside", "other", "besides", "minus", "however", "though":
		return true
	}
	return false
}

// isPlainWord is true of words of which no condition can be made.
func isPlainWord(word string) bool {
	switch word {
	case "hi", "hello", "hey", "dear", "all", "everyone", "everybody", "folks",
		"thanks", "thank", "thx", "cheers", "a", "lot", "many", "much",
		"look", "looks", "looking", "good", "great", "fine", "nice", "nicely", "neat", "ok", "okay", "cool", "awesome", "excellent", "perfect", "perfectly",
		"fantastic", "lovely", "well", "sane", "reasonable", "solid", "straightforward", "seem", "seems", "expected", "finally", "consider", "put", "see", "code", "what", "worth", "lgtm", "sgtm", "wfm", "makes", "sense", "work", "works", "worked", "working", "love", "like",
		"i", "i'm", "i've", "i'll", "we", "me", "my", "mine", "us", "our", "you", "your", "it", "it's", "its", "this", "that", "these", "those", "them", "they",
		"is", "are", "am", "to", "for", "the", "an", "of", "on", "in", "at", "from", "as", "and", "by", "have", "has",
		"here", "here's", "there", "so", "still", "again", "also", "too", "really", "very", "quite", "pretty", "now", "already", "hence", "therefore", "thus", "either", "way", "regardless", "nonetheless", "nevertheless",
		"patch", "patches", "series", "set", "patchset", "patch-set", "version", "revision", "one", "ones", "whole", "entire", "complete", "full", "both", "everything", "each", "every",
		"feel", "free", "please", "kindly", "add", "include", "take", "pick", "up", "collect", "carry", "over", "apply", "give", "get", "can", "may", "happy", "glad",
		"tag", "tags", "trailer", "trailers", "review", "reviewed", "ack", "acked", "tested", "r-b", "rb", "reviewed-by", "acked-by", "tested-by", "below",
		"fwiw", "ftr", "record", "anyway", "anyways", "yes", "yep", "yeah", "sure", "agreed", "btw", "forgot", "missed":
		return true
	}
	return false
}
