package weir

import (
	"context"
	"encoding/json"
	"sync"

	"weir/plugin/protocol"
)

// callParams is what params of calls have in common.
type callParams struct {
	x, config, deadlineMs int64
	head, attributes      []byte
	end                   bool
	text, base64          []byte
	trailers              []byte
}

// cut copies the params, which outlive the line, and cuts them up. `head` names the member that must be there; empty: none.
func cut(params []byte, head string) (callParams, error) {
	var c callParams
	own := append(make([]byte, 0, len(params)), params...)
	err := members(own, func(key, value []byte) (err error) {
		switch string(key) {
		case "x":
			c.x, err = integer(value)
		case "config":
			c.config, err = integer(value)
		case "deadlineMs":
			c.deadlineMs, err = integer(value)
		case "attributes":
			c.attributes = value
		case "end":
			c.end = isTrue(value)
		case "text":
			c.text = value
		case "base64":
			c.base64 = value
		case "trailers":
			c.trailers = value
		default:
			if string(key) != head {
				break
			}
			c.head = value
		}
		return err
	})
	if err != nil {
		return c, badParams("params can't be read: %v", err)
	}
	if head != "" && (len(c.head) == 0 || c.head[0] != '{') {
		return c, badParams("pass %s", head)
	}
	return c, nil
}

func (s *session) call(c callParams, ctx *callContext) Call {
	return Call{X: c.x, Config: s.config(c.config), Host: s.host, ctx: ctx, exchanges: s.exchanges}
}

func (s *session) requestHead(id int64, params []byte) {
	p, err := cut(params, "request")
	if err != nil {
		s.fail(id, errorOf(err, CodeParams))
		return
	}
	ctx := newContext(p.x, p.deadlineMs)
	c := &RequestCall{headCall: headCall{Call: s.call(p, ctx), End: p.end, attributes: p.attributes}, request: p.head}
	h := s.p.RequestHead
	s.action(id, ctx, h.Quick, func(ctx context.Context) (*Action, error) { return h.Handle(ctx, c) })
}

func (s *session) responseHead(id int64, params []byte) {
	p, err := cut(params, "response")
	if err != nil {
		s.fail(id, errorOf(err, CodeParams))
		return
	}
	ctx := newContext(p.x, p.deadlineMs)
	c := &ResponseCall{headCall: headCall{Call: s.call(p, ctx), End: p.end, attributes: p.attributes}}
	_ = members(p.head, func(key, value []byte) error {
		switch string(key) {
		case "status":
			n, err := integer(value)
			c.Status = int(n)
			return err
		case "fields":
			c.fields = value
		}
		return nil
	})
	h := s.p.ResponseHead
	s.action(id, ctx, h.Quick, func(ctx context.Context) (*Action, error) { return h.Handle(ctx, c) })
}

func (s *session) body(id int64, m *message, phase *Body) {
	p, err := cut(m.params, "")
	var body []byte
	if err == nil {
		body, err = bodyOf(m.frame, p.text, p.base64)
	}
	if err != nil {
		s.fail(id, errorOf(err, CodeParams))
		return
	}
	ctx := newContext(p.x, p.deadlineMs)
	c := &BodyCall{Call: s.call(p, ctx), Body: body, Trailers: decodeFields(p.trailers)}
	s.action(id, ctx, false, func(ctx context.Context) (*Action, error) { return phase.Handle(ctx, c) })
}

