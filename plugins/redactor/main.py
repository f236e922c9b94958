"""A plugin of Weir that takes card numbers, and what else its config names, out of replies."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sdk" / "python"))

from redact import CARD_BYTES, Cards, Pattern, Redactor  # noqa: E402
from weir_plugin import Plugin, PluginError, respond  # noqa: E402

TYPES = ["text/", "application/json", "application/xml", "application/x-ndjson"]
SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "cards": {"type": "boolean"},
        "mask": {"type": "string", "minLength": 1},
        "patterns": {
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["regex"],
                "properties": {
                    "name": {"type": "string"},
                    "regex": {"type": "string", "minLength": 1},
                    "replacement": {"type": "string"},
                },
            },
        },
        "longest": {"type": "integer", "minimum": CARD_BYTES, "maximum": 65536},
        "types": {"type": "array", "items": {"type": "string", "minLength": 1}},
        "encoded": {"enum": ["refuse", "pass"]},
    },
}


class Settings(NamedTuple):
    rules: list[Any]
    longest: int
    types: tuple[str, ...]
    passes_encoded: bool


plugin = Plugin("redactor", "1.0", config_schema=SCHEMA)


@plugin.config
def read(value: Any) -> Settings:
    value = {} if value is None else value
    if not isinstance(value, dict):
        raise PluginError(f"make the config a map: found {type(value).__name__}")
    rules: list[Any] = [Cards(value.get("mask", "*").encode())] if value.get("cards", True) else []
    for number, entry in enumerate(value.get("patterns", [])):
        rules.append(pattern_of(entry, number))
    longest = value.get("longest", 256)
    if longest < CARD_BYTES:
        raise PluginError(f"make longest at least {CARD_BYTES} bytes: found {longest}")
    return Settings(rules, longest, tuple(value.get("types", TYPES)), value.get("encoded", "refuse") == "pass")


def pattern_of(entry: dict[str, Any], number: int) -> Pattern:
    try:
        compiled = re.compile(entry["regex"].encode())
    except re.error as fault:
        raise PluginError(f"mend the regular expression {entry['regex']}: {fault}") from None
    if compiled.match(b""):
        raise PluginError(f"make {entry['regex']} match one byte at least: it matches nothing at all")
    return Pattern(entry.get("name", f"pattern{number}"), compiled, entry.get("replacement", "[redacted]").encode())


# A part of a reply, or a compressed one, can't be looked through.
@plugin.request_head(quick=True)
def ask_for_plain(call):
    return {"fields": [["remove", name] for name in ("accept-encoding", "range", "if-range")]}


@plugin.response_head(fields=["content-type", "content-encoding"], quick=True)
def choose(call):
    kind = call.field("content-type", "").lower()
    if not kind.startswith(call.settings.types):
        return {"body": "none"}
    if call.field("content-encoding", "identity").lower() != "identity":
        return {"body": "none"} if call.settings.passes_encoded else respond(502, "the reply can't be looked through\n")
    gone = ("accept-ranges", "content-md5", "digest", "content-digest", "repr-digest", "etag")
    return {"fields": [["remove", name] for name in gone]}


@plugin.response_body(mode="streamed")
def redact(stream):
    redactor = Redactor(stream.settings.rules, stream.settings.longest)
    for piece in stream:
        yield redactor.feed(piece)
    yield redactor.finish()
    for rule, times in redactor.counts.items():
        stream.host.count("redacted", times, rule=rule)


if __name__ == "__main__":
    plugin.run()
