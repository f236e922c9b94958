"""Helpers for what a handler returns. A plain dict by docs/plugin-protocol.md does as well."""

from __future__ import annotations

import base64
from typing import Any, Iterable, Optional, Sequence, Union

RESET: dict[str, Any] = {"reset": True}


class _Pass:
    __slots__ = ()

    def __repr__(self) -> str:
        return "PASS"


PASS = _Pass()
"""Yield it from a streamed body's generator: the rest goes on unchanged, and is not read any more.

The piece in hand is part of the rest, unless something was yielded since it came.
"""


def respond(status: int, body: Union[str, bytes, None] = None, fields: Iterable[Sequence[str]] = ()) -> dict[str, Any]:
    """The plugin answers. `status` is 200 to 599, `fields` are pairs of name and value."""
    answer: dict[str, Any] = {"status": status}
    listed = [list(field) for field in fields]
    if listed:
        answer["fields"] = listed
    if isinstance(body, str):
        answer["text"] = body
    elif body is not None:
        answer["bytes"] = body
    return {"respond": answer}


def redirect(location: str, status: int = 302) -> dict[str, Any]:
    """`status` is one of 301, 302, 303, 307 and 308."""
    return {"redirect": {"location": location, "status": status}}


def take_bytes(result: dict[str, Any], binary: bool) -> tuple[dict[str, Any], Optional[bytes]]:
    """Moves the member `bytes` of an action, or of its `respond`, to a frame, or to base64 where frames were not agreed."""
    inner = result.get("respond")
    if isinstance(inner, dict) and "bytes" in inner:
        inner, body = _without_bytes(inner, binary)
        return {**result, "respond": inner}, body
    if "bytes" in result:
        return _without_bytes(result, binary)
    return result, None


def _without_bytes(holder: dict[str, Any], binary: bool) -> tuple[dict[str, Any], Optional[bytes]]:
    rest = {name: value for name, value in holder.items() if name != "bytes"}
    body = bytes(holder["bytes"])
    if not body:
        rest["text"] = ""
        return rest, None
    if binary:
        return rest, body
    rest["base64"] = base64.b64encode(body).decode("ascii")
    return rest, None
