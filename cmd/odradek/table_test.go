package main

import (
	"bytes"
	"testing"
)

func TestTable(t *testing.T) {
	rows := &table{columns: []string{"topic", "in sync", "size", "rack", "internal"}, empty: "none"}
	rows.add("orders", []int32{1, 2}, byteSize(1536), nil, false)
	rows.add("a\tlonger <name>", []int32{}, byteSize(0), "r1", true)
	for _, c := range []struct {
		terminal, json bool
		want           string
	}{
		{true, false, "" +
			"TOPIC             IN SYNC      SIZE   RACK   INTERNAL\n" +
			"orders            1,2       1.5 KiB   -      no\n" +
			"a\tlonger <name>   -             0 B   r1     yes\n"},
		{false, false, "orders\t1,2\t1536\t\tfalse\na longer <name>\t\t0\tr1\ttrue\n"},
		{true, true, `{"topic":"orders","inSync":[1,2],"size":1536,"rack":null,"internal":false}` +
			"\n" + `{"topic":"a\tlonger <name>","inSync":[],"size":0,"rack":"r1","internal":true}` + "\n"},
	} {
		var out bytes.Buffer
		console := &console{out: &out, outTerminal: c.terminal}
		if err := console.print(rows, c.json); err != nil || out.String() != c.want {
			t.Errorf("got %v\n%s\nwant\n%s", err, out.String(), c.want)
		}
	}
	var out bytes.Buffer
	console := &console{out: &out, outTerminal: true}
	if err := console.print(&table{empty: "none"}, false); err != nil || out.String() != "none\n" {
		t.Errorf("got %q, %v", out.String(), err)
	}
}

func TestDropEmptyColumns(t *testing.T) {
	rows := &table{columns: []string{"group", "instance", "lag", "assigned"}}
	rows.add("a", nil, 0, "")
	rows.add("b", nil, nil, "")
	rows.dropEmptyColumns()
	var out bytes.Buffer
	console := &console{out: &out, outTerminal: true}
	want := "GROUP   LAG\na         0\nb         -\n"
	if err := console.print(rows, false); err != nil || out.String() != want {
		t.Errorf("got %v\n%s\nwant\n%s", err, out.String(), want)
	}
}
