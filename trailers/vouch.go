package trailers

import "strings"

// Vouches says whether a trailer is one by which somebody speaks for a patch, or
// is credited for a part in it: its name is made of words that are known to say
// so, "Reviewed-by", "Reported-and-tested-by", "Build-tested-by". What else ends
// in "-by" may as well be a refusal.
func (t Trailer) Vouches() bool {
	words, ok := strings.CutSuffix(strings.ToLower(t.Key), "-by")
	if !ok {
		return false
	}
	words = strings.ReplaceAll(strings.ReplaceAll(words, "co-developed", "codeveloped"), "signed-off", "signedoff")
	deed := false // the word before was one
	for word := range strings.SplitSeq(words, "-") {
		switch {
		case isDeed(word):
			deed = true
		case word == "and" && deed, isManner(word) && !deed:
			deed = false
		default:
			return false
		}
	}
	return deed
}

// isDeed is true of what somebody can have done for a patch.
func isDeed(word string) bool {
	switch word {
	case "reviewed", "acked", "tested", "verified", "approved", "checked", "confirmed",
		"reported", "bisected", "debugged", "diagnosed", "analyzed", "analysed", "reproduced", "found", "spotted", "noticed",
		"suggested", "requested", "proposed", "inspired", "helped", "mentored", "assisted",
		"codeveloped", "signedoff":
		return true
	}
	return false
}

// isManner is true of how something can have been tested.
func isManner(word string) bool {
	switch word {
	case "build", "built", "compile", "boot", "runtime", "smoke", "stress", "regression", "performance":
		return true
	}
	return false
}
