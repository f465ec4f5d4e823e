package netio

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"

	"odradek/core/env"
)

// splitAddress takes host:port apart. The host may be empty, a name, an IPv4
// address, or an IPv6 address in brackets.
func splitAddress(at env.Address) (host string, port uint16, err error) {
	host, portText, err := net.SplitHostPort(string(at))
	if err != nil {
		return "", 0, fmt.Errorf("address %q is not host:port: %w", at, err)
	}
	number, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return "", 0, fmt.Errorf("address %q has no port of 0 to 65535", at)
	}
	return host, uint16(number), nil
}

// resolve finds the IP address of a host, IPv4 first. It may wait for the name
// service unless the host is a literal address.
func resolve(ctx context.Context, host string) (netip.Addr, error) {
	if literal, err := netip.ParseAddr(host); err == nil {
		return literal.Unmap(), nil
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("look up host %q: %w", host, err)
	}
	for _, a := range found {
		if a.Unmap().Is4() {
			return a.Unmap(), nil
		}
	}
	if len(found) == 0 {
		return netip.Addr{}, fmt.Errorf("host %q has no address", host)
	}
	return found[0], nil
}

// sockaddr is an address as the kernel wants it, with the socket's family.
func sockaddr(at netip.AddrPort) (unix.Sockaddr, int) {
	if ip := at.Addr().Unmap(); ip.Is4() {
		return &unix.SockaddrInet4{Port: int(at.Port()), Addr: ip.As4()}, unix.AF_INET
	}
	sa := &unix.SockaddrInet6{Port: int(at.Port()), Addr: at.Addr().As16()}
	if zone := at.Addr().Zone(); zone != "" {
		if link, err := net.InterfaceByName(zone); err == nil {
			sa.ZoneId = uint32(link.Index)
		}
	}
	return sa, unix.AF_INET6
}

// addressOf is a kernel's address as we write it. An IPv4 peer of a socket that
// takes both families reads as IPv4.
func addressOf(sa unix.Sockaddr) netip.AddrPort {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}
