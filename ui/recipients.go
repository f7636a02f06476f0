package ui

import (
	"context"
	"fmt"
	"html/template"
	"strings"
)

// A recipientsView is who receives the series, and why.
type recipientsView struct {
	Rows     []recipientRow
	Trouble  string
	Warnings []string
	Messages int
}

type recipientRow struct {
	Address  string
	Field    string
	Messages string
	Why      []string
}

func (s *Site) recipientsPage(ctx context.Context, p *seriesPage) (template.HTML, error) {
	preview, err := s.Source.Preview(ctx, p.ref)
	if err != nil {
		if ctx.Err() != nil {
			return "", err
		}
		return s.render("recipients", recipientsView{Trouble: err.Error()})
	}
	return s.render("recipients", recipients(preview))
}

func recipients(preview *Preview) recipientsView {
	v := recipientsView{Warnings: preview.Warnings, Messages: len(preview.Messages)}
	for _, r := range preview.Recipients {
		row := recipientRow{Address: r.Address, Field: r.Field, Messages: "all messages", Why: r.Why}
		if r.Messages != nil {
			row.Messages = messageWords(r.Messages)
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}

// messageWords name messages by their counters: "cover letter, patches 1, 2".
func messageWords(counters []int) string {
	var words []string
	word := "patch "
	for _, n := range counters {
		switch {
		case n == 0:
			words = append(words, "cover letter")
			continue
		case len(words) > 0 && strings.HasPrefix(words[len(words)-1], "patch "):
			words[len(words)-1] = strings.Replace(words[len(words)-1], "patch", "patches", 1)
			word = ""
		}
		words = append(words, word+fmt.Sprint(n))
	}
	return strings.Join(words, ", ")
}
