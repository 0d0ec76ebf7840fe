package pgcluster

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// child is set in the environment of the copy of this test that starts a cluster and is killed.
const child = "GATEHOUSE_TEST_CLUSTER_CHILD"

func TestClusterMakesCopiesOfATemplate(t *testing.T) {
	c, err := Start()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	ctx := t.Context()
	template, err := c.Create(ctx, "")
	if err != nil {
		t.Fatal(err)
	}
	run(t, c.URL(template), "create table rows (n int)")
	run(t, c.URL(template), "insert into rows values (7)")
	first, err := c.Create(ctx, template)
	if err != nil {
		t.Fatal(err)
	}
	second, err := c.Create(ctx, template)
	if err != nil {
		t.Fatal(err)
	}
	run(t, c.URL(first), "delete from rows")
	if got := run(t, c.URL(second), "select n from rows"); got != 7 {
		t.Errorf("the copies share rows: %d", got)
	}
	if err := c.Drop(ctx, first); err != nil {
		t.Error(err)
	}
}

// run executes a statement and returns the number of its first row, if any.
func run(t *testing.T, url, statement string) (number int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	rows, err := conn.Query(t.Context(), statement)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		if err := rows.Scan(&number); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return number
}

func TestClusterEndsWithItsProcessEvenByKill(t *testing.T) {
	if os.Getenv(child) != "" {
		c, err := Start()
		if err != nil {
			t.Fatal(err)
		}
		os.Stdout.WriteString("dir " + c.dir + "\n")
		time.Sleep(time.Minute)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), child+"=1")
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var dir string
	for lines := bufio.NewScanner(output); dir == "" && lines.Scan(); {
		if after, ok := strings.CutPrefix(lines.Text(), "dir "); ok {
			dir = after
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	if dir == "" {
		t.Fatal("no cluster was started")
	}
	for range 200 {
		if _, err := os.Stat(dir); os.IsNotExist(err) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Errorf("%s is still there", dir)
}
