package assert

// Violation is the value an assertion panics with, so that a test or the
// simulator can tell "our own fault" from any other panic.
type Violation struct {
	// Sentence says what should have held.
	Sentence string
}

// Error makes a Violation readable in a panic message and usable as an error.
func (v *Violation) Error() string { return "assertion failed: " + v.Sentence }

// That panics with a Violation when condition is false. The sentence states
// what must hold, as a constant string: nothing is formatted or allocated
// while the condition is true. It stays on in production.
func That(condition bool, sentence string) {
	if !condition {
		fail(sentence)
	}
}

// Unreachable panics: control reached a place that the program's own logic
// excludes.
func Unreachable(sentence string) {
	fail(sentence)
}

//go:noinline
func fail(sentence string) {
	panic(&Violation{Sentence: sentence})
}
