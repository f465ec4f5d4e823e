package main

// rule is one thing that tidy looks for.
type rule struct {
	name string
	why  string
	// check finds the places; nil where another rule's check finds them too.
	check func(t *tree)
}

// rules is the table of everything checked, in the order it is printed.
//
// Those marked (deterministic half) hold in core, replica, controller and
// broker, outside of tests.
func rules() []rule {
	return []rule{
		{"compile", "what does not compile cannot be checked", nil},
		{"import-order", "a package imports only what importOrder puts below it", checkImportOrder},
		{"module-import", "another module is used only where moduleOrder says", checkModuleImports},
		{"banned-import", "no os, net, sync, context ... (deterministic half)", checkBannedImports},
		{"goroutine", "no go statement (deterministic half)", checkStatements},
		{"channel", "no channels (deterministic half)", nil},
		{"select", "no select (deterministic half)", nil},
		{"clock", "no time.Now, Sleep, timers, zones (deterministic half)", checkTypes},
		{"map-range", "no ranging over a map (deterministic half)", nil},
		{"map-keys", "no maps.Keys, Values, All ... (deterministic half)", nil},
		{"float", "no floating point (deterministic half)", nil},
		{"pointer-format", "no %p (deterministic half)", nil},
		{"package-variable", "no variables but error sentinels (deterministic half)", checkGlobals},
		{"init", "no init functions (deterministic half)", nil},
		{"bare-int64", "no two int64 parameters in a row (deterministic half)", checkSignatures},
		{"sleeping-test", "no test waits for a time", checkSleepingTests},
		{"function-length", "a function has at most 70 lines", checkSizes},
		{"file-length", "a file has at most 600 lines, a test file 1,000", nil},
		{"line-length", "a line has at most 100 columns", nil},
		{"doc-file", "every package has a doc.go with its package comment", checkDocs},
		{"doc-comment", "every exported name has a doc comment", nil},
		{"banned-name", "no package or file is called util, common, helpers, types, misc", checkNames},
		{"short-name", "Kafka's names are written in full: no hw, leo, lso", nil},
		{"unfinished", "no FIXME, and no TODO without its issue", checkComments},
		{"exemption", "an exemption names a rule, has a reason, and is needed", nil},
	}
}

// run checks everything and returns what is left after the exemptions, in
// order.
func (t *tree) run() []finding {
	for _, r := range rules() {
		if r.check != nil {
			r.check(t)
		}
	}
	t.applyAllows()
	return sortFindings(t.findings)
}

func knownRule(name string) bool {
	for _, r := range rules() {
		if r.name == name {
			return true
		}
	}
	return false
}