func (s *session) choose(id int64, params []byte) {
	var p protocol.ChooseUpstreamParams
	if err := json.Unmarshal(params, &p); err != nil {
		s.fail(id, badParams("%v", err))
		return
	}
	own, err := cut(params, "")
	if err != nil {
		s.fail(id, errorOf(err, CodeParams))
		return
	}
	ctx := newContext(p.X, p.DeadlineMs)
	c := &ChooseCall{Call: s.call(own, ctx), Cluster: p.Cluster, Hosts: p.Hosts, Attempt: max(1, int(p.Attempt)), attributes: own.attributes}
	s.begin(id, ctx)
	go func() {
		defer s.end(id, ctx)
		s.guard(id, func() error {
			host, err := s.p.ChooseUpstream.Handle(ctx, c)
			if err != nil {
				return err
			}
			b := []byte{'{'}
			if host != "" {
				b = appendText(appendKey(b, "host"), host)
			}
			s.result(id, append(b, '}'), nil)
			return nil
		})
	}()
}

// action runs a handler, in a goroutine unless it is quick, and sends what it wants.
func (s *session) action(id int64, ctx *callContext, quick bool, handle func(context.Context) (*Action, error)) {
	if quick {
		s.guard(id, func() error { return s.act(id, quickContext{ctx}, handle) })
		ctx.cancel(context.Canceled)
		return
	}
	s.begin(id, ctx)
	go func() {
		defer s.end(id, ctx)
		s.guard(id, func() error { return s.act(id, ctx, handle) })
	}()
}

func (s *session) act(id int64, ctx context.Context, handle func(context.Context) (*Action, error)) error {
	a, err := handle(ctx)
	if err != nil {
		return err
	}
	b, frame, err := appendAction(make([]byte, 0, 128), a, s.w.binary)
	if err == nil {
		s.result(id, b, frame)
	}
	return err
}

func (s *session) begin(id int64, ctx *callContext) {
	s.mu.Lock()
	s.open[id] = ctx
	s.mu.Unlock()
}

func (s *session) end(id int64, ctx *callContext) {
	ctx.cancel(context.Canceled)
	s.mu.Lock()
	delete(s.open, id)
	s.mu.Unlock()
}

// data takes a piece of a streamed body; the first begins a stream. direction: 0: of a request; 1: of a reply.
func (s *session) data(direction int, phase *Body, m *message) {
	p, err := cut(m.params, "")
	var piece []byte
	if err == nil {
		piece, err = bodyOf(m.frame, p.text, p.base64)
	}
	if err != nil || phase == nil || phase.Stream == nil {
		return
	}
	s.mu.Lock()
	stream := s.streams[direction][p.x]
	isNew := stream == nil
	if isNew {
		stream = s.newStream(direction, p)
		s.streams[direction][p.x] = stream
	}
	s.mu.Unlock()
	stream.receive(piece, p.end, decodeFields(p.trailers))
	if !isNew {
		s.forget(direction, stream)
		return
	}
	go func() {
		stream.finish(s.streamed(phase, stream))
		stream.ctx.cancel(context.Canceled)
		s.forget(direction, stream)
	}()
}

// newStream: the lock is held.
func (s *session) newStream(direction int, p callParams) *Stream {
	stream := &Stream{w: s.w, credit: s.window}
	stream.out, stream.taken = "requestOut", "requestTaken"
	if direction == 1 {
		stream.out, stream.taken = "responseOut", "responseTaken"
	}
	ctx := newContext(p.x, 0)
	stream.Call = Call{X: p.x, Config: s.configs[p.config], Host: s.host, ctx: ctx, exchanges: s.exchanges}
	stream.changed = sync.Cond{L: &stream.mu}
	return stream
}

func (s *session) streamed(phase *Body, stream *Stream) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = panicked(r)
		}
	}()
	return phase.Stream(stream.ctx, stream)
}

func (s *session) forget(direction int, stream *Stream) {
	if !stream.over() {
		return
	}
	s.mu.Lock()
	if s.streams[direction][stream.X] == stream {
		delete(s.streams[direction], stream.X)
	}
	s.mu.Unlock()
}

func (s *session) taken(direction int, params []byte) {
	s.mu.Lock()
	stream := s.streams[direction][member(params, "x")]
	s.mu.Unlock()
	if stream != nil {
		stream.give(member(params, "bytes"))
	}
}
