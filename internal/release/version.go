package main

import (
	"regexp"
	"strings"
	"time"
)

// described is what git describe says of a commit behind a tag.
var described = regexp.MustCompile(`^(.*)-([0-9]+)-g([0-9a-f]+)$`)

// packageVersion is a version that package managers can compare: 1.2.0-rc1 is
// before 1.2.0 ("~"), and three commits after that is 1.2.0+3.gHASH. A commit with
// no tag below it, of which git describe knows the hash alone, is before all
// versions, by the day of its making.
func packageVersion(version string, made time.Time) string {
	version, dirty := strings.CutSuffix(version, "-dirty")
	behind := ""
	if m := described.FindStringSubmatch(version); m != nil {
		version, behind = m[1], "+"+m[2]+".g"+m[3]
	}
	if len(version) > 1 && version[0] == 'v' && '0' <= version[1] && version[1] <= '9' {
		version = strings.ReplaceAll(version[1:], "-", "~")
	} else {
		version = "0~" + made.Format("20060102") + ".g" + strings.ReplaceAll(version, "-", ".")
	}
	if version += behind; dirty {
		version += "+dirty"
	}
	return version
}
