package feedback

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const ringPatch = `diff --git a/ring.c b/ring.c
index 1111111..2222222 100644
--- a/ring.c
+++ b/ring.c
@@ -10,7 +10,9 @@ int ring_put(struct ring *r, int x)
 	int n;
 
 	n = r->count;
-	if (n == 16)
+	if (n >= SIZE) {
+		r->lost += 1; /* it was told before that nothing may be lost here */
 		return -1;
+	}
 	return 0;
 }
@@ -40,3 +42,4 @@ int ring_take(struct ring *r)
 	n = r->count;
 	if (!n)
 		return -1;
+	return r->slot[--r->count];
diff --git "a/d\303\274.txt" "b/d\303\274.txt"
--- "a/d\303\274.txt"
+++ "b/d\303\274.txt"
@@ -1 +1 @@
-Größe
+Größe: 16 --- oder mehr
diff --git a/old.c b/old.c
deleted file mode 100644
--- a/old.c
+++ /dev/null
@@ -1,2 +0,0 @@
-int old;
--- a comment that looks like a name
`

func TestRemarks(t *testing.T) {
	t.Parallel()
	mailed := mailedLines("ring: count\n\nIt was told before.\n---\n", ringPatch)
	for _, tc := range []struct {
		why, body string
		want      string // what is said, and where
	}{
		{"below an added line", "> +	if (n >= SIZE) {\n\nWhy?\n", "Why? ring.c:13"},
		{"below a line of context", ">  	n = r->count;\n> -	if (n == 16)\n\nWhy?\n", "Why? ring.c:13"},
		{"a line that is there twice: the first", ">  	n = r->count;\n\nWhy?\n", "Why? ring.c:12"},
		{"a line that is there twice: where the quotation goes on", ">  	n = r->count;\n>  	if (!n)\n>  		return -1;\n\nWhy?\n", "Why? ring.c:44"},
		{"in order, with gaps", "> +	if (n >= SIZE) {\n\nA\n\n>  		return -1;\n\nB\n\n>  		return -1;\n\nC\n", "A ring.c:13; B ring.c:15; C ring.c:44"},
		{"a brace says too little by itself", "> [...]\n>  }\n> +	}\n\nWhy?\n", "Why? ring.c:16"},
		{"a heading of a hunk", "> @@ -40,3 +42,4 @@ int ring_take(struct ring *r)\n\nWhy?\n", "Why? ring.c:42"},
		{"the message", "> It was told before.\n\nWhen?\n", "When?"},
		{"nothing", "Nice.\n", "Nice."},
		{"above all that is quoted", "No.\n\n> +	if (n >= SIZE) {\n", "No."},
		{"a line that a program broke, with marks", "> +	if (n >= SIZE) {\n> +		r->lost += 1; /* it was told before that\n> nothing may be lost here */\n\nWhy?\n", "Why? ring.c:14"},
		{"a line that a program broke, without", "> +	if (n >= SIZE) {\n> +		r->lost += 1; /* it was told before that\nnothing may be lost here */\n\nWhy?\n", "Why? ring.c:14"},
		{"tabs that became blanks", "> +        if (n >= SIZE) {\nWhy?\n", "Why? ring.c:13"},
		{"letters that became question marks", "> +Gr??e: 16 --- oder mehr\nWarum?\n", "Warum? dü.txt:1"},
		{"no blank behind the mark", ">+	if (n >= SIZE) {\nWhy?\n", "Why? ring.c:13"},
		{"quoted in a quotation", "> > +	if (n >= SIZE) {\n> Why?\n\nBecause.\n", "Because. ring.c:13"},
		{"a deleted file, and a line that looks like a name", "> -int old;\n> --- a comment that looks like a name\n\nGood.\n", "Good. old.c:1"},
		{"an introduction is nothing said", "Hi.\n\nOn Fri, Jan 3, 2025 at 10:00 AM Jane Dev <jane@example.org>\nwrote:\n> +	if (n >= SIZE) {\n\nWhy?\n", "Hi.; Why? ring.c:13"},
		{"Outlook's quotation", "Fine.\n\n-----Original Message-----\nFrom: Jane\nSubject: x\n\n+	if (n >= SIZE) {\n", "Fine."},
		{"a signature, and a list's footer", "> +	if (n >= SIZE) {\nWhy?\n-- \nRita\n", "Why? ring.c:13"},
		{"another footer", "Why?\n____________________________________________\nlist mailing list\n", "Why?"},
		{"a patch of the reviewer", "Rather:\n\n--- a/ring.c\n+++ b/ring.c\n@@ -1 +1 @@\n-a\n+b\n", "Rather:"},
	} {
		var got []string
		for _, r := range remarks(tc.body, mailed) {
			text := strings.Join(r.text, "/")
			if r.file != "" {
				text += fmt.Sprintf(" %s:%d", r.file, r.line)
			}
			got = append(got, text)
		}
		if strings.Join(got, "; ") != tc.want {
			t.Errorf("%s: got %q, want %q", tc.why, strings.Join(got, "; "), tc.want)
		}
	}
}

