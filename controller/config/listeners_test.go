package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"odradek/controller/config"
)

func kafkasNames(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile("testdata/broker-names.txt")
	if err != nil {
		t.Fatal(err)
	}
	names := strings.Fields(string(raw))
	if len(names) < 300 {
		t.Fatalf("%d names", len(names))
	}
	return names
}

func TestListeners(t *testing.T) {
	for name, c := range map[string]struct {
		settings []config.Entry
		want     []config.Listener
	}{
		"several": {[]config.Entry{
			{Name: "listeners", Value: "PLAINTEXT://127.0.0.1:9092, internal://[::1]:0"},
			{Name: "listener.security.protocol.map", Value: "PLAINTEXT:PLAINTEXT,INTERNAL:plaintext"}},
			[]config.Listener{
				{Name: "PLAINTEXT", Host: "127.0.0.1", Port: 9092, AdvertisedHost: "127.0.0.1",
					AdvertisedPort: 9092},
				{Name: "INTERNAL", Host: "::1", AdvertisedHost: "::1"}}},
		"everywhere": {[]config.Entry{{Name: "listeners", Value: "PLAINTEXT://0.0.0.0:9092"}},
			[]config.Listener{{Name: "PLAINTEXT", Port: 9092, AdvertisedPort: 9092}}},
		"everywhere, advertised": {[]config.Entry{{Name: "listeners", Value: "PLAINTEXT://:9092"},
			{Name: "advertised.listeners", Value: "PLAINTEXT://kafka.example:19092"}},
			[]config.Listener{{Name: "PLAINTEXT", Port: 9092, AdvertisedHost: "kafka.example",
				AdvertisedPort: 19092}}},
	} {
		static, _, err := config.Load(config.Sources{Flags: c.settings})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		node, err := config.StaticLayers(static).Node()
		if diff := cmp.Diff(c.want, node.Listeners); diff != "" || err != nil {
			t.Errorf("%s: %v %s", name, err, diff)
		}
	}
}

func TestAddresses(t *testing.T) {
	for want, listener := range map[string]config.Listener{
		"127.0.0.1:9092": {Host: "127.0.0.1", Port: 9092},
		"[::1]:9092":     {Host: "::1", Port: 9092},
		":0":             {},
	} {
		if got := listener.Address(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestBadListeners(t *testing.T) {
	const names = "PLAINTEXT:PLAINTEXT,A:PLAINTEXT,B:PLAINTEXT,TLS:SSL"
	for _, c := range []struct{ listeners, advertised, want string }{
		{"", "", "must not be empty"},
		{"A://h:1,", "", "values must not be empty"},
		{"9092", "", "write NAME://host:port"},
		{"://h:1", "", "write NAME://host:port"},
		{"PLAINTEXT://h", "", "the port is missing: write PLAINTEXT://h:9092"},
		{"PLAINTEXT://h:http", "", `"http" is not a port`},
		{"PLAINTEXT://h:65536", "", `"65536" is not a port`},
		{"PLAINTEXT://h:-1", "", `"-1" is not a port`},
		{"PLAINTEXT://::1:9092", "", "write an IPv6 address in brackets"},
		{"PLAINTEXT://[h]:9092", "", "must be an IPv6 address"},
		{"PLAINTEXT://[::1:9092", "", "must be an IPv6 address"},
		{"PLAINTEXT://a b:9092", "", "is not a host name"},
		{"PLAINTEXT://h:1,plaintext://h:2", "", "two listeners are called PLAINTEXT"},
		{"A://h:1,B://h:1", "", "A and B have the same address"},
		{"C://h:1", "", "it says nothing of listener C: add C:PLAINTEXT"},
		{"TLS://h:1", "", "SSL is not served yet: write TLS:PLAINTEXT"},
		{"A://h:1", "B://h:1", "B is not one of the listeners"},
		{"A://:1", "A://0.0.0.0:1", `clients cannot connect to "0.0.0.0"`},
		{"A://:1", "A://:1", `clients cannot connect to ""`},
		{"A://:1", "A", "write NAME://host:port"},
	} {
		flags := []config.Entry{{Name: "listener.security.protocol.map", Value: names},
			{Name: "listeners", Value: c.listeners}}
		if c.advertised != "" {
			flags = append(flags, config.Entry{Name: "advertised.listeners", Value: c.advertised})
		}
		_, _, err := config.Load(config.Sources{Flags: flags})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %s: %v", c.listeners, c.advertised, err)
		}
	}
	_, _, err := config.Load(config.Sources{Flags: []config.Entry{
		{Name: "listeners", Value: "CONTROLLER://:9093"},
		{Name: "controller.listener.names", Value: "CONTROLLER"}}})
	if err == nil || !strings.Contains(err.Error(), "there must be one for clients") {
		t.Errorf("only controllers: %v", err)
	}
	_, _, err = config.Load(config.Sources{Flags: []config.Entry{
		{Name: "listener.security.protocol.map", Value: "PLAINTEXT"}}})
	if err == nil || !strings.Contains(err.Error(), "write NAME:PROTOCOL") {
		t.Errorf("a map without protocols: %v", err)
	}
}
