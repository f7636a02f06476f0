package trailers

import (
	"strings"
	"testing"
)

func TestVouches(t *testing.T) {
	t.Parallel()
	for want, names := range map[bool]string{
		true: "Reviewed-by acked-BY Tested-by Reported-by Suggested-by Debugged-by Co-developed-by Signed-off-by Verified-by Requested-by " +
			"Reported-and-tested-by Reviewed-and-Tested-by Reported-bisected-and-tested-by Reported-tested-by Build-tested-by Reviewed-and-build-tested-by",
		false: "Nacked-by NAKed-by Nak-by Rejected-by Objected-to-by Disliked-by Unreviewed-by Not-Acked-by Not-Tested-by Never-tested-by Failed-by Un-Acked-by " +
			"Reverted-by Broken-by Grumbled-by Tested-not-by Reviewed-and-rejected-by Half-reviewed-by Build-by Build-and-tested-by and-tested-by tested-and-by -by by " +
			"Tested Reviewed-by-nobody Fixes Cc Obsoleted-by Superseded-by Thanks-to Contact",
	} {
		for name := range strings.FieldsSeq(names) {
			if got := (Trailer{Key: name}).Vouches(); got != want {
				t.Errorf("%s vouches: %v", name, got)
			}
		}
	}
}
