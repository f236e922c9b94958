// The hello of the library's README, as a plugin that never waits.
package main

import (
	"context"

	weir "weir/plugin"
)

func main() {
	weir.Serve(&weir.Plugin{Name: "hello", Version: "1.0", RequestHead: &weir.RequestHead{
		Fields: []string{"user-agent"},
		Quick:  true,
		Handle: func(_ context.Context, c *weir.RequestCall) (*weir.Action, error) {
			agent, _ := c.Field("user-agent")
			return &weir.Action{Fields: []weir.FieldChange{weir.Set("x-hello", agent)}}, nil
		},
	}})
}
