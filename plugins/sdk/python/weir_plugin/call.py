"""One call of the host, as a handler sees it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any, Optional, overload

from ._exchange import Exchange

if TYPE_CHECKING:
    from .host import Host
    from .protocol import UpstreamHost


class Call:
    """What a handler is called with. `params` holds all that the host sent."""

    __slots__ = ("params", "head", "settings", "host", "body", "cancelled", "_cancel", "_exchange", "_until")

    def __init__(self, params: dict[str, Any], head: dict[str, Any], host: "Host", body: bytes, exchange: Optional[Exchange]) -> None:
        self.params = params
        self.head = head
        self.settings: Any = None
        """The config of this use, as the function marked with `plugin.config` made it."""
        self.host = host
        self.body = body
        """The body in a phase of a buffered body."""
        self.cancelled = False
        """True when nobody waits for the answer any more."""
        self._cancel: Optional[threading.Event] = None
        self._exchange = exchange
        self._until = time.monotonic() + params.get("deadlineMs", 0) / 1000

    @property
    def x(self) -> int:
        """The exchange's number, the same in all of its phases."""
        return self.params["x"]

    @property
    def state(self) -> dict[str, Any]:
        """A dict of the exchange's own: what one phase puts there, a later one finds."""
        if self._exchange is None:
            # There is no other phase that could look.
            self._exchange = Exchange()
        return self._exchange.state

    @property
    def remaining(self) -> float:
        """Seconds until the host stops waiting; below zero afterwards."""
        return self._until - time.monotonic()

    def wait_cancelled(self, seconds: Optional[float] = None) -> bool:
        """Waits until nobody waits for the answer any more, or for `seconds`. Whether that has come."""
        if self._cancel is None:
            self._cancel = threading.Event()
        return self.cancelled or self._cancel.wait(seconds)

    def cancel(self) -> None:
        self.cancelled = True
        if self._cancel is not None:
            self._cancel.set()

    @property
    def method(self) -> str:
        return self.head.get("method", "")

    @property
    def scheme(self) -> str:
        return self.head.get("scheme", "")

    @property
    def authority(self) -> str:
        return self.head.get("authority", "")

    @property
    def path(self) -> str:
        """With the query."""
        return self.head.get("path", "")

    @property
    def status(self) -> int:
        return self.head.get("status", 0)

    @property
    def fields(self) -> list[list[str]]:
        """Pairs of name, in lower case, and value; those that the phase asks for."""
        return self.head.get("fields", [])

    @overload
    def field(self, name: str) -> Optional[str]: ...

    @overload
    def field(self, name: str, default: str) -> str: ...

    def field(self, name: str, default: Optional[str] = None) -> Optional[str]:
        """The first value of a field. `name` is in lower case."""
        for found, value in self.fields:
            if found == name:
                return value
        return default

    @property
    def attributes(self) -> dict[str, Any]:
        """Facts by name; those that the phase asks for and that there are."""
        return self.params.get("attributes", {})

    @property
    def end(self) -> bool:
        """Whether no body follows the head."""
        return self.params.get("end", False)

    @property
    def trailers(self) -> list[list[str]]:
        return self.params.get("trailers", [])

    @property
    def cluster(self) -> str:
        return self.params.get("cluster", "")

    @property
    def hosts(self) -> "list[UpstreamHost]":
        """Where a host is to be chosen: those that can be."""
        return self.params.get("hosts", [])
