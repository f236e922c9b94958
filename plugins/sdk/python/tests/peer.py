"""A host of one plugin, for tests: in this process, over two pipes."""

import json
import os
import threading

WINDOW = 64


class Peer:
    def __init__(self, plugin, start=True, **initialize):
        down, self._write = os.pipe()
        self._read, up = os.pipe()
        self._buffer = b""
        self._last = 0
        self.code = None

        def serve():
            self.code = plugin.serve(down, up)
            os.close(down)
            os.close(up)

        self._thread = threading.Thread(target=serve, daemon=True)
        self._thread.start()
        if start:
            self.started = self.ask("initialize", initialize_params(**initialize))
            self.notify("initialized")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        if self._write is not None:
            os.close(self._write)
            self._write = None
            self._thread.join(10)
            os.close(self._read)

    def raw(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self._write, view) :]

    def send(self, message, frame=None):
        if frame is not None:
            message = {**message, "bytes": len(frame)}
        self.raw(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n" + (frame or b""))

    def call(self, method, params=None, frame=None):
        """Sends a request; its id."""
        self._last += 1
        message = {"id": self._last, "method": method}
        if params is not None:
            message["params"] = params
        self.send(message, frame)
        return self._last

    def notify(self, method, params=None, frame=None):
        self.send({"method": method, **({} if params is None else {"params": params})}, frame)

    def ask(self, method, params=None, frame=None):
        """The answer to a request: nothing else may come before it."""
        identity = self.call(method, params, frame)
        message = self.next()
        assert message.get("id") == identity, message
        return message

    def next(self):
        """The next message; its frame stands under `frame`. None at the end."""
        while b"\n" not in self._buffer:
            if not self._fill():
                return None
        line, self._buffer = self._buffer.split(b"\n", 1)
        message = json.loads(line)
        length = message.get("bytes", 0)
        while len(self._buffer) < length:
            self._fill()
        if length:
            message["frame"], self._buffer = self._buffer[:length], self._buffer[length:]
        return message

    def _fill(self):
        chunk = os.read(self._read, 65536)
        self._buffer += chunk
        return len(chunk) > 0


def initialize_params(binary=True, calls=(), config=None, window=WINDOW, message_bytes=65536):
    return {
        "protocol": {"min": 1, "max": 1},
        "host": {"name": "test", "version": "1"},
        "plugin": "p",
        "process": 0,
        "capabilities": {"binary": binary, "calls": list(calls)},
        "limits": {"messageBytes": message_bytes, "streamWindow": window, "concurrency": 8},
        "config": config,
    }


def head(x=1, config=0, fields=(), **more):
    request = {"method": "GET", "scheme": "http", "authority": "a.example", "path": "/p?q", "fields": [list(f) for f in fields]}
    return {"x": x, "config": config, "deadlineMs": 1000, "request": request, "end": True, **more}
