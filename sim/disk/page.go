package disk

import "odradek/core/env"

// pageSize is the unit of the page cache; sectorSize the unit that a device
// writes as a whole.
const (
	pageSize       = env.BlockSize
	sectorSize     = 512
	sectorsPerPage = pageSize / sectorSize
)

// page is 4 KiB of content. A page with more than one holder is never written:
// whoever wants to write makes a copy. A nil page reads as zeros.
type page struct {
	holders int32
	data    [pageSize]byte
}

// pagePool keeps pages that nobody holds, so that overwriting a synced file
// costs no allocation.
type pagePool struct{ free []*page }

// pooledPagesMax bounds what the pool keeps: 4 MiB.
const pooledPagesMax = 1024

func (p *pagePool) blank() *page {
	g := p.take()
	clear(g.data[:])
	return g
}

func (p *pagePool) copyOf(from *page) *page {
	if from == nil {
		return p.blank()
	}
	g := p.take()
	g.data = from.data
	return g
}

func (p *pagePool) take() *page {
	n := len(p.free)
	if n == 0 {
		return &page{holders: 1}
	}
	g := p.free[n-1]
	p.free[n-1] = nil
	p.free = p.free[:n-1]
	g.holders = 1
	return g
}

func (g *page) hold() *page {
	if g != nil {
		g.holders++
	}
	return g
}

func (p *pagePool) drop(g *page) {
	if g == nil {
		return
	}
	g.holders--
	if g.holders == 0 && len(p.free) < pooledPagesMax {
		p.free = append(p.free, g)
	}
}

// mixed is a page whose sectors come from one of two: bit i of mask takes
// sector i from new.
func (p *pagePool) mixed(old, new *page, mask uint64) *page {
	g := p.copyOf(old)
	for i := range sectorsPerPage {
		if mask>>i&1 == 0 {
			continue
		}
		sector := g.data[i*sectorSize : (i+1)*sectorSize]
		if new == nil {
			clear(sector)
		} else {
			copy(sector, new.data[i*sectorSize:])
		}
	}
	return g
}

func pagesOf(size int64) int { return int((size + pageSize - 1) / pageSize) }
