"""What goes wrong between a plugin and its host."""

from __future__ import annotations

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
PLUGIN_FAILED = -32603
NOT_GRANTED = -32001
TOO_LARGE = -32002
HOST_CALL_FAILED = -32003


class PluginError(Exception):
    """Raise it in a handler: the call fails with this message, and no traceback is written.

    Raised while a config is read, it tells people what is wrong with it.
    """

    def __init__(self, message: str, code: int = PLUGIN_FAILED) -> None:
        super().__init__(message)
        self.code = code


class HostError(Exception):
    """A host call was answered with an error. `code` is one of those of the protocol."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class StreamGone(Exception):
    """Raised inside a streamed body's generator when the exchange or the host is gone. Let it pass."""


class ProtocolFault(Exception):
    """The host sent what is no message. It ends the plugin."""
