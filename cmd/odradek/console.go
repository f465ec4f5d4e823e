package main

import (
	"io"
	"os"
	"time"

	"golang.org/x/term"
)

// console is where a command reads and writes. Tests give it buffers.
type console struct {
	in  io.Reader
	out io.Writer
	err io.Writer
	// inTerminal, outTerminal and errTerminal say whether a person is looking: tables and
	// progress are for people, tab-separated lines for programs.
	inTerminal  bool
	outTerminal bool
	errTerminal bool
	// getenv reads the environment; now the wall clock.
	getenv func(string) string
	now    func() time.Time
}

func newConsole() *console {
	return &console{
		in:          os.Stdin,
		out:         os.Stdout,
		err:         os.Stderr,
		inTerminal:  term.IsTerminal(int(os.Stdin.Fd())),
		outTerminal: term.IsTerminal(int(os.Stdout.Fd())),
		errTerminal: term.IsTerminal(int(os.Stderr.Fd())),
		getenv:      os.Getenv,
		now:         time.Now,
	}
}
