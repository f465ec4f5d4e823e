package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

func main() {
	list := flag.Bool("rules", false, "print the rules and why each is there")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "usage: go run ./cmd/tidy [-rules]   (anywhere in the repository)")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "tidy checks the whole repository and takes no arguments: drop %q\n",
			flag.Arg(0))
		os.Exit(2)
	}
	if *list {
		for _, r := range rules() {
			fmt.Printf("%-18s%s\n", r.name, r.why)
		}
		return
	}
	t, err := load()
	if err != nil {
		fmt.Fprintln(os.Stderr, "tidy:", err)
		os.Exit(2)
	}
	found := t.run()
	for _, f := range found {
		fmt.Println(f)
	}
	if len(found) > 0 {
		fmt.Fprintf(os.Stderr, "tidy: %d findings\n", len(found))
		os.Exit(1)
	}
}

// load reads the repository that the working directory is in.
func load() (*tree, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return nil, fmt.Errorf("go env GOMOD: %w", err)
	}
	modFile := strings.TrimSpace(string(out))
	root := filepath.Dir(modFile)
	source, err := os.ReadFile(modFile)
	if err != nil {
		return nil, fmt.Errorf("not inside the repository: %w", err)
	}
	module, _, _ := strings.Cut(strings.TrimPrefix(string(source), "module "), "\n")
	t, err := readTree(root, strings.TrimSpace(module))
	if err != nil {
		return nil, err
	}
	t.exports, err = listExports(root, deterministicPatterns(t)...)
	return t, err
}

// deterministicPatterns are the packages whose imports checkTypes needs.
func deterministicPatterns(t *tree) []string {
	var patterns []string
	for _, p := range t.packages {
		if inDeterministicHalf(p.dir) {
			patterns = append(patterns, "./"+p.dir)
		}
	}
	return patterns
}
