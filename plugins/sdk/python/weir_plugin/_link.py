"""Messages into bytes."""

from __future__ import annotations

import base64
import os
import select
import threading
from json import JSONEncoder
from typing import Any, Optional

from .errors import TOO_LARGE, PluginError

_encode = JSONEncoder(separators=(",", ":")).encode
FLUSH_BYTES = 65536
MOST_WAITING = 1048576
"""Bytes behind which a handler that writes more has to wait."""
LAST_SECONDS = 2


class Link:
    """The way to the host. Every thread may write; what is put first goes first.

    One thread at a time writes out what all have put, without holding the lock: a host that does not read holds up that thread
    and those that write much, and the reader's only when it is the one.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._change = threading.Condition(self._lock)
        self._writing = False
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._open = True
        self.binary = False
        self.message_bytes = 4194304

    def answer(self, request: Any, result: Any, frame: Optional[bytes] = None, flush: bool = True) -> None:
        """Raises PluginError, TypeError or ValueError where the result can't be sent; nothing of it was then."""
        if frame is None:
            self._put(f'{{"jsonrpc":"2.0","id":{_encode(request)},"result":{_encode(result)}}}\n', None, flush)
        else:
            head = f'{{"jsonrpc":"2.0","id":{_encode(request)},"result":{_encode(result)},"bytes":{len(frame)}}}\n'
            self._put(head, frame, flush)

    def fail(self, request: Any, code: int, message: str, flush: bool = True) -> None:
        error = {"code": code, "message": message[:4096]}
        self._put(f'{{"jsonrpc":"2.0","id":{_encode(request)},"error":{_encode(error)}}}\n', None, flush)

    def notify(self, method: str, params: dict[str, Any], body: Optional[bytes] = None, flush: bool = True) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params}, body, flush)

    def request(self, identity: int, method: str, params: dict[str, Any], body: Optional[bytes] = None) -> None:
        self._send({"jsonrpc": "2.0", "id": identity, "method": method, "params": params}, body, True)

    def flush(self) -> None:
        """What was put without flushing goes out."""
        if not self._waiting:
            return
        with self._lock:
            if self._writing or not self._waiting:
                return
            self._writing = True
            data = self._take()
        while True:
            self._write(data)
            with self._lock:
                self._change.notify_all()
                if not self._waiting:
                    self._writing = False
                    return
                data = self._take()

    def drain(self) -> None:
        """What was put is written out, by whichever thread, unless the host does not read."""
        self.flush()
        with self._lock:
            self._change.wait_for(lambda: not self._writing, LAST_SECONDS)

    def piece_bytes(self) -> int:
        """The longest body that fits into one message, whichever form it takes."""
        return self.message_bytes if self.binary else max(1, (self.message_bytes - 1024) // 4 * 3)

    def _send(self, message: dict[str, Any], body: Optional[bytes], flush: bool) -> None:
        frame = None
        if body:
            if self.binary:
                message["bytes"] = len(body)
                frame = body
            else:
                message["params"] = {**message["params"], "base64": base64.b64encode(body).decode("ascii")}
        self._put(_encode(message) + "\n", frame, flush)

    def _put(self, line: str, frame: Optional[bytes], flush: bool) -> None:
        head = line.encode("ascii")
        if len(head) > self.message_bytes or (frame is not None and len(frame) > self.message_bytes):
            longest = max(len(head), len(frame or b""))
            raise PluginError(f"send at most {self.message_bytes} bytes in a message: found {longest}", TOO_LARGE)
        with self._lock:
            while flush and self._writing and self._waiting_bytes > MOST_WAITING:
                self._change.wait()
            self._waiting.append(head)
            self._waiting_bytes += len(head)
            if frame is not None:
                self._waiting.append(frame)
                self._waiting_bytes += len(frame)
            flush = flush or self._waiting_bytes >= FLUSH_BYTES
        if flush:
            self.flush()

    def _take(self) -> bytes:
        data = b"".join(self._waiting)
        self._waiting.clear()
        self._waiting_bytes = 0
        return data

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        # A host that is gone is seen at the end of the input as well; what was to be written is of no use to anybody.
        while view and self._open:
            try:
                view = view[os.write(self._descriptor, view) :]
            except BlockingIOError:
                select.select([], [self._descriptor], [])
            except OSError:
                self._open = False
