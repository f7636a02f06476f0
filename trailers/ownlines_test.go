package trailers

import "testing"

func TestQuotesAll(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"-----Original Message-----": true, " -- Forwarded message --": true, "---- Urspr?ngliche Nachricht ----": true, "-----Message d'origine-----\t": true,
		"Original Message": false, "-Original Message-": false, "-----": false, "-- Original": false, "-----Original Message": false, "": false,
	} {
		if got := quotesAll(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}

func TestIsScissors(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"-- >8 --": true, "--8<--": true, "- - >% - -": true, "---- 8< ---- >8": true, "-->8-->8--": true,
		">8": false, "-- >8": false, ">8 --": false, "-- >8 -- cut": false, "-->8-->8-->8--": false, "-----": false, "": false,
	} {
		if got := isScissors(line); got != want {
			t.Errorf("%q: %v", line, got)
		}
	}
}
