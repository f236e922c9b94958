"""Threads for handlers."""

from __future__ import annotations

import sys
import threading
import traceback
from collections import deque
from queue import SimpleQueue
from typing import Any, Callable


class Threads:
    """A pool that grows with what is to be done at once, up to a limit. `run` never waits."""

    def __init__(self, limit: int, name: str) -> None:
        self.limit = limit
        self._name = name
        self._jobs: SimpleQueue[Any] = SimpleQueue()
        self._lock = threading.Lock()
        self._count = 0
        # Threads that wait for a job, less the jobs that wait for a thread.
        self._idle = 0

    def run(self, job: Callable[..., None], *arguments: Any) -> None:
        with self._lock:
            self._idle -= 1
            grows = self._idle < 0 and self._count < self.limit
            if grows:
                self._count += 1
                self._idle += 1
        self._jobs.put((job, arguments))
        if grows:
            threading.Thread(target=self._work, name=f"{self._name}-{self._count}", daemon=True).start()

    def _work(self) -> None:
        while True:
            job, arguments = self._jobs.get()
            try:
                job(*arguments)
            except Exception:
                traceback.print_exc(file=sys.stderr)
            job = arguments = None
            with self._lock:
                self._idle += 1


class Serial:
    """Runs one job after the other on a pool, and keeps at most `limit` of them waiting."""

    def __init__(self, threads: Threads, limit: int) -> None:
        self._threads = threads
        self._limit = limit
        self._waiting: deque[Any] = deque()
        self._lock = threading.Lock()
        self._runs = False

    def run(self, job: Callable[..., None], *arguments: Any) -> bool:
        """Whether it was taken; False when too many wait."""
        with self._lock:
            if len(self._waiting) >= self._limit:
                return False
            self._waiting.append((job, arguments))
            if self._runs:
                return True
            self._runs = True
        self._threads.run(self._drain)
        return True

    def _drain(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._runs = False
                    return
                job, arguments = self._waiting.popleft()
            try:
                job(*arguments)
            except Exception:
                traceback.print_exc(file=sys.stderr)
