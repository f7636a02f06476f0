package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A module is something linked into the program that others have written.
type module struct{ Path, Version, Dir string }

// licences returns the licences of all that is linked into the program for a
// target: most of them want to be passed on with it.
func (r release) licences(ctx context.Context, t target) ([]byte, error) {
	modules, err := r.modules(ctx, t)
	if err != nil {
		return nil, err
	}
	goroot, err := output(ctx, t.environ(), "go", "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	modules = append(modules,
		module{Path: "the standard library of Go", Dir: strings.TrimSpace(string(goroot))},
		module{Path: "rules of chroma in ui/highlight", Dir: filepath.Join("ui", "highlight", "chroma")})
	var out bytes.Buffer
	out.WriteString("kprep contains the work of others, under the licences that follow.\n")
	for _, m := range modules {
		texts, err := licenceTexts(m.Dir)
		if err != nil {
			return nil, fmt.Errorf("licence of %s: %w", m.Path, err)
		}
		rule := strings.Repeat("=", 72)
		fmt.Fprintf(&out, "\n%s\n%s\n%s\n", rule, strings.TrimSpace(m.Path+" "+m.Version), rule)
		for _, text := range texts {
			fmt.Fprintf(&out, "\n%s\n", bytes.TrimSpace(text))
		}
	}
	return out.Bytes(), nil
}

// modules lists the modules of all packages in the program, sorted by path.
func (r release) modules(ctx context.Context, t target) ([]module, error) {
	text, err := output(ctx, t.environ(), "go", "list", "-deps", "-tags", r.tags, "-json=Module", "./cmd/kprep")
	if err != nil {
		return nil, err
	}
	var list []module
	for packages := json.NewDecoder(bytes.NewReader(text)); ; {
		var p struct {
			Module *struct {
				module
				Main bool
			}
		}
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, err
		}
		if p.Module != nil && !p.Module.Main {
			list = append(list, p.Module.module)
		}
	}
	slices.SortFunc(list, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return slices.Compact(list), nil
}

// licenceTexts reads what a folder says about licences; there must be something.
func licenceTexts(dir string) ([][]byte, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var texts [][]byte
	for _, e := range entries {
		if !e.Type().IsRegular() || !isLicence(e.Name()) {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	if len(texts) == 0 {
		return nil, fmt.Errorf("there is none in %s", dir)
	}
	return texts, nil
}

func isLicence(name string) bool {
	name = strings.ToUpper(name)
	return !strings.HasSuffix(name, ".GO") && slices.ContainsFunc([]string{"LICENSE", "LICENCE", "COPYING", "COPYRIGHT", "NOTICE"},
		func(word string) bool { return strings.HasPrefix(name, word) })
}
