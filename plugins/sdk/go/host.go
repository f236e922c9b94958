package weir

import (
	"context"
	"encoding/json"
	"strconv"
	"sync"
	"time"

	"weir/plugin/protocol"
)

// Host is what the plugin may ask of Weir. What its config does not grant fails with CodeNotGranted.
type Host struct {
	// Plugin is its name in the config, Process which of its processes this is, from 0, and Calls the names of calls that are granted.
	Plugin  string
	Process int64
	Calls   []string

	w       *writer
	mu      sync.Mutex
	lastID  int64
	waiting map[int64]chan answer
	gone    bool
}

type answer struct {
	result, frame []byte
	err           *Error
}

func newHost(w *writer) *Host { return &Host{w: w, waiting: map[int64]chan answer{}} }

// Debug, Info, Warn and Error write a line of Weir's log. facts may be nil.
func (h *Host) Debug(message string, facts map[string]any) { h.log("debug", message, facts) }
func (h *Host) Info(message string, facts map[string]any)  { h.log("info", message, facts) }
func (h *Host) Warn(message string, facts map[string]any)  { h.log("warn", message, facts) }
func (h *Host) Error(message string, facts map[string]any) { h.log("error", message, facts) }

func (h *Host) log(level, message string, facts map[string]any) {
	h.notify("log", protocol.LogLineParams{Level: level, Message: message, Facts: facts})
}

// Count adds to the counter weir_plugin_NAME_total. labels may be nil.
func (h *Host) Count(name string, add float64, labels map[string]string) {
	h.notify("count", protocol.CountParams{Name: name, Add: &add, Labels: labels})
}

// Get reads a value of the shared store into a pointer, and tells whether there is one.
func (h *Host) Get(ctx context.Context, key string, into any) (bool, error) {
	a, err := h.ask(ctx, "kv.get", protocol.KvGetParams{Key: key}, nil)
	if err != nil {
		return false, err
	}
	var result struct {
		Value json.RawMessage `json:"value"`
	}
	if err := json.Unmarshal(a.result, &result); err != nil {
		return false, err
	}
	if len(result.Value) == 0 || string(result.Value) == "null" {
		return false, nil
	}
	return true, json.Unmarshal(result.Value, into)
}

// Set writes a value. ttl: 0: it stays while Weir runs.
func (h *Host) Set(ctx context.Context, key string, value any, ttl time.Duration) error {
	_, err := h.ask(ctx, "kv.set", protocol.KvSetParams{Key: key, Value: value, TTLMs: millis(ttl)}, nil)
	return err
}

// Delete takes a value away, and tells whether there was one.
func (h *Host) Delete(ctx context.Context, key string) (bool, error) {
	var result protocol.KvDeleteResult
	a, err := h.ask(ctx, "kv.delete", protocol.KvDeleteParams{Key: key}, nil)
	if err == nil {
		err = json.Unmarshal(a.result, &result)
	}
	return result.Deleted, err
}

// Add adds to a counter and tells what it is now. ttl counts when it is made; 0: it stays while Weir runs.
func (h *Host) Add(ctx context.Context, key string, by float64, ttl time.Duration) (float64, error) {
	var result protocol.KvAddResult
	a, err := h.ask(ctx, "kv.add", protocol.KvAddParams{Key: key, By: by, TTLMs: millis(ttl)}, nil)
	if err == nil {
		err = json.Unmarshal(a.result, &result)
	}
	return result.Value, err
}

// HTTPCall is a request to a cluster of the config. Method: empty: GET; Authority: empty: the endpoint's; Timeout: 0: the host's.
type HTTPCall struct {
	Cluster, Method, Path, Authority string
	Fields                           []Field
	Timeout                          time.Duration
	Body                             []byte
}

// HTTPAnswer is what came.
type HTTPAnswer struct {
	Status int
	Fields []Field
	Body   []byte
}

// HTTP sends a request to a cluster.
func (h *Host) HTTP(ctx context.Context, c HTTPCall) (*HTTPAnswer, error) {
	p := protocol.HttpParams{Cluster: c.Cluster, Method: c.Method, Path: c.Path, Fields: c.Fields, TimeoutMs: millis(c.Timeout)}
	if c.Authority != "" {
		p.Authority = c.Authority
	}
	a, err := h.ask(ctx, "http", p, c.Body)
	if err != nil {
		return nil, err
	}
	out := &HTTPAnswer{}
	var asText, asBase64 []byte
	err = members(a.result, func(key, value []byte) error {
		switch string(key) {
		case "status":
			n, err := integer(value)
			out.Status = int(n)
			return err
		case "fields":
			out.Fields = decodeFields(value)
		case "text":
			asText = value
		case "base64":
			asBase64 = value
		}
		return nil
	})
	if err == nil {
		out.Body, err = bodyOf(a.frame, asText, asBase64)
	}
	return out, err
}

// notify sends a notification. What can't be sent, because it is too long or no JSON, is told on standard error.
func (h *Host) notify(method string, params any) {
	b := append(make([]byte, 0, 256), `{"jsonrpc":"2.0","method":"`...)
	b = append(b, method...)
	b, err := appendJSON(append(b, `","params":`...), params)
	if err == nil {
		err = h.w.send(b, nil)
	}
	if err != nil {
		complain("%s: %v", method, err)
	}
}

func (h *Host) ask(ctx context.Context, method string, params any, body []byte) (answer, error) {
	if ctx.Value(quickKey{}) != nil {
		return answer{}, &Error{CodeFailed, "leave Quick out of a phase whose handler asks the host"}
	}
	c := make(chan answer, 1)
	h.mu.Lock()
	if h.gone {
		h.mu.Unlock()
		return answer{}, errHostGone
	}
	h.lastID++
	id := h.lastID
	h.waiting[id] = c
	h.mu.Unlock()
	b := strconv.AppendInt(append(make([]byte, 0, 256), `{"jsonrpc":"2.0","id":`...), id, 10)
	b = append(append(append(b, `,"method":"`...), method...), `","params":`...)
	b, err := appendJSON(b, params)
	if err == nil {
		if len(body) > 0 && !h.w.binary {
			b, _ = appendBytes(b[:len(b)-1], body, false)
			b = append(b, '}')
			body = nil
		}
		err = h.w.send(b, body)
	}
	if err == nil {
		select {
		case a := <-c:
			if a.err != nil {
				return a, a.err
			}
			return a, nil
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	h.mu.Lock()
	delete(h.waiting, id)
	h.mu.Unlock()
	return answer{}, err
}

// answered takes an answer. One that nobody waits for is ignored.
func (h *Host) answered(id []byte, a answer) {
	n, err := integer(id)
	if err != nil {
		return
	}
	h.mu.Lock()
	c := h.waiting[n]
	delete(h.waiting, n)
	h.mu.Unlock()
	if c != nil {
		c <- a
	}
}

func (h *Host) leave() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.gone = true
	for id, c := range h.waiting {
		c <- answer{err: errHostGone}
		delete(h.waiting, id)
	}
}
