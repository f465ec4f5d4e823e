package main

import (
	"go/ast"
	"go/token"
	"strings"
)

// ban is something that would make a run depend on more than its seed, and what
// to write instead.
type ban struct {
	what    string // an import path, or a function's full name
	instead string
}

// bannedImports lists what the deterministic half may not import; a trailing
// slash means everything below.
var bannedImports = []ban{
	{"sync", "nothing: a shard is single-threaded"},
	{"sync/", "nothing: a shard is single-threaded"},
	{"context", "a *task.Task: it is cancelled, and its waits take a deadline"},
	{"os", "env.Disk"},
	{"os/", "env.Disk; signals and processes belong in cmd"},
	{"io/ioutil", "env.Disk"},
	{"path/filepath", "path: names in a log directory use slashes"},
	{"net", "env.Network"},
	{"net/", "env.Network"},
	{"crypto/rand", "env.Random, forked for the purpose"},
	{"math/rand", "env.Random, forked for the purpose"},
	{"math/rand/", "env.Random, forked for the purpose"},
	{"hash/maphash", "hash/fnv or hash/crc32: maphash has another seed in each process"},
	{"unsafe", "encoding/binary, or a slice of the buffer"},
	{"runtime", "nothing: the logic may not know about threads, memory or the collector"},
	{"runtime/", "nothing: profiles and traces of the runtime belong in cmd"},
	{"syscall", "env.Disk or env.Network"},
	{"log", "env.Trace, or an error that says what happened"},
	{"log/", "env.Trace, or an error that says what happened"},
	{"plugin", "an import"},
	{"unique", "the value itself"},
	{"weak", "an owner that says when the thing ends"},
}

// bannedCalls lists functions and methods, by the rule they break.
var bannedCalls = map[string]ban{
	"time.Now":          {"clock", "env.Clock.Now for time-outs, Wall for records"},
	"time.Since":        {"clock", "kafka.Instant.Since on env.Clock.Now"},
	"time.Until":        {"clock", "a deadline as a kafka.Instant"},
	"time.Sleep":        {"clock", "(*task.Task).Sleep"},
	"time.After":        {"clock", "a wait with a deadline: task.Signal, task.Future"},
	"time.AfterFunc":    {"clock", "task.Timer"},
	"time.NewTimer":     {"clock", "task.Timer"},
	"time.NewTicker":    {"clock", "a task that sleeps in a loop"},
	"time.Tick":         {"clock", "a task that sleeps in a loop"},
	"time.Local":        {"clock", "time.UTC: the machine's zone is not part of the seed"},
	"time.Time.Local":   {"clock", "time.Time.UTC"},
	"time.LoadLocation": {"clock", "time.UTC: the zone files are not part of the seed"},

	"maps.Keys":       {"map-keys", "order.Map, or a sorted slice of the keys kept beside the map"},
	"maps.Values":     {"map-keys", "order.Map, or a slice kept beside the map"},
	"maps.All":        {"map-keys", "order.Map"},
	"maps.DeleteFunc": {"map-keys", "a loop over order.Map"},

	"reflect.Value.MapKeys":  {"map-keys", "order.Map"},
	"reflect.Value.MapRange": {"map-keys", "order.Map"},
	"reflect.Value.Seq":      {"map-keys", "order.Map"},
	"reflect.Value.Seq2":     {"map-keys", "order.Map"},
}

// eachDeterministic visits the files that the bans hold for.
func (t *tree) eachDeterministic(visit func(p *pkg, f *file)) {
	t.eachFile(func(p *pkg, f *file) {
		if inDeterministicHalf(p.dir) && !f.test {
			visit(p, f)
		}
	})
}

func checkBannedImports(t *tree) {
	t.eachDeterministic(func(_ *pkg, f *file) {
		t.eachImport(f, func(spec *ast.ImportSpec, path string) {
			for _, b := range bannedImports {
				below := strings.HasSuffix(b.what, "/") && strings.HasPrefix(path, b.what)
				if path == b.what || below {
					t.reportAt(f, spec.Pos(), "banned-import",
						"the deterministic half does not import "+path, b.instead)
					return
				}
			}
		})
	})
}

