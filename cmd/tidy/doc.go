// Command tidy is the project's lint: the rules that keep broker logic
// deterministic, packages in their order, and files small enough to read. It
// uses the standard library only and takes about a second.
//
//	go test ./cmd/tidy            the gate: the repository and every fixture
//	go run ./cmd/tidy             prints what it finds, as file:line: rule: ...
//	go run ./cmd/tidy -rules      prints the rules
//	go test ./cmd/tidy -rewrite   writes testdata/*.golden and the fixtures again
//
// A finding says what is wrong and what to write instead. Where the rule should
// give way, the code says so, in a comment on the line, on the line above, or in
// the doc comment of the declaration:
//
//	//tidy:allow <rule> <reason>
//
// Every exemption is listed in testdata/allowed.golden, so a new one shows up
// in review; one that no longer exempts anything is itself a finding.
//
// What it must never do: change code, look outside the repository, or pass
// because something did not compile.
//
// Invariants: every rule has a fixture in testdata/rules that breaks it; the
// output depends on the tree alone, in the order of file names and lines.
//
// Read rules.go first, then order.go. The chapter is
// docs/chapters/11-simulation.md, which tells why the bans are what they are.
package main
