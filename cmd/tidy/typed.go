package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/types"
	"io"
	"os"
	"os/exec"
	"strings"
)

// exports maps an import path to the file that holds its compiled types.
type exports map[string]string

// listExports asks the go command for the export data of everything the
// patterns need. What does not compile is missing; checkTypes reports it.
func listExports(root string, patterns ...string) (exports, error) {
	args := append([]string{"list", "-e", "-deps", "-export", "-json=ImportPath,Export"}, patterns...)
	list := exec.Command("go", args...)
	list.Dir = root
	var errs bytes.Buffer
	list.Stderr = &errs
	out, err := list.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, errs.String())
	}
	found := exports{}
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var entry struct{ ImportPath, Export string }
		if err := decoder.Decode(&entry); errors.Is(err, io.EOF) {
			return found, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if entry.Export != "" {
			found[entry.ImportPath] = entry.Export
		}
	}
}

// open is the lookup of go/importer.
func (e exports) open(path string) (io.ReadCloser, error) {
	if e[path] == "" {
		return nil, fmt.Errorf("no types of %s: does it compile?", path)
	}
	return os.Open(e[path])
}

// checkTypes finds what only types can tell: ranging over a map or a channel,
// calls of banned functions under whatever name, floating point.
func checkTypes(t *tree) {
	from := t.importer
	if from == nil {
		from = importer.ForCompiler(t.fset, "gc", t.exports.open)
	}
	for _, p := range t.packages {
		if !inDeterministicHalf(p.dir) {
			continue
		}
		var files []*ast.File
		for _, f := range p.files {
			if f.built && !f.test {
				files = append(files, f.syntax)
			}
		}
		info := &types.Info{
			Types: map[ast.Expr]types.TypeAndValue{},
			Uses:  map[*ast.Ident]types.Object{},
		}
		config := types.Config{Importer: from, Error: func(err error) { t.reportTypeError(p, err) }}
		// The errors went to config.Error; what could be typed still is.
		_, _ = config.Check(t.module+"/"+p.dir, t.fset, files, info)
		for _, f := range p.files {
			if f.built && !f.test {
				t.checkTyped(f, info)
			}
		}
	}
}

func (t *tree) reportTypeError(p *pkg, err error) {
	file, line, message := p.files[0].name, 1, err.Error()
	var at types.Error
	if errors.As(err, &at) {
		position := at.Fset.Position(at.Pos)
		message = at.Msg
		if position.IsValid() {
			file, line = position.Filename, position.Line
		}
	}
	t.report(file, line, "compile", message, "mend it: what does not compile is not checked")
}

func (t *tree) checkTyped(f *file, info *types.Info) {
	floatLine := 0
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			t.checkRange(f, n, info)
		case *ast.Ident:
			t.checkUse(f, n, info.Uses[n])
		}
		if e, ok := n.(ast.Expr); ok && isFloat(info.Types[e].Type) && t.line(e.Pos()) != floatLine {
			floatLine = t.line(e.Pos())
			t.reportAt(f, e.Pos(), "float",
				"floating point is rounded as the compiler likes, differently by architecture",
				"integers in the smallest unit: nanoseconds, bytes, parts per million")
		}
		return true
	})
}

func (t *tree) checkRange(f *file, n *ast.RangeStmt, info *types.Info) {
	of := info.Types[n.X].Type
	if of == nil {
		return
	}
	switch coreOf(of).(type) {
	case *types.Map:
		t.reportAt(f, n.Pos(), "map-range", "a map's order differs from run to run",
			"order.Map, or sort the keys first")
	case *types.Chan:
		t.reportChannel(f, n.Pos())
	}
}

// coreOf is the underlying type; of a type parameter, that of its constraint
// when all of its types agree.
func coreOf(of types.Type) types.Type {
	parameter, ok := of.(*types.TypeParam)
	if !ok {
		return of.Underlying()
	}
	constraint, ok := parameter.Constraint().Underlying().(*types.Interface)
	if !ok || constraint.NumEmbeddeds() != 1 {
		return of.Underlying()
	}
	union, ok := constraint.EmbeddedType(0).(*types.Union)
	if !ok {
		return constraint.EmbeddedType(0).Underlying()
	}
	return union.Term(0).Type().Underlying()
}

func (t *tree) checkUse(f *file, id *ast.Ident, object types.Object) {
	name := fullName(object)
	if b, ok := bannedCalls[name]; ok {
		t.reportAt(f, id.Pos(), b.what, name+" depends on more than the seed", b.instead)
	}
}

// fullName is pkg.Name of a function or variable and pkg.Type.Name of a method.
func fullName(object types.Object) string {
	switch o := object.(type) {
	case *types.Func:
		return strings.NewReplacer("(", "", ")", "", "*", "").Replace(o.FullName())
	case *types.Var:
		if o.Pkg() != nil && o.Parent() == o.Pkg().Scope() {
			return o.Pkg().Path() + "." + o.Name()
		}
	}
	return ""
}

func isFloat(of types.Type) bool {
	if of == nil {
		return false
	}
	basic, ok := of.Underlying().(*types.Basic)
	return ok && basic.Info()&(types.IsFloat|types.IsComplex) != 0 &&
		basic.Kind() != types.UntypedFloat
}
