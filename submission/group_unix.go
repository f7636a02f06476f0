//go:build !windows

package submission

import (
	"os"
	"os/exec"
	"syscall"
)

// apart has a command, and what it starts, be a process group of its own.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// killAll ends the process group of a command that runs apart.
func killAll(p *os.Process) error { return syscall.Kill(-p.Pid, syscall.SIGKILL) }
