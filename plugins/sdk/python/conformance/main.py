"""The plugin that plugins/conformance/README.md describes."""

import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from weir_plugin import PASS, RESET, HostError, Plugin, PluginError, redirect, respond  # noqa: E402

plugin = Plugin(
    "conformance",
    "1",
    match=[{"prefixes": ["/"]}],
    config_schema={"type": "object", "properties": {"greeting": {"type": "string"}}},
    text=True,
)
host_calls = {}
gate = threading.Condition()
rounds = 0


@plugin.config
def read(value):
    if isinstance(value, dict) and "bad" in value:
        raise PluginError("leave out bad", code=-32602)
    return value if isinstance(value, dict) else {}


@plugin.on_start
def prepare(host):
    host_calls["host"] = host


def sets(**values):
    return {"fields": [["set", "x-" + name, str(value)] for name, value in values.items()]}


def fields(call):
    return {"fields": [["set", "x-set", call.field("x-in", "none")], ["add", "x-add", "1"], ["remove", "x-remove"]]}


def request(call):
    return sets(request=f"{call.method} {call.scheme} {call.authority} {call.path}", end="true" if call.end else "false")


def head(call):
    return {
        "method": "PUT",
        "path": "/changed?q=1",
        "metadata": {"conformance": {"seen": True}},
        "timeoutMs": 1500,
        "cluster": "other",
    }


def cache(call):
    return {**respond(204), "cache": {"key": ["method", "field:authorization"], "ttlMs": 30000}}


def attributes(call):
    return sets(client=call.attributes.get("client.address", "none"), route=call.attributes.get("route", "none"))


def fail(call):
    raise PluginError("asked for")


def wait(call):
    with gate:
        before = rounds
        gate.wait_for(lambda: rounds > before)


def release(call):
    global rounds
    with gate:
        rounds += 1
        gate.notify_all()


def wait_cancel(call):
    call.wait_cancelled()
    call.host.log("info", "cancelled")


def kv(call):
    values = call.host.kv
    values.set("k", {"n": 1}, ttl_ms=1000)
    got = values.get("k")
    total = values.add("c", 2)
    deleted = values.delete("k")
    return sets(n=got["n"], sum=total, deleted="true" if deleted else "false")


def denied(call):
    try:
        call.host.kv.get("k")
    except HostError as fault:
        return sets(code=fault.code)
    return sets(code="none")


def http(call):
    reply = call.host.http("c", "/p", method="POST", fields=[("a", "b")], timeout_ms=500, body=b"ping")
    return sets(status=reply.status, body=reply.body.decode())


PATHS = {
    "/fields": fields,
    "/request": request,
    "/head": head,
    "/respond": lambda call: respond(418, "short and stout", [("content-type", "text/plain")]),
    "/respond-bytes": lambda call: respond(200, b"\x00\xff\x0a"),
    "/redirect": lambda call: redirect("/elsewhere", 307),
    "/reset": lambda call: RESET,
    "/skip-body": lambda call: {"body": "none"},
    "/cache": cache,
    "/attributes": attributes,
    "/config": lambda call: sets(greeting=call.settings.get("greeting", "none")),
    "/error": fail,
    "/wait": wait,
    "/release": release,
    "/wait-cancel": wait_cancel,
    "/print": lambda call: print("stray"),
    "/log": lambda call: call.host.log("warn", "hello", n=1),
    "/count": lambda call: call.host.count("seen", 2, a="b"),
    "/kv": kv,
    "/denied": denied,
    "/http": http,
}


@plugin.request_head(fields="*", attributes=["client.address", "route"])
def request_head(call):
    path = call.path.split("?")[0]
    call.state["path"] = path
    handler = PATHS.get(path)
    return None if handler is None else handler(call)


@plugin.request_body(limit_bytes=65536)
def request_body(call):
    if not call.body:
        return None
    return {**sets(length=len(call.body), trailers=len(call.trailers)), "bytes": call.body.upper()}


@plugin.response_head(fields=["content-type"])
def response_head(call):
    answer = sets(status=call.status)
    if call.status == 404:
        answer["status"] = 410
    return answer


@plugin.response_body(mode="streamed")
def response_body(stream):
    count = 0
    trailers = False
    for number, piece in enumerate(stream):
        count += len(piece)
        if number == 0:
            if piece.startswith(b"!pass"):
                yield PASS
            if piece.startswith(b"!error"):
                raise PluginError("asked for")
            if piece.startswith(b"!early"):
                yield b"bye"
                return None
            if piece.startswith(b"!big "):
                yield b"a" * int(piece[5:])
                for _ in stream:
                    pass
                return None
            trailers = piece.startswith(b"!trailers")
        yield piece.upper()
    return [("x-sum", str(count))] if trailers else None


@plugin.choose_upstream()
def choose_upstream(call):
    near = [host["address"] for host in call.hosts if host.get("zone") == "b"]
    return near[-1] if near else None


@plugin.log(attributes=["status", "route"], every_ms=50, batch=10)
def log(records, lost):
    host_calls["host"].count("records", len(records))
    if lost:
        host_calls["host"].count("lost", lost)


@plugin.tick(every_ms=1000)
def tick(time, settings):
    host_calls["host"].count("ticks")


@plugin.endpoints()
def endpoints(watch):
    watch.send([{"address": address} for address in watch.config["addresses"]])
    while watch.wait(60):
        pass
    watch.host.log("info", "unwatched")


@plugin.on_done
def done(state):
    if state.get("path") == "/done":
        host_calls["host"].log("info", "done")


plugin.run()
