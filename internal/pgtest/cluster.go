package pgtest

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/kprep/kprep/internal/gittest"
)

// patience bounds every wait for the server.
const patience = 60 * time.Second

// A Cluster is a running server. Its superuser is kprep, without a password.
type Cluster struct {
	dir, bin string
	as       *account // who runs it, nil for ourselves
}

// Start makes a cluster and runs it until the test ends, or until the process
// dies in whatever way. Without PostgreSQL the test is skipped, and fails under
// CI=true. Nothing is synced to the disk, unless the settings, such as
// "fsync=on", say otherwise.
func Start(t testing.TB, settings ...string) *Cluster {
	t.Helper()
	c := &Cluster{bin: binaries(t), as: unprivileged(t)}
	var err error
	if c.dir, err = os.MkdirTemp("", "kprep-pg-"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(c.dir) })
	if c.as != nil {
		if err := os.Chown(c.dir, c.as.uid, c.as.gid); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if out, err := c.command(ctx, "initdb", "-D", c.dir+"/data", "-U", "kprep", "-A", "trust", "-N", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	c.serve(t, settings)
	for c.command(ctx, "pg_isready", "-q", "-h", c.dir, "-U", "kprep", "-d", "postgres").Run() != nil {
		if ctx.Err() != nil {
			log, _ := os.ReadFile(c.dir + "/log")
			t.Fatalf("PostgreSQL does not answer:\n%s", log)
		}
		time.Sleep(50 * time.Millisecond)
	}
	return c
}

// serve runs the server below a shell that stops it when its standard input
// ends, which it does when this process dies.
func (c *Cluster) serve(t testing.TB, settings []string) {
	t.Helper()
	const script = `"$0" "$@" </dev/null >log 2>&1 & server=$!; cat; kill -INT $server; wait $server`
	server := exec.Command("sh", "-c", script, filepath.Join(c.bin, "postgres"), "-D", c.dir+"/data", "-k", c.dir, "-h", "", "-F")
	for _, setting := range settings {
		server.Args = append(server.Args, "-c", setting)
	}
	c.setup(server)
	stdin, err := server.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	server.WaitDelay = patience
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := server.Wait(); err != nil {
			t.Errorf("stop PostgreSQL: %v", err)
		}
	})
}

func (c *Cluster) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(c.bin, program), args...)
	c.setup(cmd)
	return cmd
}

func (c *Cluster) setup(cmd *exec.Cmd) {
	cmd.Dir, cmd.Env = c.dir, []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "HOME=" + c.dir}
	if c.as != nil {
		c.as.run(cmd)
	}
}

// Database makes an empty database and returns its URL.
func (c *Cluster) Database(t testing.TB, name string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := c.command(ctx, "createdb", "-h", c.dir, "-U", "kprep", name)
	if err := cmd.Run(); err != nil {
		t.Fatalf("createdb %s: %v", name, err)
	}
	return fmt.Sprintf("postgres://kprep@/%s?host=%s", name, url.QueryEscape(c.dir))
}

// binaries is the folder with PostgreSQL's; Debian keeps it out of the path.
func binaries(t testing.TB) string {
	t.Helper()
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), folders...) {
		for _, program := range []string{"initdb", "postgres", "pg_isready", "createdb"} {
			if _, err := os.Stat(filepath.Join(dir, program)); err != nil {
				dir = ""
				break
			}
		}
		if dir != "" {
			return dir
		}
	}
	gittest.NoPeer(t, "PostgreSQL is not installed ('make peers' does it)")
	return ""
}

// An account of the system.
type account struct{ uid, gid int }

// unprivileged is the account to run it under when we are root, whom
// PostgreSQL refuses.
func unprivileged(t testing.TB) *account {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		found, err = user.Lookup("nobody")
	}
	if err != nil {
		gittest.NoPeer(t, "there is no account to run PostgreSQL under")
	}
	uid, err := strconv.Atoi(found.Uid)
	if err != nil {
		t.Fatal(err)
	}
	gid, err := strconv.Atoi(found.Gid)
	if err != nil {
		t.Fatal(err)
	}
	return &account{uid, gid}
}
