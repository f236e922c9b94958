package weir

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"weir/plugin/protocol"
)

// Call is what every call of an exchange has. It belongs to the goroutine of its handler.
type Call struct {
	// Number of the exchange.
	X int64
	// What Configure made of the settings of this use.
	Config any
	// What the plugin may ask of Weir.
	Host *Host

	ctx       *callContext
	exchanges *exchanges
	state     *sync.Map
}

// State is what handlers of one exchange leave for each other.
func (c *Call) State() *sync.Map {
	if c.state == nil {
		c.state = c.exchanges.state(c.ctx)
	}
	return c.state
}

// Left is how long the host still waits for the answer.
func (c *Call) Left() time.Duration { return time.Until(c.ctx.deadline) }

// headCall is what heads have. What a handler does not ask for is not decoded.
type headCall struct {
	Call
	// No body follows.
	End bool

	fields     []byte
	attributes []byte
	decoded    []Field
	hasFields  bool
}

// Fields are all fields that were sent, in their order.
func (c *headCall) Fields() []Field {
	if !c.hasFields {
		c.hasFields = true
		c.decoded = decodeFields(c.fields)
	}
	return c.decoded
}

// Field is the value of the first field of this name, in lower case, and whether there is one. Its characters are its bytes.
func (c *headCall) Field(name string) (string, bool) {
	var raw []byte
	_ = elements(c.fields, func(pair []byte) error {
		is := 0
		return elements(pair, func(part []byte) error {
			is++
			if is == 1 {
				if n, err := bare(part); err != nil || string(n) != name {
					is = 2
				}
				return nil
			}
			if is == 2 {
				raw = part
				return errFound
			}
			return nil
		})
	})
	if raw == nil {
		return "", false
	}
	value, err := text(raw)
	return value, err == nil
}

// errFound ends a search.
var errFound = errors.New("found")

// Attribute decodes a fact into a pointer, and tells whether it is there.
func (c *headCall) Attribute(name string, into any) bool { return attribute(c.attributes, name, into) }

// Text is an attribute that is text; empty where it is absent.
func (c *headCall) Text(name string) string {
	var s string
	c.Attribute(name, &s)
	return s
}

// RequestCall is a request's head.
type RequestCall struct {
	headCall
	request []byte
	// Raw method, scheme, authority and path.
	parts [4][]byte
	cut   bool
}

// Method of the request.
func (c *RequestCall) Method() string { return c.part(0) }

// Scheme is http or https.
func (c *RequestCall) Scheme() string { return c.part(1) }

// Authority is host and port as the client named them.
func (c *RequestCall) Authority() string { return c.part(2) }

// Path with its query.
func (c *RequestCall) Path() string { return c.part(3) }

// Fields are all fields that were sent, in their order.
func (c *RequestCall) Fields() []Field { c.cutUp(); return c.headCall.Fields() }

// Field is the value of the first field of this name, in lower case, and whether there is one. Its characters are its bytes.
func (c *RequestCall) Field(name string) (string, bool) { c.cutUp(); return c.headCall.Field(name) }

func (c *RequestCall) part(i int) string {
	c.cutUp()
	s, _ := text(c.parts[i])
	return s
}

func (c *RequestCall) cutUp() {
	if c.cut {
		return
	}
	c.cut = true
	_ = members(c.request, func(key, value []byte) error {
		switch string(key) {
		case "method":
			c.parts[0] = value
		case "scheme":
			c.parts[1] = value
		case "authority":
			c.parts[2] = value
		case "path":
			c.parts[3] = value
		case "fields":
			c.fields = value
		}
		return nil
	})
}

// ResponseCall is a reply's head.
type ResponseCall struct {
	headCall
	Status int
}

// BodyCall is a whole body.
type BodyCall struct {
	Call
	Body     []byte
	Trailers []Field
}

// UpstreamHost is a host that can be picked.
type UpstreamHost = protocol.UpstreamHost

// ChooseCall wants a host of a cluster.
type ChooseCall struct {
	Call
	Cluster string
	Hosts   []UpstreamHost
	// Which try of the request, from 1.
	Attempt    int
	attributes []byte
}

// Attribute decodes a fact into a pointer, and tells whether it is there.
func (c *ChooseCall) Attribute(name string, into any) bool {
	return attribute(c.attributes, name, into)
}

func attribute(raw []byte, name string, into any) bool {
	found := false
	_ = members(raw, func(key, value []byte) error {
		if string(key) == name {
			found = json.Unmarshal(value, into) == nil
		}
		return nil
	})
	return found
}

func decodeFields(raw []byte) []Field {
	var out []Field
	_ = elements(raw, func(pair []byte) error {
		var f Field
		i := 0
		err := elements(pair, func(part []byte) error {
			if i > 1 {
				return errNotJSON
			}
			s, err := text(part)
			f[i] = s
			i++
			return err
		})
		if err == nil && i == 2 {
			out = append(out, f)
		}
		return err
	})
	return out
}

// bodyOf takes the bytes of a message: its frame, or the member that stands for one.
func bodyOf(frame, asText, asBase64 []byte) ([]byte, error) {
	if frame != nil {
		return frame, nil
	}
	if asBase64 != nil {
		s, err := text(asBase64)
		if err != nil {
			return nil, err
		}
		return base64.StdEncoding.DecodeString(s)
	}
	if asText != nil {
		s, err := text(asText)
		return []byte(s), err
	}
	return nil, nil
}

// exchanges keeps the states of exchanges whose end is told.
type exchanges struct {
	told bool
	mu   sync.Mutex
	of   map[int64]*sync.Map
}

func (e *exchanges) state(ctx *callContext) *sync.Map {
	// One that is over is not told again.
	if !e.told || ctx.Err() != nil {
		return &sync.Map{}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.of[ctx.x]
	if s == nil {
		s = &sync.Map{}
		e.of[ctx.x] = s
	}
	return s
}

func (e *exchanges) done(x int64) *sync.Map {
	e.mu.Lock()
	defer e.mu.Unlock()
	s := e.of[x]
	delete(e.of, x)
	if s == nil {
		s = &sync.Map{}
	}
	return s
}
