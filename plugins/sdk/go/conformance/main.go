// The plugin that plugins/conformance/README.md describes.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	weir "weir/plugin"
)

type config struct {
	Greeting string
}

var (
	mu      sync.Mutex
	waiting []chan struct{}
)

func main() {
	weir.Serve(&weir.Plugin{
		Name:         "conformance",
		Version:      "1",
		Match:        []weir.Match{{Prefixes: []string{"/"}}},
		ConfigSchema: json.RawMessage(`{"type":"object","properties":{"greeting":{"type":"string"}}}`),
		Configure:    configure,
		RequestHead:  &weir.RequestHead{Fields: weir.AllFields, Attributes: []string{"client.address", "route"}, Handle: requestHead},
		RequestBody:  &weir.Body{Limit: 65536, Handle: requestBody},
		ResponseHead: &weir.ResponseHead{Fields: []string{"content-type"}, Handle: responseHead},
		ResponseBody: &weir.Body{Stream: responseBody},
		ChooseUpstream: &weir.ChooseUpstream{Handle: func(_ context.Context, c *weir.ChooseCall) (string, error) {
			for i := len(c.Hosts) - 1; i >= 0; i-- {
				if c.Hosts[i].Zone == "b" {
					return c.Hosts[i].Address, nil
				}
			}
			return "", nil
		}},
		Log: &weir.Log{Attributes: []string{"status", "route"}, Every: 50 * time.Millisecond, Batch: 10, Handle: func(records []map[string]any, lost int64, h *weir.Host) {
			h.Count("records", float64(len(records)), nil)
			if lost > 0 {
				h.Count("lost", float64(lost), nil)
			}
		}},
		Tick: &weir.Tick{Every: time.Second, Handle: func(_ time.Time, _ any, h *weir.Host) { h.Count("ticks", 1, nil) }},
		Endpoints: &weir.Endpoints{Watch: func(ctx context.Context, w *weir.Watch) {
			var c struct{ Addresses []string }
			if err := json.Unmarshal(w.Config, &c); err != nil {
				panic(err)
			}
			var list []weir.Endpoint
			for _, address := range c.Addresses {
				list = append(list, weir.Endpoint{Address: address})
			}
			w.Tell(list)
			<-ctx.Done()
			w.Host.Info("unwatched", nil)
		}},
		Done: func(_ int64, state *sync.Map, h *weir.Host) {
			if path, _ := state.Load("path"); path == "/done" {
				h.Info("done", nil)
			}
		},
	})
}

func configure(_ context.Context, value json.RawMessage, _ *weir.Host) (any, error) {
	var c struct {
		config
		Bad any
	}
	if err := json.Unmarshal(value, &c); err != nil {
		return nil, err
	}
	if c.Bad != nil {
		return nil, errors.New("leave bad out")
	}
	return c.config, nil
}

func requestHead(ctx context.Context, c *weir.RequestCall) (*weir.Action, error) {
	h := c.Host
	path, _, _ := strings.Cut(c.Path(), "?")
	switch path {
	case "/fields":
		return &weir.Action{Fields: []weir.FieldChange{weir.Set("x-set", or(c.Field("x-in"))), weir.Add("x-add", "1"), weir.Remove("x-remove")}}, nil
	case "/request":
		line := strings.Join([]string{c.Method(), c.Scheme(), c.Authority(), c.Path()}, " ")
		return set("x-request", line, "x-end", strconv.FormatBool(c.End)), nil
	case "/head":
		return &weir.Action{
			Method: "PUT", Path: "/changed?q=1", Metadata: map[string]map[string]any{"conformance": {"seen": true}},
			Timeout: 1500 * time.Millisecond, Cluster: "other",
		}, nil
	case "/respond":
		return &weir.Action{Respond: &weir.Respond{Status: 418, Fields: []weir.Field{{"content-type", "text/plain"}}, Body: []byte("short and stout")}}, nil
	case "/respond-bytes":
		return &weir.Action{Respond: &weir.Respond{Status: 200, Body: []byte{0, 255, 10}}}, nil
	case "/redirect":
		return &weir.Action{Redirect: &weir.Redirect{Location: "/elsewhere", Status: 307}}, nil
	case "/reset":
		return &weir.Action{Reset: true}, nil
	case "/skip-body":
		return &weir.Action{SkipBody: true}, nil
	case "/cache":
		return &weir.Action{Respond: &weir.Respond{Status: 204}, Cache: &weir.Cache{Key: []string{"method", "field:authorization"}, TTL: 30 * time.Second}}, nil
	case "/attributes":
		return set("x-client", or(c.Text("client.address"), c.Text("client.address") != ""), "x-route", or(c.Text("route"), c.Text("route") != "")), nil
	case "/config":
		greeting := c.Config.(config).Greeting
		return set("x-greeting", or(greeting, greeting != "")), nil
	case "/error":
		return nil, errors.New("asked for")
	case "/wait":
		release := make(chan struct{})
		mu.Lock()
		waiting = append(waiting, release)
		mu.Unlock()
		<-release
	case "/release":
		mu.Lock()
		for _, release := range waiting {
			close(release)
		}
		waiting = nil
		mu.Unlock()
	case "/wait-cancel":
		<-ctx.Done()
		h.Info("cancelled", nil)
		return nil, ctx.Err()
	case "/print":
		fmt.Println("stray")
	case "/log":
		h.Warn("hello", map[string]any{"n": 1})
	case "/count":
		h.Count("seen", 2, map[string]string{"a": "b"})
	case "/kv":
		return kv(ctx, h)
	case "/denied":
		var v any
		_, err := h.Get(ctx, "k", &v)
		var e *weir.Error
		if errors.As(err, &e) {
			return set("x-code", strconv.Itoa(e.Code)), nil
		}
		return set("x-code", "none"), err
	case "/http":
		a, err := h.HTTP(ctx, weir.HTTPCall{
			Cluster: "c", Method: "POST", Path: "/p", Fields: []weir.Field{{"a", "b"}}, Timeout: 500 * time.Millisecond, Body: []byte("ping"),
		})
		if err != nil {
			return nil, err
		}
		return set("x-status", strconv.Itoa(a.Status), "x-body", string(a.Body)), nil
	case "/done":
		c.State().Store("path", "/done")
	}
	return nil, nil
}

