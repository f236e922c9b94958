import json
import os
import subprocess
import sys
import unittest
from pathlib import Path

from .peer import head, initialize_params

ROOT = Path(__file__).resolve().parents[1]
NOISY = """
import os, sys
from weir_plugin import Plugin
plugin = Plugin("noisy", "1.0")
print("made")

@plugin.request_head(fields=["a"])
def handle(call):
    print("stray")
    os.system("echo deep; cat")
    return {"path": "/x"}

@plugin.on_shutdown
def end():
    print("ended")

plugin.run()
"""


def start(*arguments, cookie="stdio-jsonrpc-1", source=NOISY):
    env = {"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(ROOT)}
    if cookie:
        env["WEIR_PLUGIN"] = cookie
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-c", source, *arguments], stdin=pipe, stdout=pipe, stderr=pipe, env=env)


def lines(*messages):
    return b"".join(json.dumps({"jsonrpc": "2.0", **m}).encode() + b"\n" for m in messages)


STARTED = {"id": 1, "method": "initialize", "params": initialize_params()}
CALLED = {"id": 2, "method": "requestHead", "params": head()}


class Process(unittest.TestCase):
    def test_prints_go_to_standard_error(self):
        process = start()
        process.stdin.write(lines(STARTED, CALLED))
        process.stdin.flush()
        self.assertEqual([json.loads(process.stdout.readline())["id"] for _ in range(2)], [1, 2])
        out, err = process.communicate(lines({"id": 3, "method": "shutdown"}), timeout=10)
        self.assertEqual([json.loads(line)["id"] for line in out.splitlines()], [3])
        self.assertEqual(err.split(), [b"made", b"stray", b"deep", b"ended"])
        self.assertEqual(process.returncode, 0)

    def test_it_ends_with_its_input(self):
        source = NOISY.replace("print(\"made\")", "import threading; threading.Thread(target=threading.Event().wait).start()")
        process = start(source=source)
        process.communicate(lines(STARTED), timeout=10)
        self.assertEqual(process.returncode, 0)

    def test_described_it_says_what_it_is(self):
        out, _ = start("--describe").communicate(timeout=10)
        self.assertEqual(
            json.loads(out),
            {"name": "noisy", "version": "1.0", "capabilities": {"binary": True}, "phases": {"requestHead": {"fields": ["a"]}}},
        )
        self.assertEqual(out.count(b"\n"), 1)

    def test_started_by_hand_it_says_so(self):
        process = start(cookie=None)
        _, err = process.communicate(timeout=10)
        self.assertEqual(process.returncode, 1)
        self.assertIn(b"noisy 1.0 is a plugin of Weir", err)
