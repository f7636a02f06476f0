package endpoint

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// encode writes a request as b4's clients do, with everything outside of ASCII
// escaped. JSON can carry only UTF-8.
func (r Request) encode() ([]byte, error) {
	texts := append([]string{r.Action, r.Name, r.Identity, r.Selector, r.PublicKey, r.Msg, r.Proof}, r.Messages...)
	if slices.ContainsFunc(texts, func(s string) bool { return !utf8.ValidString(s) }) {
		return nil, errors.New("the request holds text that is not UTF-8, which a web endpoint cannot take")
	}
	text, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, c := range string(text) {
		switch high, low := utf16.EncodeRune(c); {
		case c < utf8.RuneSelf:
			out = append(out, byte(c))
		case c > 0xffff:
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, c)
		}
	}
	return out, nil
}

// errNotAnswer means that a text is not what a service answers.
var errNotAnswer = errors.New("it is no answer of a web endpoint")

// decodeAnswer is strict where a mistake would lose or double mail: one JSON
// object, no member of ours twice, and a result that is one of the two. Its texts
// come out harmless.
func decodeAnswer(text []byte) (Answer, error) {
	var a Answer
	members := map[string]any{"result": &a.Result, "message": &a.Message, "messages": &a.Messages, "retry-after": &a.RetryAfter, "service": &a.Service}
	dec := json.NewDecoder(bytes.NewReader(text))
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return Answer{}, errNotAnswer
	}
	seen := map[string]bool{}
	for dec.More() {
		name, err := dec.Token()
		key, ok := name.(string)
		if err != nil || !ok || seen[key] {
			return Answer{}, errNotAnswer
		}
		seen[key] = true
		var value json.RawMessage
		if err := dec.Decode(&value); err != nil {
			return Answer{}, errNotAnswer
		}
		if into := members[key]; into != nil && json.Unmarshal(value, into) != nil {
			return Answer{}, errNotAnswer
		}
	}
	if _, err := dec.Token(); err != nil {
		return Answer{}, errNotAnswer
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return Answer{}, errNotAnswer
	}
	if a.Result != Success && a.Result != Failure || a.Service != nil && !a.Service.sane() {
		return Answer{}, errNotAnswer
	}
	a.tame()
	return a, nil
}

// sane says that no limit is below zero.
func (s *Service) sane() bool { return s.MaxMessages >= 0 && s.MaxMessage >= 0 && s.MaxRequest >= 0 }

// tame makes every text that is for people harmless, so that no service writes
// lines of its own on a screen that is confirmed. What is only compared, ids and
// recipients, stays as it is.
func (a *Answer) tame() {
	a.Message = harmless(a.Message)
	for i := range a.Messages {
		f := &a.Messages[i]
		f.Subject, f.Reason = harmless(f.Subject), harmless(f.Reason)
		for to, words := range f.Refused {
			f.Refused[to] = harmless(words)
		}
	}
	if s := a.Service; s != nil {
		s.Name, s.URL, s.Version, s.RelayFrom = harmless(s.Name), harmless(s.URL), harmless(s.Version), harmless(s.RelayFrom)
		for _, words := range [][]string{s.Algorithms, s.OwnDomains} {
			for i := range words {
				words[i] = harmless(words[i])
			}
		}
	}
}

// judge tells what an answer means that was read up to err.
func judge(response *http.Response, text []byte, err error) (Answer, error) {
	status := response.StatusCode
	unclear := &UnclearError{Status: status, Text: string(text[:min(len(text), maxAnswer)])}
	switch {
	case status/100 == 3:
		unclear.Reason = fmt.Sprintf("it points to %q, where nothing is sent to", harmless(response.Header.Get("Location")))
		return Answer{}, unclear
	case err != nil:
		unclear.Reason = broken(err)
		return Answer{}, unclear
	case len(text) > maxAnswer:
		unclear.Reason = fmt.Sprintf("its answer is longer than %d kB", maxAnswer>>10)
		return Answer{}, unclear
	}
	answer, err := decodeAnswer(text)
	switch {
	case err != nil:
		unclear.Reason = err.Error()
	case answer.Result == Failure:
		return Answer{}, &RefusedError{Status: status, Answer: answer}
	case status != http.StatusOK:
		unclear.Reason = "success, with a status that says otherwise"
	default:
		return answer, nil
	}
	return Answer{}, unclear
}

// FatesOf returns what became of the messages with these ids, in their order;
// nil when the answer tells of no single message. An answer that speaks of
// others, of one twice, or in words that are no state, tells nothing: ok is
// false. A fate without a State stands for a message that is not mentioned.
func (a Answer) FatesOf(ids []string) (fates []Fate, ok bool) {
	if len(a.Messages) == 0 {
		return nil, true
	}
	fates = make([]Fate, len(ids))
	for _, f := range a.Messages {
		i := slices.Index(ids, f.MessageID)
		if i < 0 || fates[i].State != "" || !slices.Contains([]string{Queued, Mailed, Rejected, Unsure, Absent}, f.State) {
			return nil, false
		}
		fates[i] = f
	}
	return fates, true
}
