package weir

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"syscall"
)

const cookie = "stdio-jsonrpc-1"

// Serve runs the plugin on standard input and output until the host ends it, and then ends the process.
func Serve(p *Plugin) {
	out := os.Stdout
	if len(os.Args) > 1 && os.Args[1] == "--describe" {
		raw, err := json.Marshal(p.describe())
		if err != nil {
			complain("%v", err)
			os.Exit(1)
		}
		fmt.Fprintf(out, "%s\n", raw)
		os.Exit(0)
	}
	if os.Getenv("WEIR_PLUGIN") != cookie {
		complain("%s %s is a plugin of Weir, which starts it: name it under plugins in its config", p.Name, p.Version)
		os.Exit(1)
	}
	// A stray line between messages would end the plugin.
	os.Stdout = os.Stderr
	err := newSession(p, polled(os.Stdin), polled(out)).run()
	// Until here: a file that nobody holds is closed.
	runtime.KeepAlive(out)
	if err != nil {
		complain("%v", err)
		exit(1)
	}
	exit(0)
}

// exit is where the process ends, in tests the session.
var exit = os.Exit

// polled makes reads wait in the runtime's poller: a thread that blocks in a read would hold up, until it is missed,
// the goroutines that were started before.
func polled(f *os.File) *os.File {
	if syscall.SetNonblock(int(f.Fd()), true) != nil {
		return f
	}
	return os.NewFile(f.Fd(), f.Name())
}

func complain(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

func panicked(r any) error {
	complain("a handler has panicked: %v\n%s", r, debug.Stack())
	return fmt.Errorf("%v", r)
}
