package gitrepo

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Mailmap returns contacts, each as "Name <address>" or "<address>", as the
// mailmaps have them (gitmailmap(5)), in the same order. file and blob add
// entries that come before those of the repository; "" for none.
func (r *Repo) Mailmap(ctx context.Context, contacts []string, file, blob string) ([]string, error) {
	if file != "" || blob != "" {
		var own []string
		for _, o := range [][2]string{{"mailmap.file", file}, {"mailmap.blob", blob}} {
			if o[1] != "" {
				own = append(own, "-c", o[0]+"="+o[1])
			}
		}
		mapped, err := r.checkMailmap(ctx, own, contacts)
		if err != nil {
			return nil, err
		}
		// What these left alone may stand in the files that they hid.
		rest, err := r.checkMailmap(ctx, nil, contacts)
		if err != nil {
			return nil, err
		}
		for i := range mapped {
			if mapped[i] == contacts[i] {
				mapped[i] = rest[i]
			}
		}
		return mapped, nil
	}
	return r.checkMailmap(ctx, nil, contacts)
}

func (r *Repo) checkMailmap(ctx context.Context, config, contacts []string) ([]string, error) {
	if len(contacts) == 0 {
		return nil, nil
	}
	if i := slices.IndexFunc(contacts, func(c string) bool { return strings.ContainsAny(c, "\n\x00") }); i >= 0 {
		return nil, fmt.Errorf("%q is no contact for a mailmap", contacts[i])
	}
	out, err := r.git.filter(ctx, strings.NewReader(strings.Join(contacts, "\n")+"\n"), append(config, "check-mailmap", "--stdin")...)
	if err != nil {
		return nil, err
	}
	mapped := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(mapped) != len(contacts) {
		return nil, fmt.Errorf("git check-mailmap printed %d lines for %d contacts", len(mapped), len(contacts))
	}
	return mapped, nil
}
