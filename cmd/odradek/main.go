package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Exit statuses.
const (
	exitDone        = 0
	exitFailed      = 1
	exitUsage       = 2
	exitInterrupted = 130 // 128 + SIGINT, as shells count
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for a clean end; from then on a second one kills.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], newConsole()))
}

// run executes one command line and returns the exit status.
func run(ctx context.Context, args []string, c *console) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:len(args):len(args)], "--help")
	}
	root := newRoot(c)
	root.SetArgs(args)
	root.SetContext(ctx)
	command, err := root.ExecuteC()
	var wrong *usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &wrong):
		fmt.Fprintf(c.err, "odradek: %s\n", wrong.sentence)
		fmt.Fprintf(c.err, "Run `%s --help` for what it takes.\n", command.CommandPath())
		return exitUsage
	case errors.Is(err, errInterrupted):
		return exitInterrupted
	case errors.Is(err, syscall.EPIPE):
		return exitDone // the reader of our output has seen enough
	}
	fmt.Fprintf(c.err, "odradek: %s\n", explain(err))
	return exitFailed
}
