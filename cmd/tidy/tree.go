package main

import (
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// tree is every Go file of the repository, parsed.
type tree struct {
	fset     *token.FileSet
	module   string
	packages []*pkg // in the order of their directories
	findings []finding
	// exports is where checkTypes finds the types of imports, unless a test gave
	// an importer.
	exports  exports
	importer types.Importer
}

// pkg is one directory with Go files.
type pkg struct {
	dir   string // relative to the root, with slashes: core/log
	files []*file
}

// file is one Go file.
type file struct {
	name      string // relative to the root, with slashes
	source    []byte
	syntax    *ast.File
	test      bool // named _test.go
	built     bool // part of the package on this platform
	generated bool
	allows    []*allow
}

// inDeterministicHalf reports whether the bans on nondeterminism hold for a
// directory: everything that runs unchanged in the simulator.
func inDeterministicHalf(dir string) bool {
	top, _, _ := strings.Cut(dir, "/")
	switch top {
	case "core", "replica", "controller", "broker":
		return true
	}
	return false
}

var generatedLine = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// readTree parses every Go file below root. Directories that the go command
// ignores (testdata, vendor, names that begin with . or _) are ignored here too.
func readTree(root, module string) (*tree, error) {
	t := newTree(module)
	return t, t.readDir(root, ".")
}

func newTree(module string) *tree {
	return &tree{fset: token.NewFileSet(), module: module}
}

func (t *tree) readDir(root, dir string) error {
	entries, err := os.ReadDir(filepath.Join(root, filepath.FromSlash(dir)))
	if err != nil {
		return err
	}
	p := &pkg{dir: dir}
	for _, entry := range entries {
		name := entry.Name()
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") {
			continue
		}
		full := path.Join(dir, name)
		switch {
		case entry.IsDir() && name != "testdata" && name != "vendor":
			if err := t.readDir(root, full); err != nil {
				return err
			}
		case !entry.IsDir() && strings.HasSuffix(name, ".go"):
			source, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(full)))
			if err != nil {
				return err
			}
			built, _ := build.Default.MatchFile(filepath.Join(root, filepath.FromSlash(dir)), name)
			t.add(p, full, source, built)
		}
	}
	if len(p.files) > 0 {
		t.packages = append(t.packages, p)
	}
	return nil
}

// add parses one file into p. A file that does not parse is a finding, and is
// left out of everything else.
func (t *tree) add(p *pkg, name string, source []byte, built bool) {
	const mode = parser.ParseComments | parser.SkipObjectResolution
	syntax, err := parser.ParseFile(t.fset, name, source, mode)
	if err != nil {
		t.report(name, 1, "compile", "the file does not parse: "+err.Error(), "mend it")
		return
	}
	f := &file{
		name:      name,
		source:    source,
		syntax:    syntax,
		test:      strings.HasSuffix(name, "_test.go"),
		built:     built,
		generated: generatedLine.Match(source),
	}
	p.files = append(p.files, f)
	t.readAllows(f)
}

func (t *tree) report(file string, line int, rule, sentence, instead string) {
	t.findings = append(t.findings,
		finding{file: file, line: line, rule: rule, sentence: sentence, instead: instead})
}

// reportAt is report for a place in a parsed file.
func (t *tree) reportAt(f *file, at token.Pos, rule, sentence, instead string) {
	t.report(f.name, t.fset.Position(at).Line, rule, sentence, instead)
}

func (t *tree) line(at token.Pos) int { return t.fset.Position(at).Line }
