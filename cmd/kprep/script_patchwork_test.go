package main

import (
	"net/http"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/kprep/kprep/internal/mailtest"
)

// startPatchwork: patchworkd FILE. It starts a Patchwork server that knows the
// patches in FILE, a line each: "MSGID STATE" and, for each check of it,
// "CONTEXT=STATE"; sets PATCHWORK_URL. When FILE is gone it answers with status 500.
func startPatchwork(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: patchworkd FILE")
	}
	var patches []mailtest.PatchworkPatch
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		words := strings.Fields(line)
		if len(words) < 2 {
			ts.Fatalf("%s: want MSGID STATE [CONTEXT=STATE…], not %q", args[0], line)
		}
		p := mailtest.PatchworkPatch{MessageID: words[0], State: words[1]}
		for _, word := range words[2:] {
			context, result, _ := strings.Cut(word, "=")
			p.Checks = append(p.Checks, mailtest.PatchworkCheck{Context: context, State: result, Text: "it says", Date: "2025-01-03T03:04:05"})
		}
		patches = append(patches, p)
	}
	server := mailtest.NewPatchwork(patches...)
	state(ts).patchworks = append(state(ts).patchworks, server)
	file := ts.MkAbs(args[0])
	server.Answer = func(w http.ResponseWriter, _ string) bool {
		if _, err := os.Stat(file); err == nil {
			return false
		}
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
	ts.Setenv("PATCHWORK_URL", server.URL)
}
