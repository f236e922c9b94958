"""What an author writes against."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Callable, Iterable, Optional, Sequence, TypeVar, Union

from ._phase import Phase
from ._session import Session
from ._stdio import claim_stdin, claim_stdout
from .host import Host

COOKIE = "stdio-jsonrpc-1"
EXCHANGE_PHASES = ("requestHead", "requestBody", "responseHead", "responseBody", "chooseUpstream")

Handler = TypeVar("Handler", bound=Callable[..., Any])
Mark = Callable[[Handler], Handler]


class Plugin:
    """Mark functions with its decorators, then call `run`.

    Handlers run on threads and may wait. `quick=True` says that one never does: it then runs where messages are read,
    which halves the time of a call, and while it works nothing else does.
    """

    def __init__(
        self,
        name: str,
        version: str,
        *,
        match: Optional[Sequence[dict[str, Any]]] = None,
        config_schema: Optional[dict[str, Any]] = None,
        text: bool = False,
        threads: Optional[int] = None,
    ) -> None:
        """`match`: requests that it has to do with. `text`: bodies may come as text where frames are not agreed.
        `threads`: how many handlers run at once; absent: the host's limit of calls, at most 64."""
        self.name = name
        self.version = version
        self.threads = threads
        self.phases: dict[str, Phase] = {}
        self.ends: list[Callable[[], Any]] = []
        self.done: Optional[Callable[[dict[str, Any]], Any]] = None
        self._match = match
        self._config_schema = config_schema
        self._text = text
        self._read_config: Callable[[Any], Any] = _as_it_is
        self._prepare: Optional[Callable[[Host], Any]] = None
        if os.environ.get("WEIR_PLUGIN") is not None:
            claim_stdout()

    def request_head(
        self,
        fields: Union[str, Iterable[str], None] = None,
        attributes: Optional[Iterable[str]] = None,
        quick: bool = False,
    ) -> Mark[Handler]:
        """`handler(call)` returns an action. `fields` are names in lower case, or "*"."""
        return self._mark("requestHead", quick, fields=fields, attributes=attributes)

    def response_head(
        self,
        fields: Union[str, Iterable[str], None] = None,
        attributes: Optional[Iterable[str]] = None,
        quick: bool = False,
    ) -> Mark[Handler]:
        """`handler(call)` returns an action."""
        return self._mark("responseHead", quick, fields=fields, attributes=attributes)

    def request_body(self, mode: str = "buffered", limit_bytes: Optional[int] = None, quick: bool = False) -> Mark[Handler]:
        """Buffered: `handler(call)` finds the body in `call.body` and returns an action.

        Streamed: `handler(stream)` is a generator: it iterates over the stream, yields bytes, and may return trailers.
        """
        return self._mark("requestBody", quick, mode=mode, limitBytes=limit_bytes)

    def response_body(self, mode: str = "buffered", limit_bytes: Optional[int] = None, quick: bool = False) -> Mark[Handler]:
        """As `request_body`."""
        return self._mark("responseBody", quick, mode=mode, limitBytes=limit_bytes)

    def choose_upstream(self, attributes: Optional[Iterable[str]] = None, quick: bool = False) -> Mark[Handler]:
        """`handler(call)` returns the address of one of `call.hosts`, or None for the cluster's own policy."""

        def mark(handler: Handler) -> Handler:
            def choose(call: Any) -> Any:
                chosen = handler(call)
                return {"host": chosen} if isinstance(chosen, str) else chosen

            add: Mark[Callable[[Any], Any]] = self._mark("chooseUpstream", quick, attributes=attributes)
            add(choose)
            return handler

        return mark

    def log(
        self,
        attributes: Iterable[str],
        every_ms: Optional[int] = None,
        batch: Optional[int] = None,
        quick: bool = False,
    ) -> Mark[Handler]:
        """`handler(records, lost)`: exchanges that have ended, and how many could not be told. One call after the other."""
        return self._mark("log", quick, attributes=attributes, everyMs=every_ms, batch=batch)

    def tick(self, every_ms: int) -> Mark[Handler]:
        """`handler(time, settings)`: milliseconds since 1970. One that comes while the last is still at work is left out."""
        return self._mark("tick", False, everyMs=every_ms)

    def endpoints(self) -> Mark[Handler]:
        """`handler(watch)` sends lists of endpoints, and returns when `watch.wait` says that they are not wanted any more."""
        return self._mark("endpoints", False)

    def config(self, read: Handler) -> Handler:
        """Marks the function that makes the settings of a use of its config. Raise PluginError to refuse it.

        Where the plugin has no config of its own, it is called with None when a call needs that.
        """
        self._read_config = read
        return read

    def on_start(self, prepare: Handler) -> Handler:
        """Marks `prepare(host)`, called before `initialize` is answered. What it returns is put over the answer."""
        self._prepare = prepare
        return prepare

    def on_done(self, done: Handler) -> Handler:
        """Marks `done(state)`, called when an exchange is over, with what its phases have kept.

        The host says so where the plugin asks for more than one phase of an exchange, or for a streamed body.
        """
        self.done = done
        return done

    def on_shutdown(self, end: Handler) -> Handler:
        """Marks a function that is called before the plugin ends on demand. It has less than two seconds."""
        self.ends.append(end)
        return end

    def run(self) -> None:
        """Serves the host on standard input and output, and ends the process."""
        if "--describe" in sys.argv[1:]:
            os.write(claim_stdout(), (json.dumps(self.describe()) + "\n").encode("ascii"))
            self.exit(0)
        if os.environ.get("WEIR_PLUGIN") != COOKIE:
            print(f"{self.name} {self.version} is a plugin of Weir: name it under plugins in Weir's config", file=sys.stderr)
            self.exit(1)
        self.exit(self.serve(claim_stdin(), claim_stdout()))

    def serve(self, input_descriptor: int, output_descriptor: int) -> int:
        """Serves a host on two descriptors until it goes. The exit code. For tests; `run` is for programs."""
        return Session(self, input_descriptor, output_descriptor).serve()

    def describe(self) -> dict[str, Any]:
        """The answer of `initialize`, without `protocol`."""
        answer: dict[str, Any] = {
            "name": self.name,
            "version": self.version,
            "capabilities": {"binary": True, "text": True} if self._text else {"binary": True},
            "phases": {name: phase.needs for name, phase in self.phases.items()},
        }
        if self._match:
            answer["match"] = list(self._match)
        if self._config_schema is not None:
            answer["configSchema"] = self._config_schema
        return answer

    def read_config(self, value: Any) -> Any:
        return self._read_config(value)

    def prepare(self, host: Host) -> Any:
        return None if self._prepare is None else self._prepare(host)

    @property
    def keeps_exchanges(self) -> bool:
        """Whether the host says when an exchange is over, so that something can be kept until then."""
        own = [phase for name, phase in self.phases.items() if name in EXCHANGE_PHASES]
        return len(own) > 1 or any(phase.streamed for phase in own)

    def exit(self, code: int) -> None:
        # A thread of the author's that still waits for something must not keep the process: its host is gone.
        sys.stderr.flush()
        os._exit(code)

    def _mark(self, name: str, quick: bool, **needs: Any) -> Mark[Handler]:
        if needs.get("mode", "buffered") not in ("buffered", "streamed"):
            raise ValueError(f"pass buffered or streamed for mode: found {needs['mode']}")
        if quick and needs.get("mode") == "streamed":
            raise ValueError(f"leave out quick=True: {name} is streamed, and waits for its pieces")
        said = {key: _plain(value) for key, value in needs.items() if value is not None}

        def mark(handler: Handler) -> Handler:
            if name in self.phases:
                raise ValueError(f"mark one function for {name}: found a second, {handler.__name__}")
            self.phases[name] = Phase(name, said, handler, quick)
            return handler

        return mark


def _as_it_is(value: Any) -> Any:
    return value


def _plain(value: Any) -> Any:
    return value if isinstance(value, (str, int)) else list(value)
