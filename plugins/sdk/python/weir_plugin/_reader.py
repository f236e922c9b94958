"""Messages out of bytes."""

from __future__ import annotations

import base64
import binascii
import os
import select
from json import loads
from typing import Any, Callable, Optional

from .errors import ProtocolFault

READ_BYTES = 65536


class Reader:
    """Reads messages, each a line with perhaps a frame of raw bytes behind it, from a descriptor."""

    def __init__(self, descriptor: int, message_bytes: int, before_wait: Callable[[], None]) -> None:
        """`before_wait` is called when all that has come was read, before there is a wait for more."""
        self._descriptor = descriptor
        self._before_wait = before_wait
        self._buffer = bytearray()
        self._at = 0
        self._searched = 0
        self.message_bytes = message_bytes

    def next(self) -> Optional[tuple[dict[str, Any], Optional[bytes]]]:
        """The next message and its frame; None at the end of the input. Raises ProtocolFault."""
        while True:
            end = self._buffer.find(b"\n", self._searched)
            if end < 0:
                if len(self._buffer) - self._at >= self.message_bytes:
                    raise ProtocolFault(f"expected a line of at most {self.message_bytes} bytes from the host: found a longer one")
                self._searched = len(self._buffer)
                if not self._fill():
                    return None
                continue
            line = self._buffer[self._at : end]
            self._at = self._searched = end + 1
            if line.endswith(b"\r"):
                del line[-1]
            if not line:
                continue
            message = _parse(line)
            if "bytes" not in message:
                return message, None
            frame = self._take_frame(message["bytes"])
            return None if frame is None else (message, frame)

    def _take_frame(self, length: Any) -> Optional[bytes]:
        if not isinstance(length, int) or not 1 <= length <= self.message_bytes:
            raise ProtocolFault(f"expected 1 to {self.message_bytes} for bytes from the host: found {str(length)[:40]}")
        while len(self._buffer) - self._at < length:
            if not self._fill():
                return None
        frame = bytes(self._buffer[self._at : self._at + length])
        self._at += length
        self._searched = self._at
        return frame

    def _fill(self) -> bool:
        if self._at:
            del self._buffer[: self._at]
            self._searched -= self._at
            self._at = 0
        self._before_wait()
        while True:
            try:
                chunk = os.read(self._descriptor, READ_BYTES)
            except BlockingIOError:
                select.select([self._descriptor], [], [])
                continue
            except OSError:
                return False
            self._buffer += chunk
            return len(chunk) > 0


def _parse(line: bytearray) -> dict[str, Any]:
    try:
        message = loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ProtocolFault(f"expected JSON from the host: found {_quoted(line)}") from None
    if not isinstance(message, dict) or not ("method" in message or "id" in message):
        raise ProtocolFault(f"expected a message from the host: found {_quoted(line)}")
    return message


def _quoted(line: bytearray) -> str:
    return repr(bytes(line[:120]))[1:]


def body_of(params: dict[str, Any], frame: Optional[bytes]) -> bytes:
    """The body of a message in whichever of its three forms it came. Raises ValueError."""
    if frame is not None:
        return frame
    text = params.get("text")
    if text is not None:
        return text.encode("utf-8", "surrogatepass")
    encoded = params.get("base64")
    if encoded is None:
        return b""
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, TypeError) as fault:
        raise ValueError(f"expected base64: {fault}") from None
