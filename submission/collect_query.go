package submission

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/kprep/kprep/maintainers"
	"github.com/kprep/kprep/project"
)

// A query answers from the project's MAINTAINERS what its script would print.
type query struct {
	index   *maintainers.Index
	options map[Field]maintainers.Options
}

// An AsideError says why MAINTAINERS is not asked, but the project's script.
type AsideError struct{ Reason string }

func (e *AsideError) Error() string { return e.Reason }

// loadQuery reads MAINTAINERS. script is the content of the project's script:
// one with options that kprep does not know, or that a comparison has shown to
// answer otherwise, is better asked itself, which is an *AsideError, as is a
// configuration that only it can follow.
func loadQuery(p maintainers.Project, script []byte, verdict project.Verdict) (*query, error) {
	if unknown := maintainers.UnknownTo(script); len(unknown) > 0 {
		return nil, &AsideError{fmt.Sprintf("%s has %s, which kprep does not know", maintainers.ScriptPath, strings.Join(unknown, ", "))}
	}
	if verdict == project.Differs {
		return nil, &AsideError{"a comparison has shown that it answers otherwise than kprep"}
	}
	base, err := p.Options()
	if err != nil {
		return nil, aside(err)
	}
	q := &query{options: map[Field]maintainers.Options{}}
	for field, flags := range map[Field][]string{To: maintainers.ToFlags(), Cc: maintainers.CcFlags()} {
		o := base
		if _, err := o.Parse(flags); err != nil {
			return nil, aside(err)
		}
		if err := o.Check(); err != nil {
			return nil, aside(err)
		}
		q.options[field] = o
	}
	if q.index, err = maintainers.Load(p, base); err != nil {
		return nil, aside(err)
	}
	return q, nil
}

// aside makes an *AsideError of what the script itself may make something of.
func aside(err error) error {
	if errors.As(err, new(*maintainers.OptionError)) || errors.As(err, new(*maintainers.NotFoundError)) {
		return &AsideError{err.Error()}
	}
	return err
}

// source is what answers of the query are said to come from.
const source = "MAINTAINERS"

func (q *query) answer(field Field, patch int, p PatchMail) Answer {
	got := q.index.Query([]maintainers.Patch{q.index.ReadPatch(p.Title, p.Text)}, q.options[field])
	var a Answer
	for _, w := range got.Warnings {
		a.Warnings = append(a.Warnings, Warning{Source: source, Reason: w.String()})
	}
	for _, r := range got.Recipients {
		a.readLine(r.String(), Found{Kind: field, Patch: patch, Source: source, Reasons: r.Reasons})
	}
	return a
}

// A choice is who answers the two questions.
type choice struct {
	questions []question
	script    []byte // of the project, where MAINTAINERS is asked in its place
	aside     string // why it is asked itself; "" for no reason to tell
	unproven  bool   // no comparison has shown yet that MAINTAINERS answers like it
}

// ask chooses who answers: a command that the user or the project configured;
// else MAINTAINERS, where the tree has the script and kprep knows it.
func ask(to, cc project.Command, o CollectOptions) (choice, error) {
	c := choice{questions: []question{{field: To, command: to}, {field: Cc, command: cc}}}
	isScript := func(q question) bool { return q.command.Key == maintainers.ScriptPath }
	if o.Script || o.Project == nil || !slices.ContainsFunc(c.questions, isScript) {
		return c, nil
	}
	script, err := fs.ReadFile(o.Project.Tree, maintainers.ScriptPath)
	if err != nil {
		return c, err
	}
	verdict, err := o.Scripts.Verdict(script)
	if err != nil {
		return c, err
	}
	trusted := verdict
	if o.Compare {
		trusted = "" // to see how they differ now
	}
	loaded, err := loadQuery(*o.Project, script, trusted)
	if step := (*AsideError)(nil); errors.As(err, &step) {
		c.aside = step.Reason
		return c, nil
	}
	if err != nil {
		return c, err
	}
	c.script, c.unproven = script, verdict == "" && !maintainers.Conforms(script)
	for i, q := range c.questions {
		if isScript(q) {
			c.questions[i].query = loaded
		}
	}
	return c, nil
}
