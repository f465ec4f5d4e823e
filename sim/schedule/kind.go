package schedule

// Kind says what an event is, for the hash and for watched windows.
type Kind uint16

// The kinds of events.
const (
	Wake Kind = iota
	Mail
	Arrive
	Leave
	Window
	Dialled
	DialEnds
	DiskDone
	WriteBehind
	Fault
	FaultEnds
	Start
	Test
)

// String names a kind for a person.
func (k Kind) String() string {
	names := [...]string{
		Wake: "wake", Mail: "mail", Arrive: "bytes arrive", Leave: "bytes leave",
		Window: "window opens", Dialled: "dial arrives", DialEnds: "dial is answered",
		DiskDone: "disk operation done", WriteBehind: "write-behind", Fault: "fault",
		FaultEnds: "fault ends", Start: "node starts", Test: "test",
	}
	if int(k) >= len(names) {
		return "event"
	}
	return names[k]
}
