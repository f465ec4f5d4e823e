package envtest

import (
	"fmt"
	"slices"

	"odradek/core/env"
)

// nameCases are about files and their names.
func nameCases() []Case {
	return slices.Concat(createCases(), removeCases(), renameCases(), replaceCases())
}

// createCases are about making and opening files.
func createCases() []Case {
	return []Case{
		one("create makes an empty file", func(s *Scene) {
			f := s.create("a")
			s.holds(f, "")
			s.That(f.Name() == "a", "its name is %q", f.Name())
			s.close(f)
			s.names("", "a")
		}),
		one("create refuses a name that is taken", func(s *Scene) {
			s.close(s.file("a", "kept"))
			_, err := s.disk().Create("a")
			s.Want(err, env.ErrExist)
			s.stored("a", "kept")
		}),
		one("create refuses the name of a directory", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			_, err := s.disk().Create("d")
			s.Want(err, env.ErrExist)
		}),
		one("create needs its directory", func(s *Scene) {
			_, err := s.disk().Create("d/a")
			s.Want(err, env.ErrNotExist)
			s.names("")
		}),
		one("create in a directory", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			f := s.file("d/a", "inside")
			s.That(f.Name() == "d/a", "its name is %q", f.Name())
			s.close(f)
			s.stored("d/a", "inside")
			s.names("d", "a")
		}),
		one("open needs the file", func(s *Scene) {
			_, err := s.disk().Open("a")
			s.Want(err, env.ErrNotExist)
		}),
		one("open needs the directory", func(s *Scene) {
			_, err := s.disk().Open("d/a")
			s.Want(err, env.ErrNotExist)
		}),
		one("open sees what was written", func(s *Scene) {
			s.close(s.file("a", "hello"))
			s.stored("a", "hello")
		}),
		one("open for writing keeps the content", func(s *Scene) {
			s.close(s.file("a", "hello"))
			f := s.open("a")
			s.write(f, "J", 0)
			s.close(f)
			s.stored("a", "Jello")
		}),
		one("open sees another handle's unsynced bytes", func(s *Scene) {
			f := s.file("a", "not synced")
			s.stored("a", "not synced")
			s.close(f)
		}),
	}
}

// removeCases are about removing files.
func removeCases() []Case {
	return []Case{
		one("remove needs the file", func(s *Scene) {
			s.Want(s.disk().Remove("a"), env.ErrNotExist)
		}),
		one("remove deletes the name", func(s *Scene) {
			s.close(s.file("a", "x"))
			s.Must(s.disk().Remove("a"))
			_, err := s.disk().Open("a")
			s.Want(err, env.ErrNotExist)
			s.names("")
		}),
		one("a removed name can be created again", func(s *Scene) {
			s.close(s.file("a", "old content"))
			s.Must(s.disk().Remove("a"))
			s.close(s.file("a", "new"))
			s.stored("a", "new")
		}),
		one("a removed file stays readable through its handle", func(s *Scene) {
			f := s.file("a", "still here")
			s.Must(s.disk().Remove("a"))
			s.holds(f, "still here")
			s.close(f)
		}),
		one("a removed file stays writable through its handle", func(s *Scene) {
			f := s.file("a", "old")
			s.Must(s.disk().Remove("a"))
			s.close(s.file("a", "another"))
			s.write(f, "new!", 0)
			s.holds(f, "new!")
			s.Must(f.Sync(s.T))
			s.close(f)
			s.stored("a", "another")
		}),
	}
}

// renameCases are about renaming files.
func renameCases() []Case {
	return []Case{
		one("rename needs the file", func(s *Scene) {
			s.Want(s.disk().Rename("a", "b"), env.ErrNotExist)
		}),
		one("rename needs the target's directory", func(s *Scene) {
			s.close(s.file("a", "x"))
			s.Want(s.disk().Rename("a", "d/a"), env.ErrNotExist)
			s.stored("a", "x")
		}),
		one("rename gives another name", func(s *Scene) {
			s.close(s.file("a", "moved"))
			s.Must(s.disk().Rename("a", "b"))
			s.names("", "b")
			s.stored("b", "moved")
		}),
		one("rename replaces a file", func(s *Scene) {
			s.close(s.file("a", "winner"), s.file("b", "loser, which is longer"))
			s.Must(s.disk().Rename("a", "b"))
			s.names("", "b")
			s.stored("b", "winner")
		}),
	}
}

// replaceCases are about renaming over, around and between.
func replaceCases() []Case {
	return []Case{
		one("a replaced file stays readable through its handle", func(s *Scene) {
			s.close(s.file("a", "winner"))
			f := s.file("b", "loser")
			s.Must(s.disk().Rename("a", "b"))
			s.holds(f, "loser")
			s.close(f)
		}),
		one("rename onto itself changes nothing", func(s *Scene) {
			s.close(s.file("a", "same"))
			s.Must(s.disk().Rename("a", "a"))
			s.stored("a", "same")
		}),
		one("rename with an open handle", func(s *Scene) {
			f := s.file("a", "one ")
			s.Must(s.disk().Rename("a", "b"))
			s.write(f, "two", 4)
			s.close(f)
			s.stored("b", "one two")
		}),
		one("rename between directories", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.Must(s.disk().MakeDir("e"))
			s.close(s.file("d/a", "travels"))
			s.Must(s.disk().Rename("d/a", "e/b"))
			s.names("d")
			s.names("e", "b")
			s.stored("e/b", "travels")
		}),
		one("a chain of renames", func(s *Scene) {
			for i := range 20 {
				name := fmt.Sprint("f", i)
				s.close(s.file(name, name))
			}
			for i := range 19 {
				s.Must(s.disk().Rename(fmt.Sprint("f", i), fmt.Sprint("f", i+1)))
			}
			s.names("", "f19")
			s.stored("f19", "f0")
		}),
	}
}

