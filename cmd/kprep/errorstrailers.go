package main

import (
	"errors"

	"github.com/kprep/kprep/series"
	"github.com/kprep/kprep/trailers"
)

// trailersHint helps with what keeps trailers from being found or taken.
func trailersHint(err error) string {
	switch {
	case errors.Is(err, errNoArchive):
		return "name where the replies are: 'git config --add kprep.archive https://lore.kernel.org/all/', or 'kprep trailers -m FILE' for mail in a file; 'kprep help archives' tells more"
	case errors.As(err, new(*unansweredError)):
		return "try again later; --offline asks no server"
	case errors.As(err, new(*series.NoLineError)):
		return "begin with another commit, 'kprep trailers --since-commit COMMIT', or look further back, '--since 3.months'"
	case errors.As(err, new(*series.RejectionsError)):
		return "nothing was changed; mend that file or move it away, it is b4's as well"
	case errors.As(err, new(*trailers.ReviewError)):
		return "nothing was changed; change the \"+\" in front of what you do not want to an \"x\", and nothing else"
	case errors.As(err, new(*unsignedError)):
		return "nothing was changed; 'kprep key' shows which keys count, attestation-policy softfail takes unsigned mail too"
	}
	return ""
}
