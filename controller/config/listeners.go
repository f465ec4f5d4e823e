package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Listener is one place where a node listens, and what it tells clients.
type Listener struct {
	// Name is in capitals. Names are unique.
	Name string
	// Host is empty for every address of the machine. Port is 0 for any free
	// one.
	Host string
	Port uint16
	// AdvertisedHost is what clients are to connect to. It is empty when the
	// node listens at every address and advertised.listeners is not set: then
	// the address by which a client came is right for that client.
	AdvertisedHost string
	// AdvertisedPort is 0 when it is the port that is really listened at.
	AdvertisedPort uint16
}

// Address is host:port, with brackets around an IPv6 address.
func (l Listener) Address() string { return joinHostPort(l.Host, l.Port) }

func joinHostPort(host string, port uint16) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + strconv.Itoa(int(port))
}

// endpoint is one NAME://host:port.
type endpoint struct {
	name string
	host string
	port uint16
}

// parseEndpoint reads one NAME://host:port.
func parseEndpoint(setting, text string) (endpoint, error) {
	wrong := func(problem string) (endpoint, error) {
		return endpoint{}, invalid(setting, text, problem)
	}
	name, rest, found := strings.Cut(text, "://")
	if !found || name == "" {
		return wrong("write NAME://host:port, for example PLAINTEXT://127.0.0.1:9092")
	}
	colon := strings.LastIndexByte(rest, ':')
	if colon < 0 {
		return wrong("the port is missing: write " + text + ":9092, or :0 for any free port")
	}
	port, err := strconv.ParseUint(rest[colon+1:], 10, 16)
	if err != nil {
		return wrong(fmt.Sprintf("%q is not a port: write a number from 0 to 65535", rest[colon+1:]))
	}
	host := rest[:colon]
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host, ok = strings.CutSuffix(inner, "]")
		if !ok || !strings.Contains(host, ":") || strings.Trim(host, "0123456789abcdefABCDEF:.") != "" {
			return wrong("what stands in brackets must be an IPv6 address, for example [::1]")
		}
	} else if strings.Contains(host, ":") {
		return wrong("write an IPv6 address in brackets, for example [::1]:9092")
	}
	if strings.ContainsAny(host, " \t/@?#") {
		return wrong(fmt.Sprintf("%q is not a host name or address", host))
	}
	return endpoint{strings.ToUpper(name), host, uint16(port)}, nil
}

// parseEndpoints reads a list of them with different names.
func parseEndpoints(setting, value string) ([]endpoint, error) {
	var endpoints []endpoint
	for _, text := range splitList(value) {
		parsed, err := parseEndpoint(setting, text)
		if err != nil {
			return nil, err
		}
		same := func(e endpoint) bool { return e.name == parsed.name }
		if slices.ContainsFunc(endpoints, same) {
			return nil, invalid(setting, text, "two listeners are called "+parsed.name+
				": give each a name of its own and say in "+ListenerProtocolMap+" that it is PLAINTEXT")
		}
		endpoints = append(endpoints, parsed)
	}
	return endpoints, nil
}

// isEverywhere reports whether a host stands for every address of the machine.
func isEverywhere(host string) bool { return host == "" || host == "0.0.0.0" || host == "::" }

// listeners puts together listeners, advertised.listeners and the protocol map.
func (l Layers) listeners() ([]Listener, error) {
	value, _, _ := l.BrokerValue(Listeners)
	endpoints, err := parseEndpoints(Listeners, value)
	if err != nil {
		return nil, err
	}
	controllers, _, _ := l.BrokerValue(ControllerListenerNames)
	var result []Listener
	for _, e := range endpoints {
		if slices.Contains(splitList(strings.ToUpper(controllers)), e.name) {
			continue
		}
		if err := l.checkProtocol(e.name); err != nil {
			return nil, err
		}
		for _, other := range result {
			if e.port != 0 && e.port == other.Port && e.host == other.Host {
				return nil, invalid(Listeners, value,
					fmt.Sprintf("%s and %s have the same address", other.Name, e.name))
			}
		}
		listener := Listener{Name: e.name, Host: e.host, Port: e.port,
			AdvertisedHost: e.host, AdvertisedPort: e.port}
		if isEverywhere(e.host) {
			listener.Host, listener.AdvertisedHost = "", ""
		}
		result = append(result, listener)
	}
	if len(result) == 0 {
		return nil, invalid(Listeners, value, "there must be one for clients, for example "+
			"PLAINTEXT://127.0.0.1:9092")
	}
	return result, l.advertise(result)
}

// advertise fills in advertised.listeners.
func (l Layers) advertise(listeners []Listener) error {
	value, _, _ := l.BrokerValue(AdvertisedListeners)
	endpoints, err := parseEndpoints(AdvertisedListeners, value)
	if err != nil {
		return err
	}
	controllers, _, _ := l.BrokerValue(ControllerListenerNames)
	for _, e := range endpoints {
		if slices.Contains(splitList(strings.ToUpper(controllers)), e.name) {
			continue
		}
		at := slices.IndexFunc(listeners, func(l Listener) bool { return l.Name == e.name })
		if at < 0 {
			return invalid(AdvertisedListeners, value,
				e.name+" is not one of the "+Listeners+": add it there, or take it out here")
		}
		if isEverywhere(e.host) {
			return invalid(AdvertisedListeners, value, fmt.Sprintf(
				"clients cannot connect to %q: write the name or address they can reach", e.host))
		}
		listeners[at].AdvertisedHost, listeners[at].AdvertisedPort = e.host, e.port
	}
	return nil
}

// checkProtocol refuses a listener that does not speak PLAINTEXT.
func (l Layers) checkProtocol(name string) error {
	value, _, _ := l.BrokerValue(ListenerProtocolMap)
	for _, pair := range splitList(value) {
		listener, protocol, found := strings.Cut(pair, ":")
		if !found {
			return invalid(ListenerProtocolMap, pair, "write NAME:PROTOCOL, for example INTERNAL:PLAINTEXT")
		}
		if !strings.EqualFold(strings.TrimSpace(listener), name) {
			continue
		}
		if protocol = strings.ToUpper(strings.TrimSpace(protocol)); protocol != "PLAINTEXT" {
			return invalid(ListenerProtocolMap, pair, protocol+
				" is not served yet: write "+name+":PLAINTEXT, and put a TLS proxy in front if needed")
		}
		return nil
	}
	return invalid(ListenerProtocolMap, value, "it says nothing of listener "+name+": add "+
		name+":PLAINTEXT")
}

// logDir is the one directory of log.dirs, or log.dir.
func (l Layers) logDir() (string, error) {
	name := LogDirs
	value, _, ok := l.BrokerValue(LogDirs)
	if !ok || value == "" {
		name = LogDir
		value, _, _ = l.BrokerValue(LogDir)
	}
	directories := splitList(value)
	if len(directories) != 1 || directories[0] == "" {
		return "", invalid(name, value, "write one directory: a node keeps all of its data in one")
	}
	return directories[0], nil
}

func invalid(setting, value, problem string) error {
	return &InvalidValue{Name: setting, Value: strconv.Quote(value), Problem: problem}
}
