package main

import (
	"strings"

	"github.com/kprep/kprep/dashboard"
)

// drawTimeline draws the way of a series as points on a line, with what is to be said
// of each below it, in as many rows as that takes. A point alone is no way.
func drawTimeline(on canvas, way []dashboard.Stage) string {
	if len(way) < 2 {
		return ""
	}
	columns := make([]column, len(way))
	for i, stage := range way {
		columns[i] = columnOf(on, stage)
	}
	var b strings.Builder
	on = on.narrowed(cells(timelineIndent))
	for len(columns) > 0 {
		n, width := 1, columns[0].width
		for n < len(columns) && width+columns[n].width <= on.columns {
			width += columns[n].width
			n++
		}
		drawRow(&b, on, columns[:n], n < len(columns))
		columns = columns[n:]
	}
	return b.String()
}

const timelineIndent = "  "

// A column is what is drawn of a stage.
type column struct {
	point string // with its name
	below []string
	width int // with the room to the next one
}

func columnOf(on canvas, stage dashboard.Stage) column {
	point := "○ "
	switch {
	case on.ascii && stage.Done:
		point = "* "
	case on.ascii:
		point = "o "
	case stage.Done:
		point = "● "
	}
	c := column{point: point + stage.Name}
	if stage.When != nil {
		c.below = append(c.below, stage.When.UTC().Format("2006-01-02"))
	}
	c.below = append(c.below, stage.Notes...)
	const shortest = 3 // of a line to the next point, with blanks around it
	c.width = cells(c.point) + shortest
	for i, text := range c.below {
		c.below[i] = "  " + text
		c.width = max(c.width, cells(c.below[i])+2)
	}
	return c
}

// drawRow draws some columns; the line goes on to the next row where there is one.
func drawRow(b *strings.Builder, on canvas, columns []column, more bool) {
	stroke := "─"
	if on.ascii {
		stroke = "-"
	}
	depth := 0
	for _, c := range columns {
		depth = max(depth, len(c.below))
	}
	lines := make([]string, 1+depth)
	for i, c := range columns {
		head := c.point
		if more || i < len(columns)-1 {
			head += " " + strings.Repeat(stroke, c.width-cells(c.point)-2) + " "
		}
		lines[0] += padTo(head, c.width)
		for n := range depth {
			text := ""
			if n < len(c.below) {
				text = c.below[n]
			}
			lines[n+1] += padTo(text, c.width)
		}
	}
	for _, line := range lines {
		b.WriteString(strings.TrimRight(timelineIndent+line, " ") + "\n")
	}
}
