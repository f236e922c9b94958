"""One life of a plugin: reads messages, calls handlers, writes answers."""

from __future__ import annotations

import sys
import threading
import traceback
from typing import TYPE_CHECKING, Any, Callable, Optional

from ._exchange import Exchange
from ._link import Link
from ._reader import Reader, body_of
from ._threads import Serial, Threads
from .actions import take_bytes
from .call import Call
from .errors import INVALID_PARAMS, METHOD_NOT_FOUND, PLUGIN_FAILED, PluginError, ProtocolFault
from .host import Host
from .stream import Stream
from .watch import Watch

if TYPE_CHECKING:
    from ._phase import Phase
    from .plugin import Plugin

Method = Callable[[dict[str, Any], Optional[bytes]], None]

PROTOCOL = 1
MESSAGE_BYTES = 4194304
STREAM_WINDOW = 262144
CONCURRENCY = 16
MOST_THREADS = 64
MOST_STREAMS = 4096
LOG_MESSAGES = 64
LAST_SECONDS = 2
_NONE_YET = object()
_NO_HEAD: dict[str, Any] = {}


class Session:
    """Everything here but what a pool runs happens on the reader's thread, which never waits for a handler."""

    def __init__(self, plugin: "Plugin", input_descriptor: int, output_descriptor: int) -> None:
        self._plugin = plugin
        self._phases = plugin.phases
        self._link = Link(output_descriptor)
        self._reader = Reader(input_descriptor, MESSAGE_BYTES, self._link.flush)
        self.host = Host(self._link)
        self._calls = Threads(CONCURRENCY, "call")
        self._streams = Threads(MOST_STREAMS, "stream")
        self._logs = Serial(self._calls, LOG_MESSAGES)
        self._lost = 0
        self._ticks: dict[int, Serial] = {}
        self._window = STREAM_WINDOW
        self._settings: dict[int, Any] = {}
        self._open: dict[int, Call] = {}
        self._exchanges: dict[int, Exchange] = {}
        self._watches: dict[int, Watch] = {}
        self._keeps = plugin.keeps_exchanges
        self._over = threading.Event()
        # Made when the host asks for the end: set when the author's last things are done.
        self._ended: Optional[threading.Event] = None
        self._methods: dict[str, Method] = self._method_table()

    def serve(self) -> int:
        """Until the end of the input or a shutdown. The exit code."""
        reader, link, methods = self._reader, self._link, self._methods
        try:
            while not self._over.is_set():
                read = reader.next()
                if read is None:
                    if self._ended is not None:
                        self._ended.wait(LAST_SECONDS)
                    break
                message, frame = read
                name = message.get("method")
                if name is None:
                    self.host.settle(message, frame)
                    continue
                method = methods.get(name)
                if method is not None:
                    try:
                        method(message, frame)
                    except (KeyError, TypeError, ValueError, AttributeError) as fault:
                        self._refuse(message, fault)
                elif "id" in message:
                    link.fail(message["id"], METHOD_NOT_FOUND, f"no method {name}"[:200], flush=False)
            return 0
        except ProtocolFault as fault:
            print(fault, file=sys.stderr, flush=True)
            return 1
        finally:
            link.drain()
            self._leave()

    def _leave(self) -> None:
        for call in list(self._open.values()):
            call.cancel()
        for exchange in self._exchanges.values():
            exchange.end()
        for watch in self._watches.values():
            watch.leave()
        self.host.close()

    def _method_table(self) -> dict[str, Method]:
        table: dict[str, Method] = {
            "initialize": self._on_initialize,
            "configure": self._on_configure,
            "unconfigure": self._on_unconfigure,
            "cancel": self._on_cancel,
            "done": self._on_done,
            "ping": self._on_ping,
            "shutdown": self._on_shutdown,
        }
        for name, phase in self._phases.items():
            if name == "log":
                table[name] = self._log_method(phase)
            elif name == "tick":
                table[name] = self._tick_method(phase)
            elif name == "endpoints":
                table["watchEndpoints"] = self._watch_method(phase)
                table["unwatchEndpoints"] = self._on_unwatch
            elif phase.streamed:
                direction = "request" if name == "requestBody" else "response"
                table[f"{direction}Data"] = self._data_method(phase, direction)
                table[f"{direction}Taken"] = self._taken_method(direction)
            else:
                table[name] = self._call_method(phase)
        return table

    def _refuse(self, message: dict[str, Any], fault: Exception) -> None:
        why = f"params of {message['method']} that this plugin can't take: {fault!r}"
        if "id" in message:
            self._link.fail(message["id"], INVALID_PARAMS, why, flush=False)
        else:
            print(why, file=sys.stderr, flush=True)

    # Starting

    def _on_initialize(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        identity, params = message["id"], message["params"]
        protocol = params["protocol"]
        if not protocol["min"] <= PROTOCOL <= protocol["max"]:
            found = f"{protocol['min']} to {protocol['max']}"
            self._link.fail(identity, INVALID_PARAMS, f"use a host that speaks protocol {PROTOCOL}: found {found}", flush=False)
            return
        limits = params.get("limits", {})
        self._link.message_bytes = self._reader.message_bytes = limits.get("messageBytes", MESSAGE_BYTES)
        self._link.binary = bool(params.get("capabilities", {}).get("binary", False))
        self._window = limits.get("streamWindow", STREAM_WINDOW)
        threads = self._plugin.threads or min(limits.get("concurrency", CONCURRENCY), MOST_THREADS)
        self._calls.limit = max(1, threads)
        self.host.initialize = params
        self._calls.run(self._prepare, identity, params)

    def _prepare(self, identity: Any, params: dict[str, Any]) -> None:
        def ready() -> dict[str, Any]:
            config = params.get("config")
            # Uses may have settings of their own, so that nothing here is no fault: it is one when a call needs it.
            self._settings[0] = _NONE_YET if config is None else self._plugin.read_config(config)
            answer = {"protocol": PROTOCOL, **self._plugin.describe()}
            changes = self._plugin.prepare(self.host)
            return {**answer, **changes} if changes else answer

        self._reply(identity, ready)

    def _on_configure(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        params = message["params"]

        def configure() -> dict[str, Any]:
            self._settings[params["config"]] = self._plugin.read_config(params["value"])
            return {}

        self._calls.run(self._reply, message["id"], configure)

    def _on_unconfigure(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        number = message["params"]["config"]
        self._settings.pop(number, None)
        self._ticks.pop(number, None)

    def _settings_of(self, number: int) -> Any:
        settings = self._settings.get(number, self)
        if settings is self:
            raise PluginError(f"config {number} was not told", INVALID_PARAMS)
        if settings is _NONE_YET:
            settings = self._settings[number] = self._plugin.read_config(None)
        return settings

    # Calls

    def _call_method(self, phase: "Phase") -> Method:
        def begin(message: dict[str, Any], frame: Optional[bytes]) -> None:
            params = message["params"]
            body = body_of(params, frame) if phase.has_body else b""
            head = _NO_HEAD if phase.head is None else params[phase.head]
            exchange = self._exchange_of(params["x"]) if self._keeps else None
            call = Call(params, head, self.host, body, exchange)
            identity = message["id"]
            if phase.quick:
                self._answer(identity, phase.handler, call, False)
                return
            self._open[identity] = call
            self._calls.run(self._run_call, phase, identity, call)

        return begin

    def _run_call(self, phase: "Phase", identity: int, call: Call) -> None:
        try:
            if not call.cancelled:
                self._answer(identity, phase.handler, call, True)
        finally:
            self._open.pop(identity, None)

    def _answer(self, identity: int, handler: Callable[[Call], Any], call: Call, flush: bool) -> None:
        link = self._link
        try:
            call.settings = self._settings_of(call.params.get("config", 0))
            result = handler(call)
            frame = None
            if result is None:
                result = {}
            elif not isinstance(result, dict):
                raise PluginError(f"return an action, which is a dict, or None: found {type(result).__name__}")
            elif "bytes" in result or "respond" in result:
                result, frame = take_bytes(result, link.binary)
            if not call.cancelled:
                link.answer(identity, result, frame, flush)
        except Exception as fault:
            self._fail(identity, fault, flush)

    def _reply(self, identity: Any, make: Callable[[], Any]) -> None:
        try:
            self._link.answer(identity, make())
        except Exception as fault:
            self._fail(identity, fault, True)

    def _fail(self, identity: Any, fault: Exception, flush: bool) -> None:
        if isinstance(fault, PluginError):
            self._link.fail(identity, fault.code, str(fault), flush)
            return
        traceback.print_exc(file=sys.stderr)
        self._link.fail(identity, PLUGIN_FAILED, f"{type(fault).__name__}: {fault}", flush)

    def _on_cancel(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        call = self._open.get(message["params"]["id"])
        if call is not None:
            call.cancel()

    def _on_done(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        exchange = self._exchanges.pop(message["params"]["x"], None)
        if exchange is not None:
            exchange.end()
            if self._plugin.done is not None:
                self._calls.run(self._plugin.done, exchange.state)

    def _exchange_of(self, x: int) -> Exchange:
        exchange = self._exchanges.get(x)
        if exchange is None:
            exchange = self._exchanges[x] = Exchange()
        return exchange

    # Streamed bodies

    def _data_method(self, phase: "Phase", direction: str) -> Method:
        member = f"{direction}_stream"

        def feed(message: dict[str, Any], frame: Optional[bytes]) -> None:
            params = message["params"]
            body = body_of(params, frame)
            x = params["x"]
            exchange = self._exchange_of(x)
            stream: Optional[Stream] = getattr(exchange, member)
            if stream is None:
                stream = Stream(self._link, direction, x, self.host, exchange, self._window)
                setattr(exchange, member, stream)
                number = params.get("config", 0)
                self._streams.run(stream.work, phase.handler, lambda: self._settings_of(number))
            stream.feed(body, params.get("end", False), params.get("trailers"))

        return feed

    def _taken_method(self, direction: str) -> Method:
        member = f"{direction}_stream"

        def taken(message: dict[str, Any], _frame: Optional[bytes]) -> None:
            params = message["params"]
            exchange = self._exchanges.get(params["x"])
            stream = None if exchange is None else getattr(exchange, member)
            if stream is not None:
                stream.add_credit(params["bytes"])

        return taken

    # Notifications

    def _log_method(self, phase: "Phase") -> Method:
        def log(message: dict[str, Any], _frame: Optional[bytes]) -> None:
            params = message["params"]
            records = params["records"]
            lost = params.get("lost", 0) + self._lost
            if phase.quick:
                self._noticed(phase.handler, records, lost)
            elif self._logs.run(phase.handler, records, lost):
                self._lost = 0
            else:
                self._lost = lost + len(records)

        return log

    def _tick_method(self, phase: "Phase") -> Method:
        def tick(message: dict[str, Any], _frame: Optional[bytes]) -> None:
            params = message["params"]
            number = params.get("config", 0)
            serial = self._ticks.get(number)
            if serial is None:
                serial = self._ticks[number] = Serial(self._calls, 1)
            serial.run(lambda: phase.handler(params.get("time", 0), self._settings_of(number)))

        return tick

    def _noticed(self, handler: Callable[..., Any], *arguments: Any) -> None:
        try:
            handler(*arguments)
        except Exception:
            traceback.print_exc(file=sys.stderr)

    def _watch_method(self, phase: "Phase") -> Method:
        def watch(message: dict[str, Any], _frame: Optional[bytes]) -> None:
            params = message["params"]
            made = Watch(self._link, self.host, params["watch"], params.get("cluster", ""), params.get("config"))
            before = self._watches.get(made.number)
            if before is not None:
                before.leave()
            self._watches[made.number] = made
            self._streams.run(phase.handler, made)

        return watch

    def _on_unwatch(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        watch = self._watches.pop(message["params"]["watch"], None)
        if watch is not None:
            watch.leave()

    # Ending

    def _on_ping(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        self._link.answer(message["id"], {}, None, False)

    def _on_shutdown(self, message: dict[str, Any], _frame: Optional[bytes]) -> None:
        if not self._plugin.ends:
            self._link.answer(message["id"], {}, None, False)
            self._over.set()
            return
        self._ended = threading.Event()
        self._streams.run(self._run_ends, message["id"], self._ended)

    def _run_ends(self, identity: Any, ended: threading.Event) -> None:
        for end in self._plugin.ends:
            self._noticed(end)
        self._link.answer(identity, {})
        self._link.drain()
        ended.set()
        self._plugin.exit(0)
