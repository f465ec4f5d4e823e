package main

import (
	"go/ast"
	"path"
	"slices"
	"strings"
	"unicode"
)

// bannedNames say nothing about what is inside; such a package or file takes in
// whatever had no place, and everything comes to depend on it.
var bannedNames = []string{"util", "utils", "common", "helper", "helpers", "types", "misc"}

// shortNames are Kafka's terms cut short. Two of them look alike, and a reader
// who knows Kafka's own name finds nothing when searching for it.
var shortNames = map[string]string{
	"hw":  "highWatermark",
	"hwm": "highWatermark",
	"leo": "logEndOffset",
	"lso": "lastStableOffset or logStartOffset",
}

func checkNames(t *tree) {
	for _, p := range t.packages {
		if slices.Contains(bannedNames, path.Base(p.dir)) {
			t.report(p.files[0].name, 1, "banned-name", "package "+p.dir+" is named after nothing",
				"the name of what it holds")
		}
		for _, f := range p.files {
			base := strings.TrimSuffix(path.Base(f.name), ".go")
			for _, part := range strings.Split(base, "_") {
				if slices.Contains(bannedNames, part) {
					t.report(f.name, 1, "banned-name", "the file is named after nothing",
						"the name of the concept it holds")
				}
			}
			t.checkShortNames(f)
		}
	}
}

// checkShortNames looks at the names that the file declares: what others named
// is not ours to rename.
func (t *tree) checkShortNames(f *file) {
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		for _, id := range declared(n) {
			for _, part := range camelParts(id.Name) {
				if full := shortNames[part]; full != "" {
					t.reportAt(f, id.Pos(), "short-name", id.Name+" cuts Kafka's name short", full)
				}
			}
		}
		return true
	})
}

// declared returns the names that a node declares.
func declared(n ast.Node) []*ast.Ident {
	switch n := n.(type) {
	case *ast.FuncDecl:
		return []*ast.Ident{n.Name}
	case *ast.TypeSpec:
		return []*ast.Ident{n.Name}
	case *ast.ValueSpec:
		return n.Names
	case *ast.Field:
		return n.Names
	case *ast.AssignStmt:
		var names []*ast.Ident
		for _, left := range n.Lhs {
			if id, ok := left.(*ast.Ident); ok && n.Tok.String() == ":=" {
				names = append(names, id)
			}
		}
		return names
	case *ast.RangeStmt:
		var names []*ast.Ident
		for _, e := range []ast.Expr{n.Key, n.Value} {
			if id, ok := e.(*ast.Ident); ok {
				names = append(names, id)
			}
		}
		return names
	}
	return nil
}

// camelParts cuts an identifier into its words, in lower case: newHW2 is new,
// hw; a run of capitals is one word, up to the capital that begins the next.
func camelParts(name string) []string {
	var parts []string
	runes := []rune(name)
	start := 0
	flush := func(end int) {
		if end > start {
			parts = append(parts, strings.ToLower(string(runes[start:end])))
		}
		start = end
	}
	for i, r := range runes {
		switch {
		case !unicode.IsLetter(r):
			flush(i)
			start = i + 1
		case i > 0 && unicode.IsUpper(r) && unicode.IsLower(runes[i-1]):
			flush(i)
		case i > 0 && i+1 < len(runes) && unicode.IsUpper(r) && unicode.IsUpper(runes[i-1]) &&
			unicode.IsLower(runes[i+1]):
			flush(i)
		}
	}
	flush(len(runes))
	return parts
}
