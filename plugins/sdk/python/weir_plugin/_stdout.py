"""Keeps standard output for messages."""

from __future__ import annotations

import os
import sys
from typing import Optional

_claimed: Optional[int] = None


def claim_stdout() -> int:
    """The descriptor for messages. From now on prints, and writes of C code to descriptor 1, go to standard error.

    Once a process: a second call returns the same descriptor.
    """
    global _claimed
    if _claimed is None:
        sys.stdout.flush()
        _claimed = os.dup(1)
        os.set_inheritable(_claimed, False)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
    return _claimed
