"""One direction of an exchange, as it passes through a plugin."""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from typing import TYPE_CHECKING, Any, Callable, Optional

from .actions import PASS
from .errors import PluginError, StreamGone

if TYPE_CHECKING:
    from ._exchange import Exchange
    from ._link import Link
    from .host import Host

PIECE_BYTES = 65536
"""Longer output is cut, so that one stream's does not hold up the others'."""


class Stream:
    """Iterate over it for the pieces of a body; yield what goes on in their place.

    Credit is given back when the next piece is asked for, and output waits for the host's: memory stays within the window.
    """

    def __init__(self, link: "Link", direction: str, x: int, host: "Host", exchange: "Exchange", window: int) -> None:
        self.x = x
        self.direction = direction
        """`request` or `response`."""
        self.settings: Any = None
        """The config of this use, as in a call."""
        self.host = host
        self.trailers: list[list[str]] = []
        """Those of the message; complete when the iteration has ended."""
        self._link = link
        self._exchange = exchange
        self._window = window
        self._change = threading.Condition()
        self._pieces: deque[bytes] = deque()
        self._ended = False
        self._gone = False
        self._credit = window
        # None while the plugin works on it; then "end", "pass" or "error".
        self._over: Optional[str] = None
        # The next four belong to the author's thread.
        self._held = 0
        self._untold = 0
        self._wrote = False
        self._stopped = False

    @property
    def state(self) -> dict[str, Any]:
        """The exchange's own, as in its other phases."""
        return self._exchange.state

    def __iter__(self) -> "Stream":
        return self

    def __next__(self) -> bytes:
        if self._stopped:
            raise StopIteration
        self._untold += self._held
        self._held = 0
        self._wrote = False
        if self._untold and (self._untold >= self._window // 4 or not self._pieces):
            self._tell()
        with self._change:
            while not self._pieces and not self._ended and not self._gone:
                self._change.wait()
            if self._gone:
                raise StreamGone
            if not self._pieces:
                self._stopped = True
                raise StopIteration
            piece = self._pieces.popleft()
        self._held = len(piece)
        return piece

    def work(self, handler: Callable[["Stream"], Any], settings: Callable[[], Any]) -> None:
        """Runs the author's generator to its end. On a thread of its own."""
        generator = None
        try:
            self.settings = settings()
            generator = handler(self)
            if generator is PASS:
                generator = [PASS]
            if generator is None or isinstance(generator, (bytes, str)):
                raise PluginError(f"yield pieces, or return an iterator of them: found {type(generator).__name__}")
            self._drive(iter(generator))
        except StreamGone:
            pass
        except Exception as fault:
            if not isinstance(fault, PluginError):
                traceback.print_exc(file=sys.stderr)
            self._give_up(str(fault) or type(fault).__name__)
        finally:
            close = getattr(generator, "close", None)
            if close is not None:
                close()

    def feed(self, piece: bytes, end: bool, trailers: Optional[list[list[str]]]) -> None:
        """On the reader's thread, as the next two."""
        with self._change:
            over = self._over
            if over is None:
                if piece:
                    self._pieces.append(piece)
                if end:
                    self.trailers = trailers or []
                    self._ended = True
                self._change.notify_all()
        if over == "end" and piece:
            self._link.notify(f"{self.direction}Taken", {"x": self.x, "bytes": len(piece)}, flush=False)

    def add_credit(self, count: int) -> None:
        with self._change:
            self._credit += count
            self._change.notify_all()

    def leave(self) -> None:
        with self._change:
            self._gone = True
            self._pieces.clear()
            self._change.notify_all()

    def _drive(self, generator: Any) -> None:
        while True:
            try:
                item = next(generator)
            except StopIteration as stop:
                return self._finish(stop.value)
            if item is PASS:
                return self._pass_on()
            self._write(item)

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        self._wrote = True
        longest = min(PIECE_BYTES, self._link.piece_bytes())
        while rest:
            with self._change:
                while self._credit <= 0 and not self._gone:
                    self._change.wait()
                if self._gone:
                    raise StreamGone
                length = min(self._credit, len(rest), longest)
                self._credit -= length
            self._link.notify(f"{self.direction}Out", {"x": self.x}, bytes(rest[:length]))
            rest = rest[length:]
        if self._gone:
            raise StreamGone

    def _tell(self) -> None:
        self._link.notify(f"{self.direction}Taken", {"x": self.x, "bytes": self._untold})
        self._untold = 0

    def _close(self, over: str) -> int:
        """Bytes that had come and were not asked for."""
        with self._change:
            if self._gone:
                raise StreamGone
            self._over = over
            left = sum(len(piece) for piece in self._pieces)
            self._pieces.clear()
        return left

    def _finish(self, trailers: Any) -> None:
        self._untold += self._held + self._close("end")
        if self._untold:
            self._tell()
        params: dict[str, Any] = {"x": self.x, "end": True}
        if trailers:
            params["trailers"] = [list(pair) for pair in trailers]
        self._link.notify(f"{self.direction}Out", params)

    def _pass_on(self) -> None:
        self._close("pass")
        if self._wrote:
            self._untold += self._held
        if self._untold:
            self._tell()
        self._link.notify(f"{self.direction}Out", {"x": self.x, "pass": True})

    def _give_up(self, why: str) -> None:
        try:
            self._close("error")
        except StreamGone:
            return
        self._link.notify(f"{self.direction}Out", {"x": self.x, "error": why[:4096]})
