package weir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"weir/plugin/protocol"
)

const protocolVersion = 1

type quickKey struct{}

// quickContext marks that waiting for the host would wait forever.
type quickContext struct{ *callContext }

func (c quickContext) Value(key any) any {
	if _, is := key.(quickKey); is {
		return true
	}
	return c.callContext.Value(key)
}

type session struct {
	p         *Plugin
	w         *writer
	r         *reader
	host      *Host
	exchanges *exchanges
	window    int

	mu      sync.Mutex
	configs map[int64]any
	open    map[int64]*callContext
	streams [2]map[int64]*Stream
	watches map[int64]context.CancelFunc

	logs    chan func()
	lost    atomic.Int64
	ticking sync.Map
}

func newSession(p *Plugin, in io.Reader, out io.Writer) *session {
	w := newWriter(out)
	s := &session{p: p, w: w, r: newReader(in), host: newHost(w), window: 256 << 10}
	s.exchanges = &exchanges{told: p.toldOfEnds(), of: map[int64]*sync.Map{}}
	s.configs = map[int64]any{}
	s.open = map[int64]*callContext{}
	s.streams = [2]map[int64]*Stream{{}, {}}
	s.watches = map[int64]context.CancelFunc{}
	return s
}

// message is a line cut up. Its parts are good until the next is read.
type message struct {
	id, method, params, result, fault []byte
	frame                             []byte
}

