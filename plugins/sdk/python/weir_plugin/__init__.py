"""Plugins for Weir in Python. Start with the README beside this package."""

from .actions import PASS, RESET, redirect, respond
from .call import Call
from .errors import HostError, PluginError, StreamGone
from .host import Host, Reply
from .plugin import Plugin
from .stream import Stream
from .watch import Watch

__all__ = [
    "PASS",
    "RESET",
    "Call",
    "Host",
    "HostError",
    "Plugin",
    "PluginError",
    "Reply",
    "Stream",
    "StreamGone",
    "Watch",
    "redirect",
    "respond",
]
