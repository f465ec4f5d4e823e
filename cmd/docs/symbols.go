package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// symbols are the declared names of the repository's packages.
type symbols struct {
	// names holds "Log", "Log.Append" under each package's directory.
	names map[string]map[string]bool
}

func newSymbols() *symbols { return &symbols{map[string]map[string]bool{}} }

// add reads the declarations of a Go file. Test files are left out, and what
// does not parse: the compiler says that better.
func (s *symbols) add(root, file string) error {
	if strings.HasSuffix(file, "_test.go") {
		return nil
	}
	syntax, err := parser.ParseFile(token.NewFileSet(), filepath.Join(root, file), nil,
		parser.SkipObjectResolution)
	if err != nil {
		return nil
	}
	dir := path.Dir(file)
	if s.names[dir] == nil {
		s.names[dir] = map[string]bool{}
	}
	for _, declaration := range syntax.Decls {
		s.declare(s.names[dir], declaration)
	}
	return nil
}

func (s *symbols) declare(names map[string]bool, declaration ast.Decl) {
	switch d := declaration.(type) {
	case *ast.FuncDecl:
		name := d.Name.Name
		if d.Recv != nil && len(d.Recv.List) > 0 {
			name = receiver(d.Recv.List[0].Type) + "." + name
		}
		names[name] = true
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch spec := spec.(type) {
			case *ast.TypeSpec:
				names[spec.Name.Name] = true
				declareMembers(names, spec)
			case *ast.ValueSpec:
				for _, id := range spec.Names {
					names[id.Name] = true
				}
			}
		}
	}
}

// declareMembers adds the fields of a struct and the methods of an interface.
func declareMembers(names map[string]bool, spec *ast.TypeSpec) {
	var members *ast.FieldList
	switch t := spec.Type.(type) {
	case *ast.StructType:
		members = t.Fields
	case *ast.InterfaceType:
		members = t.Methods
	default:
		return
	}
	for _, member := range members.List {
		for _, id := range member.Names {
			names[spec.Name.Name+"."+id.Name] = true
		}
	}
}

func receiver(of ast.Expr) string {
	name := ""
	ast.Inspect(of, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && name == "" {
			name = id.Name
		}
		return name == ""
	})
	return name
}

// symbolForm is pkg.Name, pkg.Type.Name or pkg.(*Type).Name, perhaps called.
var symbolForm = regexp.MustCompile(
	`^([a-z][a-z0-9/]*)\.\(?\*?([A-Za-z]\w*)\)?(?:\.([A-Za-z]\w*))?(\(\))?$`)

// judge says what is wrong with quoted code that looks like a symbol of one of
// our packages; "" if nothing is, or if it is something else.
func (s *symbols) judge(text string) string {
	match := symbolForm.FindStringSubmatch(text)
	if match == nil {
		return ""
	}
	dirs := s.directories(match[1])
	exported := ast.IsExported(match[2]) || ast.IsExported(match[3])
	if len(dirs) == 0 || !exported && match[4] == "" {
		return ""
	}
	name := match[2]
	if match[3] != "" {
		name += "." + match[3]
	}
	for _, dir := range dirs {
		if s.names[dir][name] {
			return ""
		}
	}
	return fmt.Sprintf("%s has no %s", strings.Join(dirs, ", "), name)
}

// directories are the packages that a name or path may mean.
func (s *symbols) directories(name string) []string {
	var dirs []string
	for dir := range s.names {
		if dir == name || path.Base(dir) == name {
			dirs = append(dirs, dir)
		}
	}
	slices.Sort(dirs)
	return dirs
}
