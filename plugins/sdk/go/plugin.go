// Package weir is the library to write plugins for Weir with. A plugin is a value of Plugin, with a handler for each phase that it
// wants, and Serve.
package weir

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"weir/plugin/protocol"
)

// AllFields, as Fields of a phase, stands for every field.
var AllFields = []string{"*"}

// Match is requests that a plugin has to do with: all that it names holds.
type Match = protocol.Match

// Endpoint of a cluster.
type Endpoint = protocol.Endpoint

// Plugin is who it is, and what it wants. Handlers run at once, each in a goroutine; a context ends when the host does not wait any
// more: the client is gone, or the deadline has passed. A handler that panics fails its call alone.
type Plugin struct {
	Name    string
	Version string
	// Requests that it has to do with; none: all. The call that is not made is the cheapest.
	Match []Match
	// JSON Schema of the settings: anything that encoding/json writes. nil: any settings.
	ConfigSchema any
	// Bodies come as text where they are valid UTF-8.
	Text bool

	// Configure makes of a use's settings, null where there are none, what handlers find in Config. Its error refuses them.
	// nil: they find the json.RawMessage.
	Configure func(ctx context.Context, value json.RawMessage, h *Host) (any, error)

	RequestHead    *RequestHead
	RequestBody    *Body
	ResponseHead   *ResponseHead
	ResponseBody   *Body
	ChooseUpstream *ChooseUpstream
	Log            *Log
	Tick           *Tick
	Endpoints      *Endpoints

	// Done is told of exchanges that are over, where the plugin has more than one phase of them, or a streamed body.
	Done func(x int64, state *sync.Map, h *Host)
	// Stop is the last thing before the process ends. Host calls fail where the host is gone.
	Stop func(h *Host)
}

// RequestHead is the phase of requests' heads.
type RequestHead struct {
	// Fields and attributes that are sent.
	Fields     []string
	Attributes []string
	// A nil action changes nothing.
	Handle func(ctx context.Context, c *RequestCall) (*Action, error)
	// Handle never waits, and runs where messages are read: that saves the start of a goroutine, and holds up everything else
	// while it runs. Its host calls that have an answer fail.
	Quick bool
}

// ResponseHead is the phase of replies' heads.
type ResponseHead struct {
	Fields     []string
	Attributes []string
	Handle     func(ctx context.Context, c *ResponseCall) (*Action, error)
	// As in RequestHead.
	Quick bool
}

// Body is the phase of bodies: whole ones with Handle, or streamed with Stream.
type Body struct {
	// Longest body in bytes that Handle gets; 0: what the host allows.
	Limit  int64
	Handle func(ctx context.Context, c *BodyCall) (*Action, error)
	// Stream reads what comes and writes what goes on in its place. nil ends it, ErrPass lets all that it has not taken go on
	// unchanged, any other error gives the body up.
	Stream func(ctx context.Context, s *Stream) error
}

// ChooseUpstream is the phase in which a host of a cluster is wanted.
type ChooseUpstream struct {
	Attributes []string
	// The address of one of the hosts; empty: the cluster's own policy.
	Handle func(ctx context.Context, c *ChooseCall) (string, error)
}

// Log is told of exchanges that have ended, one batch after another.
type Log struct {
	Attributes []string
	// How long records are gathered, and how many at most; 0: 1 s, 100.
	Every time.Duration
	Batch int
	// lost: records that did not come because the plugin was slow.
	Handle func(records []map[string]any, lost int64, h *Host)
}

// Tick is told of time, for each config in use. One that takes long is not told again meanwhile.
type Tick struct {
	// At least 100 ms.
	Every  time.Duration
	Handle func(now time.Time, config any, h *Host)
}

// Endpoints is a source of the endpoints of clusters.
type Endpoints struct {
	// Watch calls w.Tell whenever they change, until ctx ends.
	Watch func(ctx context.Context, w *Watch)
}

// Watch is a cluster whose endpoints are wanted.
type Watch struct {
	Cluster string
	Config  json.RawMessage
	Host    *Host
	number  int64
	ctx     context.Context
}

// Tell tells the whole list.
func (w *Watch) Tell(endpoints []Endpoint) {
	if w.ctx.Err() != nil {
		return
	}
	if endpoints == nil {
		endpoints = []Endpoint{}
	}
	w.Host.notify("endpoints", protocol.EndpointsParams{Watch: w.number, Endpoints: endpoints})
}

// describe is the answer of initialize but for the protocol.
func (p *Plugin) describe() protocol.PluginDescription {
	out := protocol.PluginDescription{
		Name:         p.Name,
		Version:      p.Version,
		Capabilities: &protocol.PluginCapabilities{Binary: true, Text: p.Text},
		Match:        p.Match,
	}
	if p.ConfigSchema != nil {
		raw, err := json.Marshal(p.ConfigSchema)
		if err == nil {
			err = json.Unmarshal(raw, &out.ConfigSchema)
		}
		if err != nil {
			panic("ConfigSchema is no object of JSON: " + err.Error())
		}
	}
	if h := p.RequestHead; h != nil {
		out.Phases.RequestHead = &protocol.HeadPhase{Fields: fieldNames(h.Fields), Attributes: h.Attributes}
	}
	if h := p.ResponseHead; h != nil {
		out.Phases.ResponseHead = &protocol.HeadPhase{Fields: fieldNames(h.Fields), Attributes: h.Attributes}
	}
	out.Phases.RequestBody = p.RequestBody.describe()
	out.Phases.ResponseBody = p.ResponseBody.describe()
	if c := p.ChooseUpstream; c != nil {
		out.Phases.ChooseUpstream = &protocol.ChoosePhase{Attributes: c.Attributes}
	}
	if l := p.Log; l != nil {
		out.Phases.Log = &protocol.LogPhase{Attributes: l.Attributes, EveryMs: millis(l.Every), Batch: int64(l.Batch)}
	}
	if t := p.Tick; t != nil {
		out.Phases.Tick = &protocol.TickPhase{EveryMs: millis(t.Every)}
	}
	if p.Endpoints != nil {
		out.Phases.Endpoints = &protocol.EndpointsPhase{}
	}
	return out
}

func (b *Body) describe() *protocol.BodyPhase {
	if b == nil {
		return nil
	}
	if b.Stream != nil {
		return &protocol.BodyPhase{Mode: "streamed"}
	}
	out := &protocol.BodyPhase{Mode: "buffered"}
	if b.Limit > 0 {
		out.LimitBytes = &b.Limit
	}
	return out
}

func fieldNames(names []string) any {
	if len(names) == 0 {
		return nil
	}
	if len(names) == 1 && names[0] == "*" {
		return "*"
	}
	return names
}

// toldOfEnds: the host tells of the ends of exchanges.
func (p *Plugin) toldOfEnds() bool {
	phases := 0
	for _, has := range []bool{p.RequestHead != nil, p.RequestBody != nil, p.ResponseHead != nil, p.ResponseBody != nil, p.ChooseUpstream != nil} {
		if has {
			phases++
		}
	}
	streams := func(b *Body) bool { return b != nil && b.Stream != nil }
	return phases > 1 || streams(p.RequestBody) || streams(p.ResponseBody)
}
