package submission

import (
	"errors"
	"fmt"
	"io/fs"
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
// one with options or code that kprep does not know is better asked itself,
// which is an *AsideError, as is a configuration that only it can follow.
func loadQuery(p maintainers.Project, script []byte) (*query, error) {
	if unknown := maintainers.UnknownTo(script); len(unknown) > 0 {
		return nil, &AsideError{fmt.Sprintf("%s has %s, which kprep does not know", maintainers.ScriptPath, strings.Join(unknown, ", "))}
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

// ask chooses who answers: a command that the user or the project configured;
// else MAINTAINERS, where the tree has the script and kprep knows it. For a
// project's script that is asked itself, note says why.
func ask(to, cc project.Command, o CollectOptions) (questions []question, note string, err error) {
	questions = []question{{field: To, command: to}, {field: Cc, command: cc}}
	if o.Script || o.Project == nil {
		return questions, "", nil
	}
	var loaded *query
	for i, q := range questions {
		if q.command.Key != maintainers.ScriptPath {
			continue
		}
		if loaded == nil {
			script, err := fs.ReadFile(o.Project.Tree, maintainers.ScriptPath)
			if err != nil {
				return nil, "", err
			}
			if loaded, err = loadQuery(*o.Project, script); err != nil {
				if step := (*AsideError)(nil); errors.As(err, &step) {
					return questions, step.Reason, nil
				}
				return nil, "", err
			}
		}
		questions[i].query = loaded
	}
	return questions, "", nil
}
