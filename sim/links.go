package sim

// Cut has two nodes hear nothing of each other until Mend.
func (w *World) Cut(a, b *Node) {
	w.CutOneWay(a, b)
	w.CutOneWay(b, a)
}

// Mend undoes a Cut.
func (w *World) Mend(a, b *Node) {
	w.MendOneWay(a, b)
	w.MendOneWay(b, a)
}

// CutOneWay has what one node sends another get lost until MendOneWay; kernels
// send it again then, if they still can.
func (w *World) CutOneWay(from, to *Node) { w.network.Cut(from.index, to.index) }

// MendOneWay undoes a CutOneWay.
func (w *World) MendOneWay(from, to *Node) { w.network.Mend(from.index, to.index) }

// Slow makes everything between two nodes factor times slower; 0 ends that.
func (w *World) Slow(a, b *Node, factor int) { w.network.Slow(a.index, b.index, factor) }
