package trailers

import (
	"regexp"
	"strings"
)

// condition returns the words in which a sentence makes what it offers depend
// on something, "" for none: "with that fixed", "if you fix the issue", "modulo
// the nits". It is made for English, and rather finds too many: nothing is lost
// by asking.
func condition(sentence string) string {
	for _, form := range []*regexp.Regexp{ifForm, dependsForm, withTheseForm} {
		if m := form.FindString(sentence); m != "" {
			return sentence
		}
	}
	for _, m := range onceForm.FindAllStringSubmatch(sentence, -1) {
		// "With this patch the crash is fixed" tells what was tested.
		if !appliedForm.MatchString(m[2]) && !(strings.EqualFold(m[1], "with") && beingForm.MatchString(m[2])) {
			return sentence
		}
	}
	return ""
}

const remedied = `(?:fixed|addressed|changed|corrected|resolved|updated|removed|dropped|done|sorted|clarified|reworded|renamed|adjusted|squashed|split|moved|added|improved|reworked|respun|merged|taken care of)`

var (
	ifForm        = regexp.MustCompile(`(?i)\b(?:if|when|after|once|in case)\s+(?:[\w'/-]+\s+){0,4}?(?:fix|fixing|address|addressing|change|changing|correct|respin|resend|repost|reword|rename|drop|remove|squash|split|update|agree)\b`)
	dependsForm   = regexp.MustCompile(`(?i)\b(?:modulo|pending|conditional(?:ly)?|subject to|assuming|provided|unless|on (?:the )?condition|following tags?)\b`)
	withTheseForm = regexp.MustCompile(`(?i)\bwith (?:that|those|these|the above|the below|the suggested|the requested|the other|my|some|minor|such)\s+(?:[\w'-]+\s+){0,3}?(?:changes?|fix|fixes|fixups?|nits?|typos?|comments?|remarks?|modifications?|suggestions?|corrections?)\b`)
	onceForm      = regexp.MustCompile(`(?i)\b(with|once|after|when)\s+((?:[\w'"()/-]+,?\s+){0,8}?)` + remedied + `\b`)
	appliedForm   = regexp.MustCompile(`(?i)\b(?:patch|patches|series|patchset|kernel|commits?|applied)\b`)
	beingForm     = regexp.MustCompile(`(?i)\b(?:is|are|was|were|has|have|gets|got|been)\b`)
)

// lastSentence is the one that what stands below belongs to.
func lastSentence(text string) string {
	text = strings.TrimSpace(text)
	ends := sentenceEnd.FindAllStringIndex(text, -1)
	if len(ends) == 0 {
		return text
	}
	return text[ends[len(ends)-1][1]-1:]
}

// sentenceEnd is where a sentence ends and another one begins, unlike in "i.e. so".
var sentenceEnd = regexp.MustCompile(`[.!?][)"']*\s+[A-Z]`)
