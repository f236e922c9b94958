package weir

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// line is a plugin without a process.
type line struct {
	t    *testing.T
	in   *io.PipeWriter
	out  *bufio.Reader
	over chan error
}

func serve(t *testing.T, p *Plugin) *line {
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	p.Name, p.Version = "p", "1"
	l := &line{t: t, in: inW, out: bufio.NewReader(outR), over: make(chan error, 1)}
	go func() { l.over <- newSession(p, inR, outW).run() }()
	t.Cleanup(func() { inW.Close(); outR.Close() })
	return l
}

func start(t *testing.T, p *Plugin) *line {
	l := serve(t, p)
	l.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol":{"min":1,"max":1},"host":{"name":"weir","version":"1"},"plugin":"p"}}`)
	l.read()
	return l
}

func (l *line) send(lines ...string) {
	l.t.Helper()
	if _, err := l.in.Write([]byte(strings.Join(lines, "\n") + "\n")); err != nil {
		l.t.Fatal(err)
	}
}

func (l *line) read() map[string]any {
	l.t.Helper()
	raw, err := l.out.ReadBytes('\n')
	if err != nil {
		l.t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(raw, &m); err != nil {
		l.t.Fatalf("%s: %v", raw, err)
	}
	return m
}

func (l *line) expect(want string) {
	l.t.Helper()
	var w map[string]any
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		l.t.Fatal(err)
	}
	w["jsonrpc"] = "2.0"
	if got := l.read(); !reflect.DeepEqual(got, w) {
		l.t.Fatalf("got %v, want %v", got, w)
	}
}

func head(id, x int, path string) string {
	return fmt.Sprintf(`{"jsonrpc":"2.0","id":%d,"method":"requestHead","params":{"x":%d,"config":0,"deadlineMs":60000,"request":{"method":"GET","scheme":"http","authority":"a","path":"%s","fields":[["a","1"],["b","2"],["a","3"]]},"end":true}}`, id, x, path)
}

func onHead(f func(context.Context, *RequestCall) (*Action, error)) *RequestHead {
	return &RequestHead{Fields: AllFields, Handle: f}
}

func TestPanicFailsItsCallAlone(t *testing.T) {
	l := start(t, &Plugin{RequestHead: onHead(func(_ context.Context, c *RequestCall) (*Action, error) {
		if c.Path() == "/panic" {
			panic("oh")
		}
		return nil, nil
	})})
	l.send(head(2, 7, "/panic"))
	l.expect(`{"id":2,"error":{"code":-32603,"message":"oh"}}`)
	l.send(head(3, 7, "/"))
	l.expect(`{"id":3,"result":{}}`)
}

func TestErrorChoosesItsCode(t *testing.T) {
	l := start(t, &Plugin{RequestHead: onHead(func(context.Context, *RequestCall) (*Action, error) {
		return nil, fmt.Errorf("so: %w", &Error{CodeParams, "bad"})
	})})
	l.send(head(2, 7, "/"))
	l.expect(`{"id":2,"error":{"code":-32602,"message":"bad"}}`)
}

func TestHeadIsDecodedOnDemand(t *testing.T) {
	l := start(t, &Plugin{RequestHead: onHead(func(_ context.Context, c *RequestCall) (*Action, error) {
		first, has := c.Field("a")
		_, hasNot := c.Field("z")
		var missing string
		return &Action{Path: fmt.Sprintln(first, has, hasNot, len(c.Fields()), c.Attribute("x", &missing), c.Scheme(), c.Authority(), c.Method())}, nil
	})})
	l.send(head(2, 7, "/"))
	l.expect(`{"id":2,"result":{"path":"1 true false 3 false http a GET\n"}}`)
}

func TestQuickHandlerCannotWaitForTheHost(t *testing.T) {
	h := onHead(func(ctx context.Context, c *RequestCall) (*Action, error) {
		_, err := c.Host.Get(ctx, "k", new(any))
		return nil, err
	})
	h.Quick = true
	l := start(t, &Plugin{RequestHead: h})
	l.send(head(2, 7, "/"))
	l.expect(`{"id":2,"error":{"code":-32603,"message":"leave Quick out of a phase whose handler asks the host"}}`)
}

func TestContextEndsWithItsCall(t *testing.T) {
	kept := make(chan context.Context, 1)
	l := start(t, &Plugin{RequestHead: onHead(func(ctx context.Context, _ *RequestCall) (*Action, error) {
		child, cancel := context.WithCancel(ctx)
		_ = cancel
		kept <- child
		return nil, ctx.Err()
	})})
	l.send(head(2, 7, "/"))
	l.expect(`{"id":2,"result":{}}`)
	<-(<-kept).Done()
}

func TestCancelEndsTheContext(t *testing.T) {
	began := make(chan bool)
	l := start(t, &Plugin{RequestHead: onHead(func(ctx context.Context, _ *RequestCall) (*Action, error) {
		close(began)
		<-ctx.Done()
		return nil, context.Cause(ctx)
	})})
	l.send(head(2, 7, "/"))
	<-began
	l.send(`{"jsonrpc":"2.0","method":"cancel","params":{"id":2}}`)
	l.expect(`{"id":2,"error":{"code":-32603,"message":"context canceled"}}`)
}

