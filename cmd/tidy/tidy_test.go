package main

import (
	"flag"
	"go/importer"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files again; then read the diff")

// TestRepository is the gate: the tree has no finding, and no exemption that
// was not seen in review.
func TestRepository(t *testing.T) {
	repo, err := load()
	if err != nil {
		t.Fatal(err)
	}
	if len(repo.packages) < 5 {
		t.Fatalf("only %d packages found: the walk is broken", len(repo.packages))
	}
	for _, f := range repo.run() {
		t.Errorf("%s", f)
	}
	golden(t, filepath.Join("testdata", "allowed.golden"), repo.allowed())
}

// TestFixtures runs the rules on small trees that break them. A fixture is
// files, each after a line "-- name --", and after "-- findings --" what tidy
// says about them.
func TestFixtures(t *testing.T) {
	names, err := filepath.Glob(filepath.Join("testdata", "rules", "*.txt"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures: %v", err)
	}
	var imports []string
	for _, name := range names {
		imports = append(imports, importsOf(t, name)...)
	}
	slices.Sort(imports)
	std, err := listExports(".", slices.Compact(imports)...)
	if err != nil {
		t.Fatal(err)
	}
	broken := map[string]bool{}
	for _, name := range names {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			sources, _ := splitFixture(t, name)
			fixture := newFixture(sources)
			fixture.importer = fixtureImporter{
				importer.ForCompiler(fixture.fset, "gc", std.open),
			}
			var out strings.Builder
			for _, f := range fixture.run() {
				broken[f.rule] = true
				out.WriteString(f.String() + "\n")
			}
			goldenFixture(t, name, out.String())
		})
	}
	for _, r := range rules() {
		if !broken[r.name] {
			t.Errorf("no fixture in testdata/rules breaks the rule %q: does it work?", r.name)
		}
	}
}

// fixtureImporter knows the standard library; any other package is empty.
type fixtureImporter struct{ std types.Importer }

func (i fixtureImporter) Import(path string) (*types.Package, error) {
	if !isStandard(path) {
		empty := types.NewPackage(path, filepath.Base(path))
		empty.MarkComplete()
		return empty, nil
	}
	return i.std.Import(path)
}

func isStandard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return first != "odradek" && !strings.Contains(first, ".")
}

type source struct{ name, text string }

// splitFixture cuts a fixture into its files and the findings it expects.
func splitFixture(t *testing.T, name string) (sources []source, findings string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.SplitAfter(string(text), "\n") {
		if title, ok := strings.CutPrefix(strings.TrimSpace(line), "-- "); ok {
			sources = append(sources, source{name: strings.TrimSuffix(title, " --")})
		} else if len(sources) > 0 {
			sources[len(sources)-1].text += line
		}
	}
	last := len(sources) - 1
	if last < 0 || sources[last].name != "findings" {
		return sources, ""
	}
	return sources[:last], sources[last].text
}

func newFixture(sources []source) *tree {
	t := newTree("odradek")
	packages := map[string]*pkg{}
	for _, s := range sources {
		dir := filepath.ToSlash(filepath.Dir(s.name))
		if packages[dir] == nil {
			packages[dir] = &pkg{dir: dir}
		}
		t.add(packages[dir], s.name, []byte(s.text), true)
		if p := packages[dir]; len(p.files) == 1 {
			t.packages = append(t.packages, p)
		}
	}
	return t
}

// importsOf lists the standard packages that a fixture imports, so that their
// types can be had.
func importsOf(t *testing.T, name string) []string {
	sources, _ := splitFixture(t, name)
	var std []string
	fixture := newFixture(sources)
	fixture.eachFile(func(_ *pkg, f *file) {
		for _, spec := range f.syntax.Imports {
			path := strings.Trim(spec.Path.Value, `"`)
			if isStandard(path) {
				std = append(std, path)
			}
		}
	})
	return std
}

func goldenFixture(t *testing.T, name, got string) {
	t.Helper()
	sources, want := splitFixture(t, name)
	if got == want {
		return
	}
	if !*rewrite {
		t.Fatalf("%s: got\n%s\nwant\n%s", name, got, want)
	}
	var out strings.Builder
	for _, s := range append(sources, source{"findings", got}) {
		out.WriteString("-- " + s.name + " --\n" + s.text)
	}
	if err := os.WriteFile(name, []byte(out.String()), 0o644); err != nil {
		t.Fatal(err)
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *rewrite {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the exemptions changed: go test ./cmd/tidy -rewrite, then read the diff\n"+
			"got\n%s\nwant\n%s", got, want)
	}
}

func TestParseOrder(t *testing.T) {
	o := parseOrder("a, b < c < d; # a comment\n e < d/sub;")
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"c", "a", true}, {"d", "a", true}, {"d", "c", true}, {"d/x", "c", true},
		{"d/x", "d/y", true}, {"d/sub", "e", true},
		{"a", "b", false}, {"a", "c", false}, {"c", "d", false}, {"d", "e", false},
		{"d/sub", "a", false}, {"d", "d/sub", false}, {"nowhere", "a", false}, {"a", "nowhere", false},
	} {
		if got := o.allows(c.from, c.to); got != c.want {
			t.Errorf("may %s import %s: got %v, want %v", c.from, c.to, got, c.want)
		}
	}
}

// TestImportOrderHasNoCycle: a cycle would let everything in it import
// everything else.
func TestImportOrderHasNoCycle(t *testing.T) {
	o := parseOrder(importOrder)
	for _, name := range o.names {
		if o.below[name][name] {
			t.Errorf("%s stands below itself", name)
		}
	}
}

func TestCamelParts(t *testing.T) {
	for name, want := range map[string]string{
		"hw": "hw", "HW": "hw", "newHW": "new hw", "hwMark": "hw mark", "HTTPServer": "http server",
		"leo_2": "leo", "show": "show", "leonard": "leonard", "logEndOffset": "log end offset",
		"a": "a", "_": "", "x1y": "x y",
	} {
		if got := strings.Join(camelParts(name), " "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
