package rangediff

import (
	"bytes"
	"strings"
)

// MapMessage puts another message into the text of a commit without notes. f
// gets the message as the text has it, without the indentation: blanks at the
// end of lines are gone, and so are blank lines around it.
func (c *Commit) MapMessage(f func(message string) string) {
	heading := []byte("\n ## Commit message ##\n")
	start := bytes.Index(c.Text, heading)
	if start < 0 {
		return
	}
	start += len(heading)
	end := len(c.Text)
	if c.DiffAt > 0 {
		end = c.DiffAt
	}
	var message strings.Builder
	for line := range bytes.Lines(c.Text[start:end]) {
		message.Write(bytes.TrimPrefix(line, []byte(indent)))
	}
	rest := c.Text[end:]
	body := strings.TrimRight(message.String(), "\n")
	blank := message.String()[len(body):]
	text := append([]byte(nil), c.Text[:start]...)
	for line := range strings.Lines(strings.TrimRight(f(body+"\n"), "\n")) {
		if line != "\n" {
			text = append(text, indent...)
		}
		text = append(text, line...)
	}
	text = append(text, blank...)
	if c.DiffAt > 0 {
		c.DiffAt += len(text) - end
	}
	c.Text = append(text, rest...)
}
