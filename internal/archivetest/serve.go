package archivetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Programs are those that serving takes.
func Programs() []string {
	return []string{"public-inbox-init", "public-inbox-index", "public-inbox-httpd"}
}

// A Server is a public-inbox-httpd with one inbox.
type Server struct {
	URL     string // of the inbox
	Mirror  string // its folder, with git/0.git
	dir     string
	process *exec.Cmd
}

// Serve makes an inbox of mails below dir, has it indexed to the level given
// (basic, medium or full), and serves it on this machine.
func Serve(dir, level string, mails [][]byte) (*Server, error) {
	s := &Server{Mirror: filepath.Join(dir, "inbox"), dir: dir}
	if err := s.init(level); err != nil {
		return nil, err
	}
	if err := s.Add(mails); err != nil {
		return nil, err
	}
	return s, s.start()
}

// ServeMirror is Serve for an inbox that somebody else writes, in the folder
// mirror. Dir has the configuration of public-inbox.
func ServeMirror(dir, level, mirror string) (*Server, error) {
	s := &Server{Mirror: mirror, dir: dir}
	if err := s.init(level); err != nil {
		return nil, err
	}
	if err := s.Index(); err != nil {
		return nil, err
	}
	return s, s.start()
}

func (s *Server) init(level string) error {
	err := s.command("public-inbox-init", "-V2", "-L", level, "test", s.Mirror, "http://127.0.0.1/test", "list@lists.example.org").Run()
	if err != nil {
		return fmt.Errorf("public-inbox-init: %w", err)
	}
	return nil
}

// Add puts more mails into the inbox.
func (s *Server) Add(mails [][]byte) error {
	i := 0
	err := WriteEpoch(filepath.Join(s.Mirror, "git", "0.git"), func() []byte {
		if i++; i <= len(mails) {
			return mails[i-1]
		}
		return nil
	})
	if err == nil {
		err = s.Index()
	}
	return err
}

// Index tells public-inbox that its repository has changed.
func (s *Server) Index() error {
	if out, err := s.command("public-inbox-index", "-j0", "--no-fsync", s.Mirror).CombinedOutput(); err != nil {
		return fmt.Errorf("public-inbox-index: %w\n%s", err, out)
	}
	return nil
}

// Tool runs another program of public-inbox on the inbox.
func (s *Server) Tool(stdin io.Reader, name string, args ...string) error {
	cmd := s.command(name, args...)
	cmd.Stdin = stdin
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir = s.dir
	cmd.Env = append(gitEnv(), "HOME="+s.dir, "PI_CONFIG="+filepath.Join(s.dir, "config"))
	return cmd
}

// start waits until the server says where it listens.
func (s *Server) start() error {
	s.process = s.command("public-inbox-httpd", "-W0", "-l", "http://127.0.0.1:0")
	said, err := os.Create(filepath.Join(s.dir, "httpd.log"))
	if err != nil {
		return err
	}
	defer said.Close()
	s.process.Stdout, s.process.Stderr = said, said
	if err := s.process.Start(); err != nil {
		return err
	}
	for range 500 {
		if address := boundTo(said.Name()); address != "" {
			s.URL = address + "/test/"
			return nil
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Close()
	return errors.New("public-inbox-httpd does not say where it listens")
}

func boundTo(log string) string {
	f, err := os.Open(log)
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if _, address, ok := strings.Cut(lines.Text(), "bound "); ok {
			return strings.TrimSpace(address)
		}
	}
	return ""
}

// Close ends the server.
func (s *Server) Close() error {
	s.process.Process.Kill()
	s.process.Wait()
	return nil
}
