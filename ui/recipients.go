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
			var words []string
			for _, n := range r.Messages {
				if n == 0 {
					words = append(words, "cover letter, patch")
				} else {
					words = append(words, fmt.Sprint(n))
				}
			}
			row.Messages = strings.Join(words, ", ")
			if r.Messages[0] > 0 {
				row.Messages = "patch " + row.Messages
			}
		}
		v.Rows = append(v.Rows, row)
	}
	return v
}
