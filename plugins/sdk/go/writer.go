package weir

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"sync"
)

// writer gathers messages. Whoever finds nobody writing writes all that has come by then, so that answers of calls that
// end together go out together, and a single one goes at once.
type writer struct {
	to io.Writer
	// Set before calls come.
	binary       bool
	messageBytes int

	mu      sync.Mutex
	pending []byte
	spare   []byte
	writing bool
	// More messages are at hand: what is answered meanwhile waits for the last of them.
	held bool
	idle *sync.Cond
}

func newWriter(to io.Writer) *writer {
	w := &writer{to: to, messageBytes: 4 << 20}
	w.idle = sync.NewCond(&w.mu)
	return w
}

// pieceBytes is the longest piece of a body that one message holds.
func (w *writer) pieceBytes() int {
	if w.binary {
		return w.messageBytes
	}
	return max(1, (w.messageBytes-200)*3/4)
}

// send writes a message without its closing brace, which ends with the member that holds its frame's length.
func (w *writer) send(message, frame []byte) error {
	if len(frame) > 0 {
		message = strconv.AppendInt(append(message, `,"bytes":`...), int64(len(frame)), 10)
	}
	message = append(message, '}', '\n')
	if long := max(len(message), len(frame)); long > w.messageBytes {
		return &Error{CodeTooLarge, fmt.Sprintf("send less: a message of %d bytes, the host takes %d", long, w.messageBytes)}
	}
	w.mu.Lock()
	w.pending = append(append(w.pending, message...), frame...)
	if !w.writing && !w.held {
		w.writeOut()
	}
	w.mu.Unlock()
	return nil
}

// hold(true) keeps what comes until hold(false).
func (w *writer) hold(on bool) {
	w.mu.Lock()
	w.held = on
	if !on && !w.writing && len(w.pending) > 0 {
		w.writeOut()
	}
	w.mu.Unlock()
}

// writeOut writes until nothing is left. The lock is held before and after.
func (w *writer) writeOut() {
	w.writing = true
	for len(w.pending) > 0 {
		b := w.pending
		w.pending = w.spare[:0]
		w.mu.Unlock()
		// An error means that the host is gone, which the end of the input tells too.
		_, _ = w.to.Write(b)
		w.mu.Lock()
		if w.spare = b; cap(b) > 1<<20 {
			w.spare = nil
		}
	}
	w.writing = false
	w.idle.Broadcast()
}

// flush waits until all is written.
func (w *writer) flush() {
	w.mu.Lock()
	w.held = false
	for w.writing {
		w.idle.Wait()
	}
	if len(w.pending) > 0 {
		w.writeOut()
	}
	w.mu.Unlock()
}

// reader cuts the input into messages.
type reader struct {
	from io.Reader
	// Called before a read that may wait.
	onWait func()
	buf    []byte
	at     int
	end    int
}

func newReader(from io.Reader) *reader {
	return &reader{from: from, onWait: func() {}, buf: make([]byte, 64<<10)}
}

// line gives the next line that is not empty, without its end. It is good until the next call of the reader.
func (r *reader) line() ([]byte, error) {
	for {
		looked := r.at
		i := bytes.IndexByte(r.buf[looked:r.end], '\n')
		for i < 0 {
			looked = r.end
			from := r.at
			if err := r.fill(); err != nil {
				return nil, err
			}
			looked -= from - r.at
			i = bytes.IndexByte(r.buf[looked:r.end], '\n')
		}
		line := r.buf[r.at : looked+i]
		r.at = looked + i + 1
		if len(bytes.TrimSpace(line)) > 0 {
			return line, nil
		}
	}
}

// frame gives the next n bytes, which are the caller's own.
func (r *reader) frame(n int) ([]byte, error) {
	out := make([]byte, n)
	had := copy(out, r.buf[r.at:r.end])
	r.at += had
	if had == n {
		return out, nil
	}
	r.onWait()
	_, err := io.ReadFull(r.from, out[had:])
	return out, err
}

// more tells whether a further line is here already.
func (r *reader) more() bool {
	return bytes.IndexByte(r.buf[r.at:r.end], '\n') >= 0
}

func (r *reader) fill() error {
	if r.at > 0 {
		r.end = copy(r.buf, r.buf[r.at:r.end])
		r.at = 0
	}
	if r.end == len(r.buf) {
		r.buf = append(r.buf, make([]byte, len(r.buf))...)
	}
	r.onWait()
	n, err := r.from.Read(r.buf[r.end:])
	r.end += n
	if n > 0 {
		return nil
	}
	return err
}
