//go:build !windows

package attest

import "os"

// alias gives a file another name in its folder, as patatt does it. It returns
// fs.ErrExist when there is such a name.
func alias(name, file string) error { return os.Symlink(name, file) }
