"""What is kept of an exchange between its phases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

if TYPE_CHECKING:
    from .stream import Stream


class Exchange:
    """Made and forgotten on the reader's thread alone."""

    __slots__ = ("state", "request_stream", "response_stream")

    def __init__(self) -> None:
        self.state: dict[str, Any] = {}
        self.request_stream: "Optional[Stream]" = None
        self.response_stream: "Optional[Stream]" = None

    def end(self) -> None:
        for stream in (self.request_stream, self.response_stream):
            if stream is not None:
                stream.leave()
        # A stream knows its exchange: without the way back both are gone at once, and not when cycles are looked for.
        self.request_stream = self.response_stream = None
