package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strings"
)

const allowPrefix = "//tidy:allow"

// allow is one exemption: the lines it covers, its rule and its reason.
type allow struct {
	rule, reason string
	line         int // where it stands
	first, last  int // the lines it covers, both inclusive
	used         bool
}

// wholeFileRules are about a file, not a line: their exemption may stand
// anywhere in it.
var wholeFileRules = []string{"file-length", "doc-file", "banned-name"}

// readAllows finds the exemptions of a file. One that stands in the doc comment
// of a declaration covers the declaration; any other covers its own line and
// the next one.
func (t *tree) readAllows(f *file) {
	declarations := docsOf(f.syntax)
	for _, group := range f.syntax.Comments {
		for _, comment := range group.List {
			if !strings.HasPrefix(comment.Text, allowPrefix) {
				continue
			}
			a := t.parseAllow(f, comment)
			if node, ok := declarations[group]; ok {
				a.last = max(a.last, t.line(node.End()))
			}
			f.allows = append(f.allows, a)
		}
	}
}

func (t *tree) parseAllow(f *file, comment *ast.Comment) *allow {
	rest := strings.TrimPrefix(comment.Text, allowPrefix)
	name, reason, _ := strings.Cut(strings.TrimSpace(rest), " ")
	reason = strings.TrimSpace(reason)
	line := t.line(comment.Pos())
	a := &allow{rule: name, reason: reason, line: line, first: line, last: line + 1}
	switch {
	case !knownRule(name) || name == "exemption":
		t.report(f.name, line, "exemption", fmt.Sprintf("there is no rule %q to exempt from", name),
			"one of those that `go run ./cmd/tidy -rules` lists")
		a.used = true
	case len(reason) < 10:
		t.report(f.name, line, "exemption", "the exemption gives no reason",
			"//tidy:allow "+name+" <why the rule should give way here>")
	}
	return a
}

// docsOf maps the doc comments of a file to what they document.
func docsOf(syntax *ast.File) map[*ast.CommentGroup]ast.Node {
	docs := map[*ast.CommentGroup]ast.Node{}
	ast.Inspect(syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncDecl:
			docs[n.Doc] = n
		case *ast.GenDecl:
			docs[n.Doc] = n
		case *ast.ValueSpec:
			docs[n.Doc] = n
		case *ast.TypeSpec:
			docs[n.Doc] = n
		case *ast.Field:
			docs[n.Doc] = n
		}
		return true
	})
	delete(docs, nil)
	return docs
}

// applyAllows drops the findings that are exempted and reports exemptions that
// exempt nothing.
func (t *tree) applyAllows() {
	files := map[string]*file{}
	for _, p := range t.packages {
		for _, f := range p.files {
			files[f.name] = f
		}
	}
	t.findings = slices.DeleteFunc(t.findings, func(x finding) bool {
		f := files[x.file]
		return f != nil && x.rule != "exemption" && x.rule != "compile" && f.exempts(x)
	})
	t.eachFile(func(_ *pkg, f *file) {
		for _, a := range f.allows {
			if !a.used {
				t.report(f.name, a.line, "exemption",
					fmt.Sprintf("nothing here breaks the rule %q", a.rule), "drop the comment")
			}
		}
	})
}

func (f *file) exempts(x finding) bool {
	exempt := false
	for _, a := range f.allows {
		covers := a.first <= x.line && x.line <= a.last || slices.Contains(wholeFileRules, x.rule)
		if a.rule == x.rule && covers {
			a.used, exempt = true, true
		}
	}
	return exempt
}

// allowed lists the exemptions for the golden file: how many of each rule, then
// each with its reason. Line numbers are left out, so that it changes only when
// an exemption comes or goes.
func (t *tree) allowed() string {
	var out strings.Builder
	var lines []string
	count := map[string]int{}
	t.eachFile(func(_ *pkg, f *file) {
		for _, a := range f.allows {
			count[a.rule]++
			lines = append(lines, fmt.Sprintf("%s: %s: %s", f.name, a.rule, a.reason))
		}
	})
	for _, r := range rules() {
		if count[r.name] > 0 {
			fmt.Fprintf(&out, "%3d %s\n", count[r.name], r.name)
		}
	}
	out.WriteString("\n")
	slices.Sort(lines)
	for _, line := range lines {
		out.WriteString(line + "\n")
	}
	return out.String()
}

func (t *tree) eachFile(visit func(p *pkg, f *file)) {
	for _, p := range t.packages {
		for _, f := range p.files {
			visit(p, f)
		}
	}
}
