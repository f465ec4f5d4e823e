// Package decision is what a group coordinator's step comes to: records to be
// written and answers to be given once they are durable.
//
// A coordinator is pure. It is asked (a request, a time-out, a change of topics),
// says what shall be written and answered, and changes only when its records come
// back by Apply. The shell that asks it owns the log, the clock and the connections.
//
// The package has no logic. It is apart so that every part of the coordinator can
// speak of decisions without knowing the others.
package decision
