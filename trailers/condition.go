package trailers

import (
	"slices"
	"strings"
)

// condition returns a sentence that makes what it offers depend on something, or
// takes it back, and "" for others: "with that fixed", "if you fix the issue",
// "modulo the nits", "I withdraw it". It is made for English, and rather finds too
// many: nothing is lost by asking.
func condition(sentence string) string {
	if w := wordsOf(sentence); len(w) > 0 && (w.depend() || w.wait() || w.withhold() || w.retract()) {
		return sentence
	}
	return ""
}

// depend is true of words that something depends on.
func (w words) depend() bool {
	if at := slices.Index(w, "otherwise"); at >= 0 && at < len(w)-1 {
		return true
	}
	return w.has(isProviso) || w.say("subject to", "on condition", "on the condition", "following tag", "following tags", "as long as", "so long as",
		"apart from", "aside from", "other than", "only if", "only after", "only when", "only once", "only with", "only for", "but only")
}

func isProviso(word string) bool {
	switch word {
	case "modulo", "pending", "conditional", "conditionally", "provisional", "provisionally", "tentative", "tentatively", "assuming", "provided", "providing", "unless", "supposing", "barring", "contingent", "except", "excepting":
		return true
	}
	return false
}

// wait is true of words about what has to be done first.
func (w words) wait() bool {
	return w.follows(isIf, 4, isRemedy, anyway) ||
		w.follows(func(s string) bool { return s == "with" }, 4, isRepair, func(_ string, between words) bool { return len(between) == 0 || !between.pointOut() }) ||
		w.follows(func(s string) bool { return s == "with" || isIf(s) }, 8, isRemedied, tellsWhatWasTested) ||
		w.follows(func(s string) bool { return s == "before" }, 2, isNextStep, anyway) ||
		w.follows(isRemedy, 6, func(s string) bool { return s == "then" }, anyway) ||
		w.follows(isAgreement, 4, func(s string) bool { return s == "if" || s == "once" }, anyway) ||
		w.has(isOffer) && w.has(func(s string) bool { return isIf(s) || s == "until" })
}

// isAgreement is true of words that agree, and may say if what.
func isAgreement(word string) bool {
	switch word {
	case "ok", "okay", "fine", "good", "happy", "agree", "acceptable", "approve", "lgtm":
		return true
	}
	return false
}

func isIf(word string) bool {
	switch word {
	case "if", "when", "after", "once", "case":
		return true
	}
	return false
}

func isRemedy(word string) bool {
	switch word {
	case "fix", "fixing", "address", "addressing", "change", "changing", "correct", "respin", "resend", "repost", "reword", "rename", "drop", "remove", "squash",
		"split", "update", "agree", "agrees":
		return true
	}
	return false
}

func isRemedied(word string) bool {
	switch word {
	case "fixed", "addressed", "changed", "corrected", "resolved", "updated", "removed", "dropped", "done", "sorted", "clarified", "reworded", "renamed",
		"adjusted", "squashed", "split", "moved", "added", "improved", "reworked", "respun", "merged":
		return true
	}
	return false
}

// isRepair is true of what is to be made better.
func isRepair(word string) bool {
	switch word {
	case "change", "changes", "fix", "fixes", "fixup", "fixups", "nit", "nits", "typo", "typos", "comment", "comments", "remark", "remarks",
		"modification", "modifications", "suggestion", "suggestions", "correction", "corrections":
		return true
	}
	return false
}

// pointOut is true of words that begin by naming what was said before: "those
// other", "the suggested".
func (w words) pointOut() bool {
	switch w[0] {
	case "that", "those", "these", "my", "some", "minor", "such", "nits", "nit":
		return true
	case "the":
		return len(w) > 1 && slices.Contains([]string{"above", "below", "suggested", "requested", "other"}, w[1])
	}
	return false
}

// tellsWhatWasTested is true of what stands between in "with this patch the crash
// is fixed".
func tellsWhatWasTested(first string, between words) bool {
	return between.has(func(s string) bool {
		return slices.Contains([]string{"patch", "patches", "series", "patchset", "kernel", "commit", "commits", "applied"}, s) ||
			first == "with" && slices.Contains([]string{"is", "are", "was", "were", "has", "have", "gets", "got", "been"}, s)
	})
}

func isNextStep(word string) bool {
	switch word {
	case "merging", "merge", "applying", "apply", "sending", "send", "posting", "post", "resending", "resend", "pushing", "push", "committing", "commit":
		return true
	}
	return false
}

// isOffer is true of words by which a trailer is offered.
func isOffer(word string) bool {
	switch word {
	case "add", "adding", "feel", "give", "giving":
		return true
	}
	return isTag(word)
}

func isTag(word string) bool {
	switch word {
	case "tag", "tags", "ack", "rb", "r-b", "reviewed-by", "acked-by", "tested-by":
		return true
	}
	return false
}

// withhold is true of words by which something is not given, or not yet.
func (w words) withhold() bool {
	harmless := func(_ string, _ words) bool { return w.has(isObjection) } // "I do not have any objections"
	return w.has(isRefusal) || w.say("not yet", "not ready", "not mine", "no idea", "a no", "i object", "i disagree", "i oppose") ||
		w.follows(isNegation, 3, isGiving, harmless) ||
		w.follows(isPossibility, 2, func(s string) bool { return s == "give" || s == "grant" || s == "offer" }, anyway)
}

func isRefusal(word string) bool {
	return strings.HasPrefix(word, "nack") || word == "nak" || word == "naked" || strings.HasPrefix(word, "nak'")
}

func isNegation(word string) bool {
	return word == "not" || word == "no" || word == "never" || word == "cannot" || strings.HasSuffix(word, "n't")
}

func isPossibility(word string) bool {
	return word == "will" || word == "would" || word == "could" || word == "might" || word == "may" || strings.HasSuffix(word, "'ll")
}

func isGiving(word string) bool {
	switch word {
	case "give", "giving", "gave", "given", "add", "take", "have", "get", "grant", "offer", "deserve", "apply":
		return true
	}
	return false
}

func isObjection(word string) bool {
	switch word {
	case "any", "anything", "objection", "objections", "comment", "comments", "issue", "issues", "problem", "problems", "concern", "concerns", "further":
		return true
	}
	return false
}

// retract is true of words that take something back.
func (w words) retract() bool {
	return w.has(isRetraction) || w.say("take back", "taking back", "scratch that", "strike that", "second thought", "second thoughts") ||
		w.follows(isDiscarding, 2, isTag, anyway)
}

func isRetraction(word string) bool {
	switch word {
	case "withdraw", "withdrawing", "withdrawn", "retract", "retracting", "retracted", "revoke", "revoking", "revoked", "rescind", "rescinded":
		return true
	}
	return false
}

func isDiscarding(word string) bool {
	switch word {
	case "drop", "remove", "discard", "ignore", "disregard", "delete":
		return true
	}
	return false
}

// takenBack finds a sentence of a reply that refuses something, or takes something
// back.
func takenBack(prose string) string {
	for sentence := range sentences(prose) {
		if w := wordsOf(sentence); w.has(isRefusal) || w.retract() {
			return sentence
		}
	}
	return ""
}
