"""A cluster whose endpoints the plugin tells."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Sequence

if TYPE_CHECKING:
    from ._link import Link
    from .host import Host
    from .protocol import Endpoint


class Watch:
    """Send the whole list whenever it changes; the handler runs on a thread of its own, as long as it likes."""

    def __init__(self, link: "Link", host: "Host", number: int, cluster: str, config: Any) -> None:
        self.number = number
        self.cluster = cluster
        self.config = config
        """What the cluster's config has for the plugin."""
        self.host = host
        self._link = link
        self._left = threading.Event()

    def send(self, endpoints: "Sequence[Endpoint]") -> None:
        """All endpoints, each with `address` and what else the protocol knows of one."""
        if not self._left.is_set():
            self._link.notify("endpoints", {"watch": self.number, "endpoints": list(endpoints)})

    def wait(self, seconds: float) -> bool:
        """Waits; False as soon as the endpoints are not wanted any more."""
        return not self._left.wait(seconds)

    def leave(self) -> None:
        self._left.set()
