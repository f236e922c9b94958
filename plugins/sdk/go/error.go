package weir

import (
	"errors"
	"fmt"
)

// Codes of errors, as the protocol has them.
const (
	CodeMethod     = -32601
	CodeParams     = -32602
	CodeFailed     = -32603
	CodeNotGranted = -32001
	CodeTooLarge   = -32002
	CodeHostCall   = -32003
)

// Error is a request that failed: what a host call returns, and what a handler may return to choose the code of its answer.
type Error struct {
	Code    int
	Message string
}

func (e *Error) Error() string { return e.Message }

// ErrPass is what the handler of a streamed body returns when all that it has not taken is to go on unchanged.
var ErrPass = errors.New("pass")

var errHostGone = &Error{Code: CodeHostCall, Message: "the host is gone"}
var errExchangeOver = errors.New("the exchange is over")

func errorOf(err error, code int) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return &Error{Code: code, Message: err.Error()}
}

func badParams(format string, args ...any) *Error {
	return &Error{Code: CodeParams, Message: fmt.Sprintf(format, args...)}
}