// checkStatements finds what can be seen without types: go, chan, select, %p.
// Ranging over a channel is found by checkTypes.
func checkStatements(t *tree) {
	t.eachDeterministic(func(_ *pkg, f *file) {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.reportAt(f, n.Pos(), "goroutine", "a goroutine runs when the runtime likes",
					"task.Loop.Spawn")
			case *ast.SelectStmt:
				t.reportAt(f, n.Pos(), "select", "select picks a case at random",
					"one task.Signal or task.Future with a deadline")
			case *ast.ChanType:
				t.reportChannel(f, n.Pos())
			case *ast.SendStmt:
				t.reportChannel(f, n.Pos())
			case *ast.UnaryExpr:
				if n.Op == token.ARROW {
					t.reportChannel(f, n.Pos())
				}
			case *ast.BasicLit:
				if n.Kind == token.STRING && strings.Contains(n.Value, "%p") {
					t.reportAt(f, n.Pos(), "pointer-format", "an address differs from run to run",
						"the name or number of the thing")
				}
			}
			return true
		})
	})
}

func (t *tree) reportChannel(f *file, at token.Pos) {
	t.reportAt(f, at, "channel", "a channel hands control to the runtime's scheduler",
		"task.Queue, task.Signal or task.Future; env.Shards between shards")
}

// checkGlobals finds package variables and init functions. Sentinel errors and
// blank variables (assertions that a type implements an interface) are none.
func checkGlobals(t *tree) {
	t.eachDeterministic(func(_ *pkg, f *file) {
		for _, declaration := range f.syntax.Decls {
			switch d := declaration.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil && d.Name.Name == "init" {
					t.reportAt(f, d.Pos(), "init", "init runs before the world exists",
						"a constructor that the owner calls")
				}
			case *ast.GenDecl:
				if d.Tok == token.VAR {
					t.checkVariables(f, d)
				}
			}
		}
	})
}

func (t *tree) checkVariables(f *file, d *ast.GenDecl) {
	for _, s := range d.Specs {
		spec := s.(*ast.ValueSpec)
		for i, name := range spec.Names {
			if name.Name == "_" || i < len(spec.Values) && isSentinel(name.Name, spec.Values[i]) {
				continue
			}
			t.reportAt(f, name.Pos(), "package-variable",
				name.Name+" outlives the run and is shared by all nodes of a simulation",
				"a field of what owns it, a constant, or a function with a switch")
		}
	}
}

// isSentinel reports whether a variable is ErrX = errors.New("...").
func isSentinel(name string, value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	if !ok || !strings.HasPrefix(name, "Err") && !strings.HasPrefix(name, "err") {
		return false
	}
	fn, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || fn.Sel.Name != "New" {
		return false
	}
	from, ok := fn.X.(*ast.Ident)
	return ok && from.Name == "errors"
}

// checkSignatures finds two parameters in a row of type int64, which a caller
// can swap without anybody noticing.
func checkSignatures(t *tree) {
	t.eachDeterministic(func(_ *pkg, f *file) {
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			fn, ok := n.(*ast.FuncType)
			if !ok {
				return true
			}
			row := 0
			for _, field := range fn.Params.List {
				id, bare := field.Type.(*ast.Ident)
				if !bare || id.Name != "int64" {
					row = 0
					continue
				}
				if row += max(1, len(field.Names)); row >= 2 {
					t.reportAt(f, field.Pos(), "bare-int64",
						"two int64 parameters in a row can be swapped unnoticed",
						"the types of core/kafka (Offset, Position, Timestamp ...) or one of your own")
					break
				}
			}
			return true
		})
	})
}

// checkSleepingTests finds tests that wait for a time, which makes them slow on
// a fast machine and wrong on a slow one. It goes by the import's name, since
// test files are not type-checked.
func checkSleepingTests(t *tree) {
	t.eachFile(func(_ *pkg, f *file) {
		if !f.test {
			return
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			selector, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			from, ok := selector.X.(*ast.Ident)
			if !ok || from.Name != "time" {
				return true
			}
			switch selector.Sel.Name {
			case "Sleep", "Tick", "NewTicker":
				t.reportAt(f, selector.Pos(), "sleeping-test",
					"time."+selector.Sel.Name+" makes the test depend on the machine's speed",
					"wait for the event itself, or drive a loop's clock")
			}
			return true
		})
	})
}
