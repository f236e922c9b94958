"""A phase with the author's handler."""

from __future__ import annotations

from typing import Any, Callable


class Phase:
    __slots__ = ("name", "needs", "handler", "quick", "streamed", "has_body", "head")

    def __init__(self, name: str, needs: dict[str, Any], handler: Callable[..., Any], quick: bool) -> None:
        self.name = name
        self.needs = needs
        self.handler = handler
        self.quick = quick
        self.streamed = needs.get("mode") == "streamed"
        self.has_body = name in ("requestBody", "responseBody")
        # The member of params that holds a head.
        self.head = {"requestHead": "request", "responseHead": "response"}.get(name)
