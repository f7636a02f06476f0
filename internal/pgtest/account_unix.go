//go:build !windows

package pgtest

import (
	"os/exec"
	"syscall"
)

// run has the account run a command.
func (a *account) run(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}}
}
