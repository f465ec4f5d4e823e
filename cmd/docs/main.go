package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	stories := flag.Bool("stories", false, "tell the stories of seeds in the chapters anew")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "docs takes no arguments: drop %q\n", flag.Arg(0))
		os.Exit(2)
	}
	root, err := findRoot()
	if err == nil {
		err = writePages(root)
	}
	if err == nil && *stories {
		err = writeStories(root, storyOf)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
	problems, err := check(root)
	if err != nil {
		fmt.Fprintln(os.Stderr, "docs:", err)
		os.Exit(1)
	}
	for _, problem := range problems {
		fmt.Println(problem)
	}
	if len(problems) > 0 {
		os.Exit(1)
	}
}

// findRoot is the directory of go.mod, at or above the working directory.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("no go.mod at or above the working directory: run it in the repository")
		}
	}
}

// writePages writes the generated pages.
func writePages(root string) error {
	dir := filepath.Join(root, "docs", "reference")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range pages() {
		if err := os.WriteFile(filepath.Join(dir, p.name), []byte(p.text), 0o644); err != nil {
			return err
		}
	}
	return nil
}
