package main

import (
	"fmt"
	"go/ast"
	"slices"
	"strconv"
	"strings"
)

// importOrder is the order of the repository's packages. "a < b" means that b
// may import a, and everything that a may import; names on the same side of a
// "<" may not import each other. A name stands for the packages below it that
// have no name of their own.
//
// This is the architecture. Do not change it to make a build pass: a change
// here needs a decision record in docs/decisions.
const importOrder = `
	core/assert, core/kafka
		< core/order, core/batch, core/task
		< core/env, core/compact
		< core/wire, core/journal
		< core/log, core/group, core/txn
		< replica, controller/metadata, controller/config;

	controller/metadata, controller/config
		< controller/image, controller/raft
		< controller;

	replica, controller < broker;

	# The two real worlds know the seams, and neither each other nor the broker.
	core/env, core/wire < netio;
	core/env < diskio;

	# The simulated world, and what judges both worlds.
	core/kafka, core/order < jepsen/check;
	core/wire < jepsen/oracle;
	broker, jepsen/check, jepsen/oracle < sim;
	jepsen/check < jepsen/live;

	sim, netio, diskio, jepsen/live < cmd;

	core/env < core/env/envtest;
`

// testOrder is what tests may import beyond importOrder.
const testOrder = `
	core/env/envtest < sim, netio, diskio, cmd;
	diskio < netio;
`

// moduleOrder is where other modules may be used: "module < packages". A ^
// before a package adds everything that may import it. "tests" is every test
// file. It is not transitive.
const moduleOrder = `
	github.com/twmb/franz-go/pkg/kmsg < ^core/wire, jepsen, tests;
	github.com/twmb/franz-go/pkg/kgo, github.com/twmb/franz-go/pkg/kadm,
		github.com/twmb/franz-go/pkg/kerr, github.com/twmb/franz-go/pkg/kversion
		< jepsen/live, cmd, tests;
	github.com/anishathalye/porcupine < jepsen/check;
	pgregory.net/rapid, github.com/google/go-cmp/cmp < sim, core/env/envtest, tests;
	github.com/klauspost/compress, github.com/pierrec/lz4/v4 < core/batch;
	golang.org/x/sys < netio, diskio, cmd;
	golang.org/x/term, github.com/spf13/cobra, github.com/spf13/pflag < cmd;
`

// order is an importOrder, read and closed under "may import".
type order struct {
	names []string
	below map[string]map[string]bool // what each name may import
}

// parseOrder reads statements "a, b < c < d;". A # begins a comment.
func parseOrder(text string) *order {
	o := &order{below: map[string]map[string]bool{}}
	for _, statement := range strings.Split(stripComments(text), ";") {
		var previous []string
		for _, tier := range strings.Split(statement, "<") {
			var names []string
			for _, name := range strings.Split(tier, ",") {
				if name = strings.TrimSpace(name); name != "" {
					names = append(names, name)
					o.put(name, previous)
				}
			}
			previous = names
		}
	}
	o.close()
	return o
}

func stripComments(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "#")
	}
	return strings.Join(lines, "\n")
}

func (o *order) put(name string, below []string) {
	if o.below[name] == nil {
		o.names = append(o.names, name)
		o.below[name] = map[string]bool{}
	}
	for _, b := range below {
		o.below[name][b] = true
	}
}

// close adds what follows: what may import c, which may import b, may import b.
func (o *order) close() {
	for grown := true; grown; {
		grown = false
		for _, name := range o.names {
			for _, middle := range o.names {
				if !o.below[name][middle] {
					continue
				}
				for far := range o.below[middle] {
					grown = grown || !o.below[name][far]
					o.below[name][far] = true
				}
			}
		}
	}
}

// nameOf is the longest name that stands for a package, or "".
func (o *order) nameOf(dir string) string {
	best := ""
	for _, name := range o.names {
		if (dir == name || strings.HasPrefix(dir, name+"/")) && len(name) > len(best) {
			best = name
		}
	}
	return best
}

// allows reports whether package from may import package to. Packages that the
// same name stands for may import each other.
func (o *order) allows(from, to string) bool {
	a, b := o.nameOf(from), o.nameOf(to)
	return a != "" && b != "" && (a == b || o.below[a][b])
}

func checkImportOrder(t *tree) {
	repo, tests := parseOrder(importOrder), parseOrder(testOrder)
	for _, p := range t.packages {
		if p.dir != "." && repo.nameOf(p.dir) == "" {
			t.report(p.files[0].name, 1, "import-order",
				fmt.Sprintf("package %s has no place in the import order", p.dir),
				"give it one in importOrder in cmd/tidy/order.go")
			continue
		}
		for _, f := range p.files {
			t.eachImport(f, func(spec *ast.ImportSpec, path string) {
				to, inside := strings.CutPrefix(path, t.module+"/")
				if !inside || to == p.dir || repo.allows(p.dir, to) ||
					f.test && tests.allows(p.dir, to) {
					return
				}
				t.reportAt(f, spec.Pos(), "import-order",
					fmt.Sprintf("%s may not import %s", p.dir, to),
					"what both need belongs lower, or is handed in by the caller")
			})
		}
	}
}

func (t *tree) eachImport(f *file, visit func(spec *ast.ImportSpec, path string)) {
	for _, spec := range f.syntax.Imports {
		if path, err := strconv.Unquote(spec.Path.Value); err == nil {
			visit(spec, path)
		}
	}
}

// permission is one statement of moduleOrder.
type permission struct {
	modules, places []string
}

func parseModuleOrder(text string) []permission {
	var all []permission
	for _, statement := range strings.Split(text, ";") {
		left, right, ok := strings.Cut(statement, "<")
		if ok {
			all = append(all, permission{fields(left), fields(right)})
		}
	}
	return all
}

func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune(", \t\n", r) })
}

func checkModuleImports(t *tree) {
	repo, permissions := parseOrder(importOrder), parseModuleOrder(moduleOrder)
	t.eachFile(func(p *pkg, f *file) {
		t.eachImport(f, func(spec *ast.ImportSpec, path string) {
			first, _, _ := strings.Cut(path, "/")
			if !strings.Contains(first, ".") {
				return // the standard library, or this module
			}
			places := placesOf(permissions, path)
			switch {
			case places == nil:
				t.reportAt(f, spec.Pos(), "module-import", path+" is not a module we depend on",
					"the standard library, or a decision record and a line in moduleOrder")
			case !slices.ContainsFunc(places, func(place string) bool {
				return placeHolds(repo, place, p.dir, f.test)
			}):
				t.reportAt(f, spec.Pos(), "module-import", path+" is not used in "+p.dir,
					"it may be imported by "+strings.Join(places, ", "))
			}
		})
	})
}

func placesOf(permissions []permission, path string) []string {
	for _, p := range permissions {
		for _, module := range p.modules {
			if path == module || strings.HasPrefix(path, module+"/") {
				return p.places
			}
		}
	}
	return nil
}

func placeHolds(repo *order, place, dir string, test bool) bool {
	if place == "tests" {
		return test
	}
	if base, above := strings.CutPrefix(place, "^"); above {
		return repo.allows(dir, base)
	}
	return dir == place || strings.HasPrefix(dir, place+"/")
}