// directoryCases are about directories.
func directoryCases() []Case {
	return slices.Concat(makeDirCases(), moveDirCases(), listCases())
}

// makeDirCases are about making and removing directories.
func makeDirCases() []Case {
	return []Case{
		one("the root is there and empty", func(s *Scene) { s.names("") }),
		one("make a directory", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.names("", "d/")
			s.names("d")
		}),
		one("make a directory whose name is taken", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.Want(s.disk().MakeDir("d"), env.ErrExist)
			s.close(s.file("a", ""))
			s.Want(s.disk().MakeDir("a"), env.ErrExist)
		}),
		one("make a directory needs its parent", func(s *Scene) {
			s.Want(s.disk().MakeDir("d/e"), env.ErrNotExist)
		}),
		one("directories nest", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.Must(s.disk().MakeDir("d/e"))
			s.close(s.file("d/e/a", "deep"))
			s.names("d", "e/")
			s.stored("d/e/a", "deep")
		}),
		one("remove an empty directory", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.Must(s.disk().Remove("d"))
			s.names("")
			_, err := s.disk().List("d")
			s.Want(err, env.ErrNotExist)
		}),
		one("remove refuses a directory that is not empty", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.close(s.file("d/a", "kept"))
			s.That(s.disk().Remove("d") != nil, "a full directory was removed")
			s.stored("d/a", "kept")
		}),
	}
}

// moveDirCases are about renaming and listing directories.
func moveDirCases() []Case {
	return []Case{
		one("rename a directory with its files", func(s *Scene) {
			s.Must(s.disk().MakeDir("topic-0"))
			f := s.file("topic-0/a", "inside")
			s.Must(s.disk().Rename("topic-0", "topic-0.delete"))
			s.names("", "topic-0.delete/")
			s.stored("topic-0.delete/a", "inside")
			s.write(f, "I", 0)
			s.stored("topic-0.delete/a", "Inside")
			s.close(f)
		}),
		one("rename a directory into another", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.Must(s.disk().MakeDir("e"))
			s.close(s.file("d/a", "x"))
			s.Must(s.disk().Rename("d", "e/d"))
			s.names("e/d", "a")
		}),
		one("list needs the directory", func(s *Scene) {
			_, err := s.disk().List("d")
			s.Want(err, env.ErrNotExist)
		}),
		one("list is in the order of names", func(s *Scene) {
			for _, name := range []string{"b", "a-1", "a", "B", "10", "9", "a.1", "c"} {
				s.close(s.file(name, ""))
			}
			s.Must(s.disk().MakeDir("aa"))
			s.names("", "10", "9", "B", "a", "a-1", "a.1", "aa/", "b", "c")
		}),
		one("list tells sizes", func(s *Scene) {
			s.close(s.file("a", "12345"), s.file("b", ""))
			s.Must(s.disk().MakeDir("c"))
			entries, err := s.disk().List("")
			s.Must(err)
			s.That(len(entries) == 3, "%d entries", len(entries))
			s.That(entries[0].Size == 5 && !entries[0].Dir, "a is %+v", entries[0])
			s.That(entries[1].Size == 0 && !entries[1].Dir, "b is %+v", entries[1])
			s.That(entries[2].Dir, "c is %+v", entries[2])
		}),
	}
}

// listCases are about many entries and what outlives a restart.
func listCases() []Case {
	return []Case{
		one("list shows unsynced sizes", func(s *Scene) {
			f := s.file("a", "12345")
			s.write(f, "678", 5)
			entries, err := s.disk().List("")
			s.Must(err)
			s.That(entries[0].Size == 8, "size is %d", entries[0].Size)
			s.close(f)
		}),
		one("sync a directory", func(s *Scene) {
			s.close(s.file("a", "x"))
			s.Must(s.disk().SyncDir(s.T, ""))
			s.Must(s.disk().MakeDir("d"))
			s.Must(s.disk().SyncDir(s.T, "d"))
			s.names("", "a", "d/")
		}),
		one("sync a directory that is not there", func(s *Scene) {
			s.Want(s.disk().SyncDir(s.T, "d"), env.ErrNotExist)
		}),
		one("many files", func(s *Scene) {
			const count = 300
			var want []string
			for i := range count {
				name := fmt.Sprintf("%08d.log", i)
				s.close(s.file(name, name))
				want = append(want, name)
			}
			s.names("", want...)
			for i := 0; i < count; i += 2 {
				s.Must(s.disk().Remove(want[i]))
			}
			for i := 1; i < count; i += 2 {
				s.stored(want[i], want[i])
			}
		}),
		one("long names", func(s *Scene) {
			name := pattern(1, 249)
			long := make([]byte, 249)
			for i := range long {
				long[i] = 'a' + name[i]%26
			}
			s.Must(s.disk().MakeDir(string(long)))
			s.close(s.file(string(long)+"/f", "x"))
			s.stored(string(long)+"/f", "x")
		}),
		restarted("names outlive a clean restart", func(s *Scene) {
			s.Must(s.disk().MakeDir("d"))
			s.close(s.file("d/a", "one"), s.file("b", "two"), s.file("gone", "three"))
			s.Must(s.disk().Rename("b", "c"))
			s.Must(s.disk().Remove("gone"))
		}, func(s *Scene) {
			s.names("", "c", "d/")
			s.stored("d/a", "one")
			s.stored("c", "two")
		}),
		one("space", func(s *Scene) {
			free, total := s.disk().Space()
			s.That(free > 0 && total >= free, "free %d of %d", free, total)
		}),
	}
}
