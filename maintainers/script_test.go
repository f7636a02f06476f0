package maintainers

import (
	"slices"
	"testing"
)

func TestUnknownTo(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		why, script string
		want        []string
	}{
		{"nothing but known options, on and off", "my $V = '0.26';\n--m --nogit --no-git-fallback --letters --cc-cmd\n", nil},
		{"an option of its own", "0.26 --m --deputies --nodeputies", []string{"the option --deputies", "the option --nodeputies"}},
		{"an option that the help text is silent about", "0.26 --m\n\t\t'm!' => \\$m,\n\t\t'team|crew=s' => \\$team,\n", []string{"the option --team"}},
		{"a known option by its other name", "0.26\n'v|version' => \\$v,\n'h|help|usage' => \\$h,\n'pattern-depth=i' => \\$p\n", nil},
		{"a table of functions", "0.26\n'run_it' => \\&run_it,\n'go' => \\&go_on,\n", nil},
		{"another version", "0.31 --m", []string{"another version than 0.26"}},
		{"no such script at all", "#!/bin/sh\necho x\n", []string{"another version than 0.26"}},
	} {
		t.Run(tc.why, func(t *testing.T) {
			t.Parallel()
			if got := UnknownTo([]byte(tc.script)); !slices.Equal(got, tc.want) {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}