func kv(ctx context.Context, h *weir.Host) (*weir.Action, error) {
	type value struct {
		N int `json:"n"`
	}
	if err := h.Set(ctx, "k", value{1}, time.Second); err != nil {
		return nil, err
	}
	var got value
	if _, err := h.Get(ctx, "k", &got); err != nil {
		return nil, err
	}
	sum, err := h.Add(ctx, "c", 2, 0)
	if err != nil {
		return nil, err
	}
	deleted, err := h.Delete(ctx, "k")
	if err != nil {
		return nil, err
	}
	return set("x-n", strconv.Itoa(got.N), "x-sum", fmt.Sprint(sum), "x-deleted", strconv.FormatBool(deleted)), nil
}

func requestBody(_ context.Context, c *weir.BodyCall) (*weir.Action, error) {
	if len(c.Body) == 0 {
		return nil, nil
	}
	a := set("x-length", strconv.Itoa(len(c.Body)), "x-trailers", strconv.Itoa(len(c.Trailers)))
	a.Body = upper(c.Body)
	return a, nil
}

func responseHead(_ context.Context, c *weir.ResponseCall) (*weir.Action, error) {
	a := set("x-status", strconv.Itoa(c.Status))
	if c.Status == 404 {
		a.Status = 410
	}
	return a, nil
}

func responseBody(_ context.Context, s *weir.Stream) error {
	first, sum, isBig := "", 0, false
	for {
		piece, err := s.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		sum += len(piece)
		if isBig {
			continue
		}
		if first == "" {
			first = string(piece)
			switch {
			case strings.HasPrefix(first, "!pass"):
				return weir.ErrPass
			case strings.HasPrefix(first, "!error"):
				return errors.New("asked for")
			case strings.HasPrefix(first, "!early"):
				_, err := s.Write([]byte("bye"))
				return err
			case strings.HasPrefix(first, "!big "):
				isBig = true
				n, _ := strconv.Atoi(first[5:])
				if _, err := s.Write(bytes.Repeat([]byte("a"), n)); err != nil {
					return err
				}
				continue
			}
		}
		if _, err := s.Write(upper(piece)); err != nil {
			return err
		}
	}
	if strings.HasPrefix(first, "!trailers") {
		s.SetTrailers([]weir.Field{{"x-sum", strconv.Itoa(sum)}})
	}
	return nil
}

func set(pairs ...string) *weir.Action {
	a := &weir.Action{}
	for i := 0; i < len(pairs); i += 2 {
		a.Fields = append(a.Fields, weir.Set(pairs[i], pairs[i+1]))
	}
	return a
}

func or(value string, has bool) string {
	if has {
		return value
	}
	return "none"
}

// upper has ASCII letters in upper case, any other byte as it is.
func upper(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		if c >= 'a' && c <= 'z' {
			c -= 32
		}
		out[i] = c
	}
	return out
}
