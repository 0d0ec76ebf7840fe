package domains

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

const (
	maxServers = 3    // of the system's resolvers, as resolv.conf(5) has it
	maxPacket  = 1232 // bytes over UDP that survive every network (DNS flag day 2020)
)

// askServers asks the servers in turn until one gives a usable answer: records, none, or ErrNoSuchName.
func askServers(ctx context.Context, servers []string, name string, kind dnsmessage.Type) (dnsmessage.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, questionTime)
	defer cancel()
	err := errors.New("no DNS server is configured")
	for _, server := range servers {
		var answer dnsmessage.Message
		if answer, err = exchange(ctx, server, name, kind); err != nil {
			continue
		}
		switch answer.RCode {
		case dnsmessage.RCodeSuccess:
			return answer, nil
		case dnsmessage.RCodeNameError:
			return dnsmessage.Message{}, ErrNoSuchName
		}
		err = errors.New("the DNS server answered with a failure: " + answer.RCode.String())
	}
	return dnsmessage.Message{}, err
}

// exchange asks over UDP, again after silence (a packet may be lost), and over TCP if the answer was cut.
func exchange(ctx context.Context, server, name string, kind dnsmessage.Type) (dnsmessage.Message, error) {
	const attempts = 2
	var answer dnsmessage.Message
	var err error
	for range attempts {
		// A new id and a new port for each packet: who cannot see our packets has to guess both.
		if answer, err = exchangeUDP(ctx, server, name, kind, questionTime/(attempts+1)); err == nil {
			break
		}
	}
	if err == nil && answer.Truncated {
		return exchangeTCP(ctx, server, name, kind)
	}
	return answer, err
}

func exchangeUDP(ctx context.Context, server, name string, kind dnsmessage.Type, limit time.Duration) (dnsmessage.Message, error) {
	q, err := newQuestion(name, kind)
	if err != nil {
		return dnsmessage.Message{}, err
	}
	conn, err := dialUntil(ctx, "udp", server, limit)
	if err != nil {
		return dnsmessage.Message{}, err
	}
	defer conn.Close()
	if _, err := conn.Write(q.packet); err != nil {
		return dnsmessage.Message{}, err
	}
	buffer := make([]byte, maxPacket)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return dnsmessage.Message{}, err
		}
		// Anything but the answer is a forgery or comes late: wait on.
		if answer, ok := q.answer(buffer[:n]); ok {
			return answer, nil
		}
	}
}

// exchangeTCP puts the length in two bytes before each message (RFC 1035 §4.2.2), which limits an answer to 64 KiB.
func exchangeTCP(ctx context.Context, server, name string, kind dnsmessage.Type) (dnsmessage.Message, error) {
	q, err := newQuestion(name, kind)
	if err != nil {
		return dnsmessage.Message{}, err
	}
	conn, err := dialUntil(ctx, "tcp", server, questionTime)
	if err != nil {
		return dnsmessage.Message{}, err
	}
	defer conn.Close()
	if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(q.packet))), q.packet...)); err != nil {
		return dnsmessage.Message{}, err
	}
	var length uint16
	if err := binary.Read(conn, binary.BigEndian, &length); err != nil {
		return dnsmessage.Message{}, err
	}
	buffer := make([]byte, length)
	if _, err := io.ReadFull(conn, buffer); err != nil {
		return dnsmessage.Message{}, err
	}
	answer, ok := q.answer(buffer)
	if !ok {
		return dnsmessage.Message{}, errors.New("the DNS server sent something that is not the answer")
	}
	return answer, nil
}

func dialUntil(ctx context.Context, network, server string, limit time.Duration) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: limit}).DialContext(ctx, network, server)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(limit)
	if end, ok := ctx.Deadline(); ok && end.Before(deadline) {
		deadline = end
	}
	if err := conn.SetDeadline(deadline); err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// dnsQuestion is one question in a packet.
type dnsQuestion struct {
	packet []byte
	id     uint16
	asked  dnsmessage.Question
}

func newQuestion(name string, kind dnsmessage.Type) (dnsQuestion, error) {
	owner, err := dnsmessage.NewName(rooted(name))
	if err != nil {
		return dnsQuestion{}, err
	}
	var random [2]byte
	_, _ = rand.Read(random[:]) // never fails: crypto/rand ends the process instead
	q := dnsQuestion{
		id:    binary.BigEndian.Uint16(random[:]),
		asked: dnsmessage.Question{Name: owner, Type: kind, Class: dnsmessage.ClassINET},
	}
	var edns dnsmessage.ResourceHeader
	if err := edns.SetEDNS0(maxPacket, dnsmessage.RCodeSuccess, false); err != nil {
		return dnsQuestion{}, err
	}
	message := dnsmessage.Message{
		Header:      dnsmessage.Header{ID: q.id, RecursionDesired: true},
		Questions:   []dnsmessage.Question{q.asked},
		Additionals: []dnsmessage.Resource{{Header: edns, Body: &dnsmessage.OPTResource{}}},
	}
	q.packet, err = message.Pack()
	return q, err
}

// answer reads a packet and reports whether it answers this question: same id, same question.
func (q dnsQuestion) answer(packet []byte) (dnsmessage.Message, bool) {
	var message dnsmessage.Message
	if err := message.Unpack(packet); err != nil || !message.Response || message.ID != q.id || len(message.Questions) != 1 {
		return dnsmessage.Message{}, false
	}
	got := message.Questions[0]
	same := got.Type == q.asked.Type && got.Class == q.asked.Class && strings.EqualFold(got.Name.String(), q.asked.Name.String())
	return message, same
}
