package weir

import (
	"io"
	"strconv"
	"sync"
)

// Stream is one body on its way. It is an io.Reader of what comes and an io.Writer of what goes on. What was read is acknowledged
// when more is asked for, so that the host sends no more than is dealt with; a write waits for the host's credit.
type Stream struct {
	Call
	out, taken string
	w          *writer

	mu      sync.Mutex
	changed sync.Cond
	queue   [][]byte
	rest    []byte
	inHand  int
	hasEnd  bool
	credit  int
	// The handler has ended, and what still comes is acknowledged and dropped.
	dropping bool
	// Nothing more is said.
	closed     bool
	trailers   []Field
	ownTrailer []Field
}

// Next gives the next piece, io.EOF at the end.
func (s *Stream) Next() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.rest) > 0 {
		b := s.rest
		s.rest = nil
		return b, nil
	}
	if err := s.pull(); err != nil {
		return nil, err
	}
	b := s.rest
	s.rest = nil
	return b, nil
}

// Read is io.Reader.
func (s *Stream) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, nil
	}
	if len(s.rest) == 0 {
		if err := s.pull(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

// pull waits for a piece and makes it the rest. The lock is held.
func (s *Stream) pull() error {
	s.take()
	for len(s.queue) == 0 {
		if s.closed {
			return errExchangeOver
		}
		if s.hasEnd {
			return io.EOF
		}
		s.changed.Wait()
	}
	s.rest = s.queue[0]
	s.inHand = len(s.rest)
	s.queue = s.queue[1:]
	return nil
}

// Taken acknowledges what was read now: for a piece that was written or dropped before the rest is passed.
func (s *Stream) Taken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.take()
}

func (s *Stream) take() {
	s.acknowledge(s.inHand)
	s.inHand = 0
}

// Trailers are those that came with the end. They are known after io.EOF.
func (s *Stream) Trailers() []Field {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trailers
}

// SetTrailers puts these in place of those that came.
func (s *Stream) SetTrailers(fields []Field) { s.ownTrailer = fields }

// Write is io.Writer.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	done := 0
	for done < len(p) {
		for s.credit == 0 && !s.closed {
			s.changed.Wait()
		}
		if s.closed {
			return done, errExchangeOver
		}
		n := min(s.credit, len(p)-done, s.w.pieceBytes())
		s.credit -= n
		if err := s.say(p[done:done+n], ""); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// say sends a piece, or another member.
func (s *Stream) say(piece []byte, member string) error {
	b := s.begin(s.out)
	b = append(b, member...)
	b, frame := appendBytes(b, piece, s.w.binary)
	return s.w.send(append(b, '}'), frame)
}

func (s *Stream) begin(method string) []byte {
	b := append(make([]byte, 0, 160), `{"jsonrpc":"2.0","method":"`...)
	b = append(append(b, method...), `","params":{"x":`...)
	return strconv.AppendInt(b, s.X, 10)
}

func (s *Stream) acknowledge(n int) {
	if n == 0 || s.closed {
		return
	}
	b := append(s.begin(s.taken), `,"bytes":`...)
	_ = s.w.send(append(strconv.AppendInt(b, int64(n), 10), '}'), nil)
}

func (s *Stream) receive(piece []byte, end bool, trailers []Field) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trailers = append(s.trailers, trailers...)
	s.hasEnd = s.hasEnd || end
	if s.dropping {
		s.acknowledge(len(piece))
	} else if !s.closed && len(piece) > 0 {
		s.queue = append(s.queue, piece)
	}
	s.changed.Broadcast()
}

func (s *Stream) give(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.credit += int(n)
	s.changed.Broadcast()
}

// close: the exchange is gone.
func (s *Stream) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	s.changed.Broadcast()
}

// finish: the handler has returned.
func (s *Stream) finish(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	switch {
	case err == nil:
		member := `,"end":true`
		if s.ownTrailer != nil {
			member += `,"trailers":` + string(appendFields(nil, s.ownTrailer))
		}
		_ = s.say(nil, member)
		left := s.inHand
		for _, b := range s.queue {
			left += len(b)
		}
		s.acknowledge(left)
		s.dropping = true
	case err == ErrPass:
		_ = s.say(nil, `,"pass":true`)
		s.closed = true
	default:
		_ = s.say(nil, `,"error":`+string(appendText(nil, err.Error())))
		s.closed = true
	}
	s.queue, s.rest, s.inHand = nil, nil, 0
}

// over: both sides have said their last.
func (s *Stream) over() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.hasEnd && (s.dropping || s.closed)
}
