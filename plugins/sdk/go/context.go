package weir

import (
	"context"
	"sync"
	"time"
)

// callContext is the context of a call. A channel and a timer are made for the one who asks for them.
type callContext struct {
	x        int64
	deadline time.Time

	mu    sync.Mutex
	done  chan struct{}
	err   error
	timer *time.Timer
	// What waits for the end beside the channel.
	after []func()
}

// newContext: without a limit when deadlineMs is 0.
func newContext(x, deadlineMs int64) *callContext {
	c := &callContext{x: x}
	if deadlineMs > 0 {
		c.deadline = time.Now().Add(time.Duration(deadlineMs) * time.Millisecond)
	}
	return c
}

func (c *callContext) Deadline() (time.Time, bool) { return c.deadline, !c.deadline.IsZero() }

func (c *callContext) Value(any) any { return nil }

func (c *callContext) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

func (c *callContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.done == nil {
		c.done = make(chan struct{})
		if c.err != nil {
			close(c.done)
		} else {
			c.startTimer()
		}
	}
	return c.done
}

// AfterFunc is what context.WithCancel and its kind look for, so that they need no goroutine.
func (c *callContext) AfterFunc(f func()) func() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		go f()
		return func() bool { return false }
	}
	at := len(c.after)
	c.after = append(c.after, f)
	c.startTimer()
	return func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.err != nil || c.after[at] == nil {
			return false
		}
		c.after[at] = nil
		return true
	}
}

func (c *callContext) startTimer() {
	if c.timer == nil && !c.deadline.IsZero() {
		c.timer = time.AfterFunc(time.Until(c.deadline), func() { c.cancel(context.DeadlineExceeded) })
	}
}

// cancel ends it, for the reason that came first.
func (c *callContext) cancel(why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	c.err = why
	if c.timer != nil {
		c.timer.Stop()
	}
	if c.done != nil {
		close(c.done)
	}
	for _, f := range c.after {
		if f != nil {
			go f()
		}
	}
}
