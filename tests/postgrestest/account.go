package postgrestest

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that servers run as.
type account struct {
	// change says that it is not the user of this process.
	change   bool
	uid, gid uint32
}

// unprivileged is this user, or for root the user postgres or nobody.
func unprivileged() (account, error) {
	if os.Geteuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
		return account{change: true, uid: uint32(uid), gid: uint32(gid)}, errors.Join(uidErr, gidErr)
	}
	return account{}, errors.New("postgres does not run as root, and this system has neither a user postgres nor a user nobody")
}

// makeTempDir makes a directory that only the account can read. Its name is
// short: the socket in it may have 107 characters.
func (a account) makeTempDir() (string, error) {
	dir, err := os.MkdirTemp("", "coder-ha-pg-")
	if err != nil {
		return "", err
	}
	return dir, a.own(dir)
}

// own gives a tree to the account, and its folders to nobody else.
func (a account) own(dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	return fs.WalkDir(root.FS(), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if err := root.Chmod(path, 0o700); err != nil {
				return err
			}
		}
		if !a.change {
			return nil
		}
		return root.Lchown(path, int(a.uid), int(a.gid))
	})
}

func (a account) writeFile(path, text string) error {
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		return err
	}
	if !a.change {
		return nil
	}
	return os.Lchown(path, int(a.uid), int(a.gid))
}

// apply makes a command run as the account, in dir, with an environment that
// no PG* variable of the user's gets into. The command is interrupted when this
// process dies.
func (a account) apply(cmd *exec.Cmd, dir string) {
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C", "TZ=UTC", "TMPDIR=" + os.TempDir()}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	dieWithParent(cmd.SysProcAttr)
	if a.change {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: a.uid, Gid: a.gid}
	}
}

// canRead says whether the account can read below dir: whether everybody may
// enter every folder above it.
func (a account) canRead(dir string) (bool, error) {
	for path := dir; a.change; path = filepath.Dir(path) {
		info, err := os.Stat(path)
		if err != nil {
			return false, err
		}
		if info.Mode()&0o001 == 0 {
			return false, nil
		}
		if path == filepath.Dir(path) {
			break
		}
	}
	return true, nil
}