func TestHostCallEndsWithItsContextOrItsHost(t *testing.T) {
	failed := make(chan error, 2)
	l := start(t, &Plugin{RequestHead: onHead(func(ctx context.Context, c *RequestCall) (*Action, error) {
		err := c.Host.Set(ctx, "k", 1, 0)
		failed <- err
		return nil, nil
	})})
	l.send(head(2, 7, "/"))
	l.expect(`{"id":1,"method":"kv.set","params":{"key":"k","value":1}}`)
	l.send(`{"jsonrpc":"2.0","method":"cancel","params":{"id":2}}`)
	if err := <-failed; !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	l.expect(`{"id":2,"result":{}}`)
	l.send(head(3, 7, "/"))
	l.expect(`{"id":2,"method":"kv.set","params":{"key":"k","value":1}}`)
	l.in.Close()
	if err := <-failed; err == nil || err.Error() != "the host is gone" {
		t.Fatal(err)
	}
}

func TestStateIsSharedAndForgotten(t *testing.T) {
	told := make(chan any, 1)
	l := start(t, &Plugin{
		RequestHead: onHead(func(_ context.Context, c *RequestCall) (*Action, error) {
			c.State().Store("path", c.Path())
			return nil, nil
		}),
		ResponseHead: &ResponseHead{Handle: func(_ context.Context, c *ResponseCall) (*Action, error) {
			path, _ := c.State().Load("path")
			return &Action{Fields: []FieldChange{Set("x-path", fmt.Sprint(path))}}, nil
		}},
		Done: func(x int64, state *sync.Map, _ *Host) {
			path, _ := state.Load("path")
			told <- path
		},
	})
	reply := `{"jsonrpc":"2.0","id":3,"method":"responseHead","params":{"x":7,"config":0,"deadlineMs":60000,"response":{"status":200}}}`
	l.send(head(2, 7, "/a"))
	l.expect(`{"id":2,"result":{}}`)
	l.send(reply)
	l.expect(`{"id":3,"result":{"fields":[["set","x-path","/a"]]}}`)
	l.send(`{"jsonrpc":"2.0","method":"done","params":{"x":7}}`)
	if path := <-told; path != "/a" {
		t.Fatal(path)
	}
	l.send(reply)
	l.expect(`{"id":3,"result":{"fields":[["set","x-path","\u003cnil\u003e"]]}}`)
}

func TestStreamIsAReaderAndAWriter(t *testing.T) {
	l := start(t, &Plugin{RequestBody: &Body{Stream: func(_ context.Context, s *Stream) error {
		_, err := io.CopyBuffer(struct{ io.Writer }{s}, struct{ io.Reader }{s}, make([]byte, 2))
		return err
	}}})
	l.send(`{"jsonrpc":"2.0","method":"requestData","params":{"x":7,"config":0,"text":"abc","end":true}}`)
	l.expect(`{"method":"requestOut","params":{"x":7,"base64":"YWI="}}`)
	l.expect(`{"method":"requestOut","params":{"x":7,"base64":"Yw=="}}`)
	l.expect(`{"method":"requestTaken","params":{"x":7,"bytes":3}}`)
	l.expect(`{"method":"requestOut","params":{"x":7,"end":true}}`)
}

func TestStreamThatPanicsGivesTheBodyUp(t *testing.T) {
	l := start(t, &Plugin{RequestBody: &Body{Stream: func(context.Context, *Stream) error { panic("oh") }}})
	l.send(`{"jsonrpc":"2.0","method":"requestData","params":{"x":7,"config":0,"text":"abc"}}`)
	l.expect(`{"method":"requestOut","params":{"x":7,"error":"oh"}}`)
}

func TestAnswerThatIsTooLongFailsItsCall(t *testing.T) {
	l := serve(t, &Plugin{RequestHead: onHead(func(context.Context, *RequestCall) (*Action, error) {
		return &Action{Respond: &Respond{Status: 200, Body: make([]byte, 1000)}}, nil
	})})
	l.send(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocol":{"min":1,"max":1},"host":{"name":"w","version":"1"},"plugin":"p","limits":{"messageBytes":500}}}`)
	l.read()
	l.send(head(2, 7, "/"))
	if m := l.read(); m["error"].(map[string]any)["code"] != -32002.0 {
		t.Fatal(m)
	}
}

func TestLineThatIsNoMessageEndsIt(t *testing.T) {
	l := start(t, &Plugin{})
	l.send("hello")
	if err := <-l.over; err == nil || !strings.Contains(err.Error(), "no message") {
		t.Fatal(err)
	}
}

func BenchmarkRequestHead(b *testing.B) {
	for _, quick := range []bool{false, true} {
		b.Run(fmt.Sprintf("quick=%v", quick), func(b *testing.B) {
			h := onHead(func(_ context.Context, c *RequestCall) (*Action, error) {
				v, _ := c.Field("a")
				return &Action{Fields: []FieldChange{Set("x-a", v)}}, nil
			})
			h.Quick = quick
			b.ReportAllocs()
			in := strings.NewReader(strings.Repeat(head(2, 7, "/some/path")+"\n", b.N))
			_ = newSession(&Plugin{RequestHead: h}, in, io.Discard).run()
		})
	}
}
