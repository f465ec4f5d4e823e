package main

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// repository is what the checks look at.
type repository struct {
	root     string
	markdown []string // files, relative to the root, with slashes
	goFiles  []string
	symbols  *symbols
	problems []string
}

// check returns what is broken, in order of files and lines.
func check(root string) ([]string, error) {
	r, err := open(root)
	if err != nil {
		return nil, err
	}
	for _, file := range r.markdown {
		if err := r.checkMarkdown(file); err != nil {
			return nil, err
		}
		if err := r.checkStories(file, storyOf); err != nil {
			return nil, err
		}
	}
	planned, err := r.plannedChapters()
	if err != nil {
		return nil, err
	}
	for _, file := range r.goFiles {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		if err := r.checkMentions(file, planned); err != nil {
			return nil, err
		}
	}
	return r.problems, nil
}

// open finds the files of a repository.
func open(root string) (*repository, error) {
	r := &repository{root: root, symbols: newSymbols()}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata") {
			return fs.SkipDir
		}
		rel, _ := filepath.Rel(root, path)
		switch rel = filepath.ToSlash(rel); filepath.Ext(name) {
		case ".md":
			r.markdown = append(r.markdown, rel)
		case ".go":
			r.goFiles = append(r.goFiles, rel)
			return r.symbols.add(root, rel)
		}
		return nil
	})
	return r, err
}

func (r *repository) problem(file string, line int, format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("%s:%d: %s", file, line, fmt.Sprintf(format, args...)))
}

func (r *repository) lines(file string) ([]string, error) {
	text, err := os.ReadFile(filepath.Join(r.root, filepath.FromSlash(file)))
	return strings.Split(string(text), "\n"), err
}

func (r *repository) exists(file string) bool {
	_, err := os.Stat(filepath.Join(r.root, filepath.FromSlash(file)))
	return err == nil
}

var (
	link       = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	quotedCode = regexp.MustCompile("`([^`]+)`")
)

// checkMarkdown looks at the links and the quoted code of a file, outside of
// code blocks.
func (r *repository) checkMarkdown(file string) error {
	lines, err := r.lines(file)
	if err != nil {
		return err
	}
	inBlock := false
	for i, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			inBlock = !inBlock
			continue
		}
		if inBlock {
			continue
		}
		for _, match := range quotedCode.FindAllStringSubmatch(line, -1) {
			if problem := r.symbols.judge(match[1]); problem != "" {
				r.problem(file, i+1, "%s", problem)
			} else if isPath(match[1]) && !r.exists(match[1]) {
				r.problem(file, i+1, "there is no %s", match[1])
			}
		}
		for _, match := range link.FindAllStringSubmatch(quotedCode.ReplaceAllString(line, ""), -1) {
			r.checkLink(file, i+1, match[1])
		}
	}
	return nil
}

// isPath reports whether quoted code names a file or directory of ours.
func isPath(text string) bool {
	if strings.ContainsAny(text, " *<>{}$()") {
		return false
	}
	for _, top := range []string{"core/", "cmd/", "docs/", "jepsen/", "sim/", "netio/", "diskio/",
		"broker/", "replica/", "controller/", ".ci/"} {
		rest, ok := strings.CutPrefix(text, top)
		if ok && rest != "" {
			base := filepath.Base(text)
			return !strings.Contains(base, ".") || filepath.Ext(base) != base &&
				slices.Contains([]string{".go", ".md", ".txt", ".golden"}, filepath.Ext(base))
		}
	}
	return false
}

// checkLink follows a link to a file, and to a heading in it.
func (r *repository) checkLink(file string, line int, target string) {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return
	}
	name, anchor, _ := strings.Cut(target, "#")
	if name == "" {
		name = file
	} else {
		name = filepath.ToSlash(filepath.Join(filepath.Dir(file), name))
	}
	if !r.exists(name) {
		r.problem(file, line, "the link %s leads nowhere", target)
		return
	}
	if anchor == "" || filepath.Ext(name) != ".md" {
		return
	}
	lines, err := r.lines(name)
	if err != nil || !slices.ContainsFunc(lines, func(l string) bool {
		return strings.HasPrefix(l, "#") && headingAnchor(l) == anchor
	}) {
		r.problem(file, line, "the link %s leads to no heading of %s", target, name)
	}
}

// headingAnchor is the anchor that a heading gets when it is shown.
func headingAnchor(heading string) string {
	text := strings.ToLower(strings.TrimSpace(strings.TrimLeft(heading, "#")))
	var out strings.Builder
	for _, c := range text {
		switch {
		case c == ' ':
			out.WriteByte('-')
		case c == '-' || c == '_' || c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c > 127:
			out.WriteRune(c)
		}
	}
	return out.String()
}

var chapterName = regexp.MustCompile(`docs/[A-Za-z0-9_/-]+\.md`)

// plannedChapters are the chapters that docs/README.md announces, by file name.
func (r *repository) plannedChapters() ([]string, error) {
	lines, err := r.lines("docs/README.md")
	if err != nil {
		return nil, err
	}
	var planned []string
	for _, line := range lines {
		for _, match := range quotedCode.FindAllStringSubmatch(line, -1) {
			if strings.HasSuffix(match[1], ".md") {
				planned = append(planned, "docs/chapters/"+match[1])
			}
		}
	}
	return planned, nil
}

// checkMentions looks at the documents that the comments of a Go file name.
func (r *repository) checkMentions(file string, planned []string) error {
	lines, err := r.lines(file)
	if err != nil {
		return err
	}
	for i, line := range lines {
		comment := strings.Index(line, "//")
		if comment < 0 {
			continue
		}
		for _, name := range chapterName.FindAllString(line[comment:], -1) {
			if !r.exists(name) && !slices.Contains(planned, name) {
				r.problem(file, i+1, "there is no %s; docs/README.md lists the chapters", name)
			}
		}
	}
	return nil
}