// What is quoted in order, and word for word, is found where it is, however much
// is left out.
func FuzzQuotedLines(f *testing.F) {
	f.Add("int a;\nint b;\n\n}\n", uint8(3), uint8(0))
	f.Add("> x\n-- \n\tif (x)\n++i;\n--i;\n", uint8(1), uint8(7))
	f.Add("a\r\nb\x00\xff\n@@ -1 +1 @@\n", uint8(2), uint8(255))
	f.Fuzz(func(t *testing.T, code string, every, from uint8) {
		var diff strings.Builder
		lines := strings.Split(code, "\n")
		if len(lines) > 1000 {
			return
		}
		fmt.Fprintf(&diff, "--- a/f\n+++ b/f\n@@ -0,0 +1,%d @@\n", len(lines))
		var added []string
		for n, line := range lines { // each is there once
			added = append(added, fmt.Sprintf("+%s line%dx", strings.TrimRight(line, "\r"), n))
		}
		diff.WriteString(strings.Join(added, "\n"))
		var reply strings.Builder
		var want []int
		for n := int(from) % len(lines); n < len(lines); n += int(every) + 1 {
			fmt.Fprintf(&reply, "> %s\n\nsaid\n\n", added[n])
			want = append(want, n+1)
		}
		var got []int
		for _, r := range remarks(reply.String(), mailedLines("m\n", diff.String())) {
			if r.file != "f" || len(r.text) != 1 || r.text[0] != "said" {
				t.Fatalf("remark %+v of %q", r, reply.String())
			}
			got = append(got, r.line)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q quotes lines %v, found %v", reply.String(), want, got)
		}
	})
}

// Whatever a reply and a patch hold, only lines of that patch are found, and what
// is said is in the reply.
func FuzzRemarks(f *testing.F) {
	f.Add("> +x\n\nno\n", ringPatch)
	f.Add(strings.Repeat(">", 100)+" +}\n", "@@ -1,9 +1,9 @@\n")
	f.Fuzz(func(t *testing.T, body, diff string) {
		mailed := mailedLines("", diff)
		for _, r := range remarks(body, mailed) {
			if r.file != "" && !slices.ContainsFunc(mailed, func(m mailedLine) bool { return m.file == r.file && m.line == r.line }) {
				t.Errorf("%s:%d is not in the patch", r.file, r.line)
			}
			for _, line := range r.text {
				if !strings.Contains(body, line) {
					t.Errorf("%q is not in the reply", line)
				}
			}
		}
	})
}

// A reply that quotes one line without end, of a patch that has nothing else, takes
// a bounded time.
func TestQuotationsWithoutEnd(t *testing.T) {
	t.Parallel()
	diff := "--- a/f\n+++ b/f\n@@ -0,0 +1,50000 @@\n" + strings.Repeat("+x1\n", 50000)
	lines := readReply(strings.Repeat("> +x1\n> y\n", 50000))
	l := newLocator(mailedLines("", diff))
	l.locate(lines)
	if l.compared > maxCompared+len(lines) {
		t.Errorf("%d comparisons", l.compared)
	}
}
