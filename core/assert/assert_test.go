package assert_test

import (
	"testing"

	"odradek/core/assert"
)

func TestThatPanicsWithTheSentence(t *testing.T) {
	defer func() {
		v, ok := recover().(*assert.Violation)
		if !ok || v.Sentence != "two is one" || v.Error() != "assertion failed: two is one" {
			t.Fatalf("recovered %v", v)
		}
	}()
	assert.That(false, "two is one")
	t.Fatal("a false condition must not return")
}

func TestThatIsFreeWhenTrue(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { assert.That(true, "holds") }); n != 0 {
		t.Fatalf("%v allocations", n)
	}
}
