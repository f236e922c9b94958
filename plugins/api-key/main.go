// A plugin of Weir that lets requests with a known API key through, and answers others with 401.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"

	weir "weir/plugin"
)

func main() {
	head := &weir.RequestHead{Fields: []string{defaultHeader}, Quick: true, Handle: func(_ context.Context, c *weir.RequestCall) (*weir.Action, error) {
		return c.Config.(*settings).judge(c.Path(), c.Fields()), nil
	}}
	var once sync.Once
	weir.Serve(&weir.Plugin{
		Name:         "api-key",
		Version:      "1.0",
		ConfigSchema: json.RawMessage(schema),
		RequestHead:  head,
		Configure: func(_ context.Context, value json.RawMessage, _ *weir.Host) (any, error) {
			s, err := parse(value)
			if err != nil {
				return nil, err
			}
			// The first settings are the plugin's own: what it asks for is told after them, once for all uses.
			once.Do(func() { head.Fields = []string{s.Header} })
			if s.Header != head.Fields[0] {
				return nil, fmt.Errorf("name the header %s in the config of the plugin itself: it is %s there", s.Header, head.Fields[0])
			}
			return s, nil
		},
	})
}
