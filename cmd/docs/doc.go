// Command docs keeps the documentation true: it writes the pages of
// docs/reference that follow from the code, and finds links, commands, packages
// and symbols named in the Markdown files that do not exist.
//
//	go run ./cmd/docs            writes the pages again, prints what is broken
//	go run ./cmd/docs -stories   tells the stories of seeds in the chapters anew, too
//	go test ./cmd/docs           fails if a page is stale or something is broken
//
// A symbol is named in code quotes with its package: `log.Log`,
// `task.(*Task).Sleep`, `core/env.File.WriteThrough`. A lower-case one is
// checked when it is called: `journal.replay()`. Go files name chapters in their
// package comments; those must exist, too, or be planned in docs/README.md.
//
// What it must never do: change a page that a person wrote, but for the blocks
// after a mark `<!-- story of seed 42 -->`, when it is told to; see stories.go.
//
// Read main.go first.
package main
