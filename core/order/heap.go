package order

// Heap gives out its least element first. Equal elements come out in the order
// they went in, so that a heap never decides anything by itself. The zero value
// is not usable: see NewHeap.
type Heap[T any] struct {
	compare func(a, b T) int
	items   []heapItem[T]
	pushed  uint64
}

type heapItem[T any] struct {
	value  T
	number uint64
}

// NewHeap makes a heap ordered by compare, as cmp.Compare.
func NewHeap[T any](compare func(a, b T) int) *Heap[T] {
	return &Heap[T]{compare: compare}
}

// Len is the number of elements.
func (h *Heap[T]) Len() int { return len(h.items) }

// Push adds an element.
func (h *Heap[T]) Push(value T) {
	h.pushed++
	h.items = append(h.items, heapItem[T]{value, h.pushed})
	for i := len(h.items) - 1; i > 0; {
		parent := (i - 1) / 2
		if !h.less(i, parent) {
			return
		}
		h.items[i], h.items[parent] = h.items[parent], h.items[i]
		i = parent
	}
}

// Peek returns the least element; ok is false when there is none.
func (h *Heap[T]) Peek() (value T, ok bool) {
	if len(h.items) == 0 {
		return value, false
	}
	return h.items[0].value, true
}

// Pop takes the least element out; ok is false when there is none.
func (h *Heap[T]) Pop() (value T, ok bool) {
	if len(h.items) == 0 {
		return value, false
	}
	value = h.items[0].value
	last := len(h.items) - 1
	h.items[0] = h.items[last]
	h.items[last] = heapItem[T]{}
	h.items = h.items[:last]
	h.down(0)
	return value, true
}

func (h *Heap[T]) down(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.items); child++ {
			if h.less(child, least) {
				least = child
			}
		}
		if least == i {
			return
		}
		h.items[i], h.items[least] = h.items[least], h.items[i]
		i = least
	}
}

func (h *Heap[T]) less(i, j int) bool {
	c := h.compare(h.items[i].value, h.items[j].value)
	return c < 0 || c == 0 && h.items[i].number < h.items[j].number
}
