package submission

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/kprep/kprep/gitrepo"
	"github.com/kprep/kprep/patchmail"
	"github.com/kprep/kprep/project"
	"github.com/kprep/kprep/sendmail"
)

// An addressBook reads lists of addresses in which the user's aliases may
// stand (sendemail.aliasesFile, mail 1.5). Its files are read when the first
// word turns up that could be an alias.
type addressBook struct {
	files []string // as configured; relative to top
	kind  string
	home  string // where "~/" leads
	top   string

	loaded     bool
	aliases    patchmail.Aliases
	passedOver []string // lines of which nothing could be made
}

func newAddressBook(mail sendmail.Settings, home, top string) *addressBook {
	return &addressBook{files: mail.AliasesFiles, kind: mail.AliasFileType, home: home, top: top}
}

// plainAddressBook is that of no identity. It does not ask whether the other
// settings for mail are in order: nothing is sent.
func plainAddressBook(repo *gitrepo.Repo, home string) (*addressBook, error) {
	config, err := repo.Config()
	if err != nil {
		return nil, err
	}
	kind, _ := config.Get("sendemail.aliasFileType")
	return &addressBook{files: config.All("sendemail.aliasesFile"), kind: kind, home: home, top: repo.TopLevel}, nil
}

// An UnknownAliasError reports a word in a list of recipients that is neither
// an address nor one of the user's aliases.
type UnknownAliasError struct {
	Where string // the option or setting, such as "--to"
	Word  string
	Files []string // that were read
	// PassedOver are lines of these files that could not be read.
	PassedOver []string
}

func (e *UnknownAliasError) Error() string {
	text := fmt.Sprintf("%s: %q is neither an address nor an alias", e.Where, e.Word)
	if len(e.Files) > 0 {
		text += " in " + strings.Join(e.Files, ", ")
	}
	if len(e.PassedOver) > 0 {
		text += "; of that file nothing could be made of " + strings.Join(e.PassedOver, "; ")
	}
	return text
}

// expand reads one list. where names it in errors: an *UnknownAliasError, what
// is wrong with an address, or with the files.
func (b *addressBook) expand(where, list string) ([]patchmail.Address, error) {
	unknown := (*patchmail.AliasError)(nil)
	all, err := b.aliases.Expand(list)
	if errors.As(err, &unknown) && !unknown.Loop && !b.loaded && len(b.files) > 0 {
		if err := b.load(); err != nil {
			return nil, err
		}
		all, err = b.aliases.Expand(list)
	}
	if errors.As(err, &unknown) && !unknown.Loop {
		return nil, &UnknownAliasError{Where: where, Word: unknown.Word, Files: b.files, PassedOver: b.passedOver}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return all, nil
}

func (b *addressBook) load() error {
	b.loaded, b.aliases = true, patchmail.Aliases{}
	if b.kind == "" {
		return fmt.Errorf("sendemail.aliasesFile is set, and sendemail.aliasFileType is not: it is one of %s", strings.Join(patchmail.AliasFileTypes(), ", "))
	}
	for _, name := range b.files {
		text, err := os.ReadFile(b.path(name))
		if err != nil {
			return fmt.Errorf("read aliases: %w", err)
		}
		passed, err := b.aliases.ParseAliases(b.kind, string(text))
		if err != nil {
			return fmt.Errorf("sendemail.aliasFileType: %w", err)
		}
		for _, p := range passed {
			b.passedOver = append(b.passedOver, p.Error())
		}
	}
	return nil
}

func (b *addressBook) path(name string) string {
	if rest, ok := strings.CutPrefix(name, "~/"); ok && b.home != "" {
		return filepath.Join(b.home, rest)
	}
	if !filepath.IsAbs(name) {
		return filepath.Join(b.top, name)
	}
	return name
}

// A recipientList is text that names recipients, and where it stands.
type recipientList struct{ where, text string }

func listsFrom(where string, texts []string) []recipientList {
	lists := make([]recipientList, len(texts))
	for i, text := range texts {
		lists[i] = recipientList{where, text}
	}
	return lists
}

// seriesLists are the values of send-series-to or send-series-cc.
func seriesLists(settings *project.Settings, name string) []recipientList {
	var lists []recipientList
	for _, v := range settings.All(name) {
		where := "configuration " + v.Key
		if v.FromTree() {
			where += " of the project's " + v.File
		}
		lists = append(lists, recipientList{where, v.Text})
	}
	return lists
}

func readLists(book *addressBook, lists []recipientList) ([]patchmail.Address, error) {
	var all []patchmail.Address
	for _, l := range lists {
		found, err := book.expand(l.where, l.text)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all, nil
}
