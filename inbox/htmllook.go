package inbox

import (
	"strconv"
	"strings"
)

// An answer is yes, no, or that nothing says so.
type answer int8

const (
	unsaid answer = iota
	yes
	no
)

// A look says how an element is shown, as far as that can hide its text.
type look struct {
	gone   answer // with all in it
	small  answer // too small to be read, unless what is in it has a size of its own
	veiled answer // not visible, unless what is in it is
}

func (l look) seen() bool { return l.gone != yes && l.small != yes && l.veiled != yes }

// over is a look where another one, which counts more, says nothing else.
func (l look) over(other look) look {
	pick := func(under, over answer) answer {
		if over != unsaid {
			return over
		}
		return under
	}
	return look{pick(l.gone, other.gone), pick(l.small, other.small), pick(l.veiled, other.veiled)}
}

// inherited is the look of what is inside of a look.
func (l look) inherited(inner look) look {
	all := l.over(inner)
	if l.gone == yes {
		all.gone = yes
	}
	return all
}

// A style is a look, and what of it nothing less important changes.
type style struct{ usual, important look }

// over is a style where another one, which counts more, says nothing else.
func (s style) over(other style) style {
	return style{s.usual.over(other.usual), s.important.over(other.important)}
}

func (s style) look() look { return s.usual.over(s.important) }

// readStyle reads declarations of CSS: "display:none; color:red".
func readStyle(text string) style {
	var usual, important strings.Builder
	for declaration := range strings.SplitSeq(plainCSS(text), ";") {
		if before, _, is := strings.Cut(declaration, "!important"); is {
			important.WriteString(before + ";")
		} else {
			usual.WriteString(declaration + ";")
		}
	}
	return style{readLook(usual.String()), readLook(important.String())}
}

// readLook reads plain declarations.
func readLook(declarations string) look {
	var l look
	size := map[string]bool{} // what has no extent
	overflows := true
	for declaration := range strings.SplitSeq(declarations, ";") {
		name, value, _ := strings.Cut(declaration, ":")
		name, value = strings.TrimSpace(name), strings.TrimSpace(value)
		switch name {
		case "display":
			l.gone = isThat(value == "none")
		case "visibility":
			l.veiled = isThat(value == "hidden" || value == "collapse")
		case "color":
			if value == "transparent" {
				l.veiled = yes
			}
		case "font-size":
			n, unit, ok := cssNumber(value)
			relative := ok && n > 0 && (unit == "%" || unit == "em") || value == "inherit" || value == "larger" || value == "smaller"
			if !relative {
				l.small = isThat(ok && n < 2 && (n == 0 || unit == "px" || unit == "pt"))
			}
		case "font":
			for word := range strings.FieldsSeq(value) {
				word, _, _ = strings.Cut(word, "/")
				if n, _, ok := cssNumber(word); ok && n == 0 {
					l.small = yes
				}
			}
		case "text-decoration", "text-decoration-line":
			if strings.Contains(value, "line-through") {
				l.gone = yes
			}
		case "opacity":
			if n, _, ok := cssNumber(value); ok && n < 0.1 {
				l.gone = yes
			}
		case "transform", "clip", "clip-path":
			squeezed := strings.ReplaceAll(value, " ", "")
			if strings.HasPrefix(squeezed, "scale(0)") || strings.HasPrefix(squeezed, "rect(0,0,0,0") || strings.HasPrefix(squeezed, "rect(0px,0px,0px,0px") ||
				strings.HasPrefix(squeezed, "inset(50%") || strings.HasPrefix(squeezed, "inset(100%") {
				l.gone = yes
			}
		case "overflow":
			overflows = value != "hidden" && value != "clip"
		case "width", "height", "max-width", "max-height":
			n, _, ok := cssNumber(value)
			size[name] = ok && n == 0
		case "left", "top", "text-indent", "margin-left", "margin-top":
			if n, _, ok := cssNumber(value); ok && n <= -500 {
				l.gone = yes
			}
		}
	}
	if !overflows && (size["width"] || size["height"] || size["max-width"] || size["max-height"]) {
		l.gone = yes
	}
	return l
}

func isThat(is bool) answer {
	if is {
		return yes
	}
	return no
}

// cssNumber reads "12px".
func cssNumber(value string) (n float64, unit string, ok bool) {
	end := len(value) - len(strings.TrimLeft(value, "+-.0123456789"))
	n, err := strconv.ParseFloat(value[:end], 64)
	return n, strings.TrimSpace(value[end:]), err == nil
}

// plainCSS is a text of CSS in lower case, without comments and escapes.
func plainCSS(text string) string {
	var kept strings.Builder
	for rest := text; rest != ""; {
		before, comment, _ := strings.Cut(rest, "/*")
		kept.WriteString(before)
		_, rest, _ = strings.Cut(comment, "*/")
	}
	text = kept.String()
	if !strings.Contains(text, `\`) {
		return strings.ToLower(text)
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			b.WriteByte(text[i])
			continue
		}
		digits := 0
		for digits < 6 && i+1+digits < len(text) && strings.IndexByte("0123456789abcdefABCDEF", text[i+1+digits]) >= 0 {
			digits++
		}
		code, _ := strconv.ParseInt(text[i+1:i+1+digits], 16, 32)
		if i += digits; digits > 0 {
			b.WriteRune(rune(code))
			if i+1 < len(text) && text[i+1] == ' ' {
				i++
			}
		}
	}
	return strings.ToLower(b.String())
}
