package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"strings"
	"unicode/utf8"
)

// Limits of size. They are hard from the first commit: what grows over them is
// split by role, by API or by noun.
const (
	functionLinesMax = 70  // one screen
	fileLinesMax     = 600 // one concept
	testLinesMax     = 1000
	columnsMax       = 100 // characters; a tab is one
)

func checkSizes(t *tree) {
	t.eachFile(func(_ *pkg, f *file) {
		if f.generated {
			return
		}
		lines := bytes.Split(bytes.TrimSuffix(f.source, []byte("\n")), []byte("\n"))
		limit := fileLinesMax
		if f.test {
			limit = testLinesMax
		}
		if len(lines) > limit {
			t.report(f.name, 1, "file-length",
				fmt.Sprintf("%d lines, at most %d", len(lines), limit),
				"two files, one concept each")
		}
		for i, line := range lines {
			// An address cannot be broken; anything else can.
			if n := utf8.RuneCount(line); n > columnsMax && !bytes.Contains(line, []byte("://")) {
				t.report(f.name, i+1, "line-length",
					fmt.Sprintf("%d columns, at most %d", n, columnsMax),
					"a break, a name, or a shorter sentence")
			}
		}
		t.checkFunctions(f)
	})
}

func (t *tree) checkFunctions(f *file) {
	for _, declaration := range f.syntax.Decls {
		fn, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		if n := t.line(fn.End()) - t.line(fn.Pos()) + 1; n > functionLinesMax {
			t.reportAt(f, fn.Pos(), "function-length",
				fmt.Sprintf("%s has %d lines, at most %d", fn.Name.Name, n, functionLinesMax),
				"control flow in the parent, arithmetic in functions below it")
		}
	}
}

// checkDocs looks for doc.go in every package that is more than tests, and for
// doc comments on exported names.
func checkDocs(t *tree) {
	for _, p := range t.packages {
		hasCode, hasDoc := false, false
		for _, f := range p.files {
			hasCode = hasCode || !f.test
			if strings.HasSuffix("/"+f.name, "/doc.go") {
				hasDoc = hasDoc || f.syntax.Doc != nil
			}
			if !f.test && !f.generated && f.syntax.Name.Name != "main" {
				t.checkDocComments(f)
			}
		}
		if hasCode && !hasDoc {
			t.report(p.files[0].name, 1, "doc-file",
				"package "+p.dir+" has no doc.go with a package comment",
				"what it is, what it must never do, invariants, the file to read first, its chapter")
		}
	}
}

func (t *tree) checkDocComments(f *file) {
	missing := func(id *ast.Ident) {
		t.reportAt(f, id.Pos(), "doc-comment", id.Name+" is exported and not explained",
			"what it means, its units, who may call it, what each error means, its source")
	}
	for _, declaration := range f.syntax.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && d.Doc == nil && exportedReceiver(d) {
				missing(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						missing(s.Name)
					}
				case *ast.ValueSpec:
					if s.Names[0].IsExported() && d.Doc == nil && s.Doc == nil && s.Comment == nil {
						missing(s.Names[0])
					}
				}
			}
		}
	}
}

// exportedReceiver reports whether a function can be reached from outside.
func exportedReceiver(d *ast.FuncDecl) bool {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	exported := false
	ast.Inspect(d.Recv.List[0].Type, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && !exported {
			exported = id.IsExported()
			return false
		}
		return true
	})
	return exported
}

// checkComments looks for work left undone. What may wait names its issue, in the
// form of the first word that unfinishedMark knows, with (#12) behind it.
func checkComments(t *tree) {
	t.eachFile(func(_ *pkg, f *file) {
		for _, group := range f.syntax.Comments {
			for _, comment := range group.List {
				for i, line := range strings.Split(comment.Text, "\n") {
					if mark := unfinishedMark(line); mark != "" {
						t.report(f.name, t.line(comment.Pos())+i, "unfinished",
							mark+" is left in a comment",
							"the work itself, or TODO(#issue): what is missing and why it may wait")
					}
				}
			}
		}
	})
}

func unfinishedMark(line string) string {
	isBreak := func(r rune) bool { return strings.ContainsRune(" \t/*:;,.!?", r) }
	for _, word := range strings.FieldsFunc(line, isBreak) {
		switch {
		case word == "TODO" || word == "FIXME" || word == "XXX" || strings.HasPrefix(word, "FIXME("):
			return word
		case strings.HasPrefix(word, "TODO(") && !strings.HasPrefix(word, "TODO(#"):
			return word
		}
	}
	return ""
}