// run serves until the input ends or shutdown is answered.
func (s *session) run() error {
	// While more messages are at hand, what is answered waits for them, so that it goes out together.
	held := false
	s.r.onWait = func() {
		if held {
			held = false
			s.w.hold(false)
		}
	}
	for {
		line, err := s.r.line()
		if err != nil {
			s.host.leave()
			s.stop()
			s.w.flush()
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		var m message
		bytes := 0
		err = members(line, func(key, value []byte) error {
			switch string(key) {
			case "id":
				m.id = value
			case "method":
				m.method = value
			case "params":
				m.params = value
			case "result":
				m.result = value
			case "error":
				m.fault = value
			case "bytes":
				n, err := integer(value)
				if err != nil || n < 1 || n > int64(s.w.messageBytes) {
					return fmt.Errorf("bytes is %s", value)
				}
				bytes = int(n)
			}
			return nil
		})
		if err != nil {
			s.w.flush()
			return fmt.Errorf("the host has sent what is no message: %w", err)
		}
		if bytes > 0 {
			// The line lies in the reader's memory, which it now needs.
			for _, part := range []*[]byte{&m.id, &m.method, &m.params, &m.result, &m.fault} {
				*part = append([]byte(nil), *part...)
			}
			if m.frame, err = s.r.frame(bytes); err != nil {
				return nil
			}
		}
		if !held && s.r.more() {
			held = true
			s.w.hold(true)
		}
		if last := s.message(&m); last {
			s.w.flush()
			return nil
		}
	}
}

// message tells whether it was the last.
func (s *session) message(m *message) bool {
	if m.method == nil {
		s.answered(m)
		return false
	}
	method, err := bare(m.method)
	switch {
	case err != nil:
		return false
	case m.id == nil:
		s.notice(method, m)
		return false
	}
	return s.request(method, m)
}

func (s *session) answered(m *message) {
	if m.fault == nil {
		s.host.answered(m.id, answer{result: append([]byte(nil), m.result...), frame: m.frame})
		return
	}
	var e protocol.ErrorObject
	if err := json.Unmarshal(m.fault, &e); err != nil {
		e.Message = string(m.fault)
	}
	s.host.answered(m.id, answer{err: &Error{int(e.Code), e.Message}})
}

func (s *session) request(method []byte, m *message) bool {
	id, err := integer(m.id)
	if err != nil {
		return false
	}
	switch string(method) {
	case "requestHead":
		if s.p.RequestHead != nil {
			s.requestHead(id, m.params)
			return false
		}
	case "responseHead":
		if s.p.ResponseHead != nil {
			s.responseHead(id, m.params)
			return false
		}
	case "requestBody":
		if s.p.RequestBody != nil && s.p.RequestBody.Handle != nil {
			s.body(id, m, s.p.RequestBody)
			return false
		}
	case "responseBody":
		if s.p.ResponseBody != nil && s.p.ResponseBody.Handle != nil {
			s.body(id, m, s.p.ResponseBody)
			return false
		}
	case "chooseUpstream":
		if s.p.ChooseUpstream != nil {
			s.choose(id, m.params)
			return false
		}
	case "ping":
		s.result(id, []byte("{}"), nil)
		return false
	case "initialize":
		s.initialize(id, m.params)
		return false
	case "configure":
		var p struct {
			Config int64
			Value  json.RawMessage
		}
		if err := json.Unmarshal(m.params, &p); err != nil {
			s.fail(id, badParams("%v", err))
			return false
		}
		go s.guard(id, func() error {
			if err := s.configure(p.Config, p.Value); err != nil {
				return errorOf(err, CodeParams)
			}
			s.result(id, []byte("{}"), nil)
			return nil
		})
		return false
	case "shutdown":
		if s.p.Stop == nil {
			s.result(id, []byte("{}"), nil)
			return true
		}
		// Stop may ask the host, whose answers are read meanwhile.
		go func() {
			s.stop()
			s.result(id, []byte("{}"), nil)
			s.w.flush()
			exit(0)
		}()
		return false
	}
	s.fail(id, &Error{CodeMethod, "no method " + string(method)})
	return false
}

func (s *session) initialize(id int64, raw []byte) {
	var p struct {
		protocol.InitializeParams
		Config json.RawMessage `json:"config"`
	}
	if err := json.Unmarshal(raw, &p); err != nil {
		s.fail(id, badParams("%v", err))
		return
	}
	if p.Protocol.Min > protocolVersion || p.Protocol.Max < protocolVersion {
		s.fail(id, badParams("this plugin speaks version %d of the protocol, the host %d to %d", protocolVersion, p.Protocol.Min, p.Protocol.Max))
		return
	}
	s.host.Plugin = p.Plugin
	if p.Process != nil {
		s.host.Process = *p.Process
	}
	if p.Capabilities != nil {
		s.host.Calls = p.Capabilities.Calls
		s.w.binary = p.Capabilities.Binary
	}
	if l := p.Limits; l != nil {
		if l.MessageBytes > 0 {
			s.w.messageBytes = int(l.MessageBytes)
		}
		if l.StreamWindow > 0 {
			s.window = int(l.StreamWindow)
		}
	}
	config := p.Config
	if config == nil {
		config = json.RawMessage("null")
	}
	go s.guard(id, func() error {
		if err := s.configure(0, config); err != nil {
			return errorOf(err, CodeParams)
		}
		d := s.p.describe()
		raw, err := json.Marshal(protocol.InitializeResult{
			Protocol: protocolVersion, Name: d.Name, Version: d.Version, Capabilities: d.Capabilities, Phases: d.Phases, Match: d.Match, ConfigSchema: d.ConfigSchema,
		})
		if err != nil {
			return err
		}
		s.result(id, raw, nil)
		return nil
	})
}

func (s *session) configure(number int64, value json.RawMessage) error {
	var made any = value
	if s.p.Configure != nil {
		var err error
		if made, err = s.p.Configure(context.Background(), value, s.host); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.configs[number] = made
	return nil
}

func (s *session) notice(method []byte, m *message) {
	switch string(method) {
	case "requestData":
		s.data(0, s.p.RequestBody, m)
	case "responseData":
		s.data(1, s.p.ResponseBody, m)
	case "requestTaken":
		s.taken(0, m.params)
	case "responseTaken":
		s.taken(1, m.params)
	case "cancel":
		s.cancel(member(m.params, "id"))
	case "done":
		s.done(member(m.params, "x"))
	case "log":
		s.log(m.params)
	case "tick":
		s.tick(m.params)
	case "unconfigure":
		s.mu.Lock()
		delete(s.configs, member(m.params, "config"))
		s.mu.Unlock()
	case "watchEndpoints":
		s.watch(m.params)
	case "unwatchEndpoints":
		s.unwatch(member(m.params, "watch"))
	}
}

func (s *session) cancel(id int64) {
	s.mu.Lock()
	ctx := s.open[id]
	s.mu.Unlock()
	if ctx != nil {
		ctx.cancel(context.Canceled)
	}
}

func (s *session) done(x int64) {
	s.mu.Lock()
	for _, ctx := range s.open {
		if ctx.x == x {
			ctx.cancel(context.Canceled)
		}
	}
	for _, streams := range s.streams {
		if stream := streams[x]; stream != nil {
			stream.ctx.cancel(context.Canceled)
			stream.close()
			delete(streams, x)
		}
	}
	s.mu.Unlock()
	state := s.exchanges.done(x)
	if s.p.Done != nil {
		go s.quietly("done", func() { s.p.Done(x, state, s.host) })
	}
}

// log hands batches over in their order; what comes while 64 of them wait is lost.
func (s *session) log(raw []byte) {
	if s.p.Log == nil {
		return
	}
	var p protocol.LogParams
	if err := json.Unmarshal(raw, &p); err != nil {
		complain("log: %v", err)
		return
	}
	if s.logs == nil {
		s.logs = make(chan func(), 64)
		go func() {
			for f := range s.logs {
				s.quietly("log", f)
			}
		}()
	}
	if p.Lost != nil {
		s.lost.Add(*p.Lost)
	}
	select {
	case s.logs <- func() { s.p.Log.Handle(p.Records, s.lost.Swap(0), s.host) }:
	default:
		s.lost.Add(int64(len(p.Records)))
	}
}

func (s *session) tick(raw []byte) {
	number := member(raw, "config")
	if _, busy := s.ticking.LoadOrStore(number, true); s.p.Tick == nil || busy {
		return
	}
	now := time.UnixMilli(member(raw, "time"))
	config := s.config(number)
	go func() {
		defer s.ticking.Delete(number)
		s.quietly("tick", func() { s.p.Tick.Handle(now, config, s.host) })
	}()
}

func (s *session) watch(raw []byte) {
	var p struct {
		Watch   int64
		Cluster string
		Config  json.RawMessage
	}
	if err := json.Unmarshal(raw, &p); err != nil || s.p.Endpoints == nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	s.watches[p.Watch] = cancel
	s.mu.Unlock()
	w := &Watch{Cluster: p.Cluster, Config: p.Config, Host: s.host, number: p.Watch, ctx: ctx}
	go s.quietly("endpoints", func() { s.p.Endpoints.Watch(ctx, w) })
}

func (s *session) unwatch(number int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cancel := s.watches[number]; cancel != nil {
		cancel()
		delete(s.watches, number)
	}
}

func (s *session) config(number int64) any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.configs[number]
}

func (s *session) stop() {
	if s.p.Stop != nil {
		s.quietly("stop", func() { s.p.Stop(s.host) })
	}
}

func (s *session) result(id int64, result, frame []byte) {
	b := strconv.AppendInt(append(make([]byte, 0, 64+len(result)), `{"jsonrpc":"2.0","id":`...), id, 10)
	b = append(append(b, `,"result":`...), result...)
	if err := s.w.send(b, frame); err != nil {
		s.fail(id, errorOf(err, CodeFailed))
	}
}

func (s *session) fail(id int64, e *Error) {
	b := strconv.AppendInt(append(make([]byte, 0, 128), `{"jsonrpc":"2.0","id":`...), id, 10)
	b = strconv.AppendInt(append(b, `,"error":{"code":`...), int64(e.Code), 10)
	b = appendText(append(b, `,"message":`...), e.Message)
	_ = s.w.send(append(b, '}'), nil)
}

// guard answers with an error what fails or panics.
func (s *session) guard(id int64, f func() error) {
	defer func() {
		if r := recover(); r != nil {
			complain("a handler has panicked: %v\n%s", r, debug.Stack())
			s.fail(id, &Error{CodeFailed, fmt.Sprint(r)})
		}
	}()
	if err := f(); err != nil {
		s.fail(id, errorOf(err, CodeFailed))
	}
}

// quietly tells of a panic where nobody waits for an answer.
func (s *session) quietly(what string, f func()) {
	defer func() {
		if r := recover(); r != nil {
			complain("%s has panicked: %v\n%s", what, r, debug.Stack())
		}
	}()
	f()
}

func member(raw []byte, name string) int64 {
	var n int64
	_ = members(raw, func(key, value []byte) error {
		if string(key) == name {
			n, _ = integer(value)
		}
		return nil
	})
	return n
}
