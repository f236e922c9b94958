"""Keeps standard input and output for messages."""

from __future__ import annotations

import os
import sys
from typing import Optional

_output: Optional[int] = None


def claim_stdin() -> int:
    """The descriptor for messages. From now on whoever reads descriptor 0, as a child may, finds nothing."""
    messages = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    return messages


def claim_stdout() -> int:
    """The descriptor for messages. From now on prints, and writes of C code to descriptor 1, go to standard error.

    Once a process: a second call returns the same descriptor.
    """
    global _output
    if _output is None:
        sys.stdout.flush()
        _output = os.dup(1)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
    return _output
