"""What a plugin may ask of its host."""

from __future__ import annotations

import sys
import threading
from typing import TYPE_CHECKING, Any, Iterable, Optional, Sequence, Union

from ._reader import body_of
from .errors import HOST_CALL_FAILED, HostError

if TYPE_CHECKING:
    from ._link import Link


class Reply:
    """The answer to an HTTP request through a cluster."""

    __slots__ = ("status", "fields", "body")

    def __init__(self, status: int, fields: list[list[str]], body: bytes) -> None:
        self.status = status
        self.fields = fields
        self.body = body


class _Waiter:
    __slots__ = ("lock", "message", "frame")

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.message: Optional[dict[str, Any]] = None
        self.frame: Optional[bytes] = None


class Host:
    """Host calls. Every thread may use them, but quick handlers only those that have no answer: `log` and `count`."""

    def __init__(self, link: "Link") -> None:
        self._link = link
        self._lock = threading.Lock()
        self._waiters: dict[int, _Waiter] = {}
        self._last = 0
        self._closed = False
        self._reader = threading.get_ident()
        self.initialize: dict[str, Any] = {}
        """What the host said at the start: its name, limits, capabilities, the plugin's name in the config."""
        self.kv = KeyValues(self)

    def log(self, level: str, message: str, **facts: Any) -> None:
        """`level` is debug, info, warn or error. Goes to standard error where it is not granted."""
        if not self.grants("log"):
            print(f"{level}: {message}", *(f"{name}={value}" for name, value in facts.items()), file=sys.stderr, flush=True)
            return
        self._link.notify("log", {"level": level, "message": message, "facts": facts}, flush=not self._on_reader())

    def count(self, name: str, add: float = 1, **labels: str) -> None:
        """Adds to the counter `weir_plugin_NAME_total`. Does nothing where it is not granted."""
        if self.grants("count"):
            self._link.notify("count", {"name": name, "add": add, "labels": labels}, flush=not self._on_reader())

    def http(
        self,
        cluster: str,
        path: str,
        method: str = "GET",
        fields: Iterable[Sequence[str]] = (),
        body: bytes = b"",
        authority: Optional[str] = None,
        timeout_ms: Optional[int] = None,
    ) -> Reply:
        """A request through a cluster. Raises HostError."""
        params: dict[str, Any] = {"cluster": cluster, "method": method, "path": path, "fields": [list(f) for f in fields]}
        if authority is not None:
            params["authority"] = authority
        if timeout_ms is not None:
            params["timeoutMs"] = timeout_ms
        result, frame = self.ask("http", params, body)
        return Reply(result.get("status", 0), result.get("fields", []), body_of(result, frame))

    def grants(self, name: str) -> bool:
        """Whether the config grants a host call."""
        return name in self.initialize.get("capabilities", {}).get("calls", ())

    def ask(self, method: str, params: dict[str, Any], body: Optional[bytes] = None) -> tuple[Any, Optional[bytes]]:
        """Sends a request and waits for its answer: the result and its frame. Raises HostError."""
        if self._on_reader():
            raise RuntimeError(f"leave out quick=True: found {method} in a quick handler, which can't wait for an answer")
        waiter = _Waiter()
        with self._lock:
            if self._closed:
                raise HostError(HOST_CALL_FAILED, "the host is gone")
            self._last += 1
            identity = self._last
            self._waiters[identity] = waiter
        try:
            self._link.request(identity, method, params, body)
            waiter.lock.acquire()
        finally:
            self._waiters.pop(identity, None)
        message = waiter.message
        if message is None:
            raise HostError(HOST_CALL_FAILED, "the host is gone")
        error = message.get("error")
        if error is not None:
            raise HostError(error.get("code", HOST_CALL_FAILED), error.get("message", ""))
        return message.get("result") or {}, waiter.frame

    def settle(self, message: dict[str, Any], frame: Optional[bytes]) -> None:
        """An answer has come. On the reader's thread."""
        waiter = self._waiters.pop(message["id"], None) if isinstance(message["id"], int) else None
        if waiter is not None:
            waiter.message = message
            waiter.frame = frame
            waiter.lock.release()

    def close(self) -> None:
        """Nothing will be answered any more."""
        with self._lock:
            self._closed = True
            waiters = list(self._waiters.values())
            self._waiters.clear()
        for waiter in waiters:
            waiter.lock.release()

    def _on_reader(self) -> bool:
        return threading.get_ident() == self._reader


class KeyValues:
    """What all processes of a plugin share. Keys have up to 1 KiB, values, any JSON, up to 64 KiB."""

    def __init__(self, host: Host) -> None:
        self._host = host

    def get(self, key: str) -> Any:
        """None where there is none."""
        return self._host.ask("kv.get", {"key": key})[0].get("value")

    def set(self, key: str, value: Any, ttl_ms: Optional[int] = None) -> None:
        """Stays while the host runs, or for `ttl_ms`."""
        self._host.ask("kv.set", _with_ttl({"key": key, "value": value}, ttl_ms))

    def delete(self, key: str) -> bool:
        """Whether there was one."""
        return bool(self._host.ask("kv.delete", {"key": key})[0].get("deleted", False))

    def add(self, key: str, by: Union[int, float] = 1, ttl_ms: Optional[int] = None) -> Union[int, float]:
        """A counter's new value. The time to live begins when it is made."""
        return self._host.ask("kv.add", _with_ttl({"key": key, "by": by}, ttl_ms))[0].get("value", 0)


def _with_ttl(params: dict[str, Any], ttl_ms: Optional[int]) -> dict[str, Any]:
    if ttl_ms is not None:
        params["ttlMs"] = ttl_ms
    return params
