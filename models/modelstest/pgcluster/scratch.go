package pgcluster

import "syscall"

// Scratch is the folder for databases that only a test needs: in memory where the machine has room there, else /tmp. On a busy disk it
// takes a tenth of a second to make a database, however little is synced, and in memory a tenth of that.
func Scratch() string {
	const (
		memory = "/dev/shm"
		room   = 2 << 30 // 2 GiB; one run of the tests uses a tenth of it
	)
	var s syscall.Statfs_t
	if err := syscall.Statfs(memory, &s); err != nil || uint64(s.Bavail)*uint64(s.Bsize) < room {
		return "/tmp"
	}
	return memory
}
