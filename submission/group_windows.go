package submission

import (
	"os"
	"os/exec"
	"strconv"
)

// apart does nothing: Windows knows by itself who started whom.
func apart(*exec.Cmd) {}

// killAll ends a process and all that it started, as long as it lives itself.
func killAll(p *os.Process) error {
	if exec.Command("taskkill", "/T", "/F", "/PID", strconv.Itoa(p.Pid)).Run() == nil {
		return nil
	}
	return p.Kill()
}
