import threading
import unittest

from weir_plugin import HostError, Plugin

from .peer import Peer, head

ALL = ("log", "count", "kv.get", "kv.set", "kv.delete", "kv.add", "http")


def peer_of(handler, calls=ALL, quick=False):
    plugin = Plugin("p", "1")
    plugin.request_head(quick=quick)(handler)
    return Peer(plugin, calls=calls)


class HostCalls(unittest.TestCase):
    def asked(self, handler, answer, frame=None):
        """What the host is asked, and what the handler makes of the answer."""
        with peer_of(lambda call: {"metadata": {"p": {"v": handler(call.host)}}}) as peer:
            identity = peer.call("requestHead", head())
            request = peer.next()
            peer.send({"id": request["id"], **answer}, frame)
            last = peer.next()
            self.assertEqual(last["id"], identity)
            return request, last["result"]["metadata"]["p"]["v"]

    def test_values(self):
        request, value = self.asked(lambda host: host.kv.get("k"), {"result": {"value": [1]}})
        self.assertEqual((request["method"], request["params"], value), ("kv.get", {"key": "k"}, [1]))
        request, value = self.asked(lambda host: host.kv.set("k", {"a": 1}, ttl_ms=5), {"result": {}})
        self.assertEqual((request["params"], value), ({"key": "k", "value": {"a": 1}, "ttlMs": 5}, None))
        request, value = self.asked(lambda host: host.kv.delete("k"), {"result": {"deleted": True}})
        self.assertEqual((request["method"], value), ("kv.delete", True))
        request, value = self.asked(lambda host: host.kv.add("k", 2), {"result": {"value": 7}})
        self.assertEqual((request["params"], value), ({"key": "k", "by": 2}, 7))

    def test_http(self):
        def call(host):
            reply = host.http("api", "/x", method="POST", fields=[("a", "b")], body=b"in", timeout_ms=9)
            return [reply.status, reply.fields, reply.body.decode()]

        request, value = self.asked(call, {"result": {"status": 200, "fields": [["c", "d"]]}}, b"out")
        self.assertEqual(request["params"], {"cluster": "api", "method": "POST", "path": "/x", "fields": [["a", "b"]], "timeoutMs": 9})
        self.assertEqual(request["frame"], b"in")
        self.assertEqual(value, [200, [["c", "d"]], "out"])

    def test_an_error_is_raised(self):
        def call(host):
            try:
                host.kv.get("k")
            except HostError as fault:
                return [fault.code, str(fault)]

        _, value = self.asked(call, {"error": {"code": -32001, "message": "not granted"}})
        self.assertEqual(value, [-32001, "not granted"])

    def test_log_and_count_are_notices(self):
        def handle(call):
            call.host.log("warn", "m", a=1)
            call.host.count("n", 2, k="v")

        with peer_of(handle, quick=True) as peer:
            peer.call("requestHead", head())
            self.assertEqual(peer.next()["params"], {"level": "warn", "message": "m", "facts": {"a": 1}})
            self.assertEqual(peer.next()["params"], {"name": "n", "add": 2, "labels": {"k": "v"}})
            self.assertEqual(peer.next()["result"], {})

    def test_what_is_not_granted_is_not_sent(self):
        def handle(call):
            call.host.log("warn", "to standard error")
            call.host.count("n")

        with peer_of(handle, calls=()) as peer:
            self.assertEqual(peer.ask("requestHead", head())["result"], {})

    def test_a_quick_handler_can_not_wait(self):
        with peer_of(lambda call: call.host.kv.get("k"), quick=True) as peer:
            self.assertIn("leave out quick=True", peer.ask("requestHead", head())["error"]["message"])

    def test_the_end_of_the_input_ends_what_waits(self):
        raised = threading.Event()

        def handle(call):
            try:
                call.host.kv.get("k")
            except HostError:
                raised.set()

        with peer_of(handle) as peer:
            peer.call("requestHead", head())
            peer.next()
        self.assertTrue(raised.wait(10))


class Notices(unittest.TestCase):
    def test_records_come_in_their_order(self):
        plugin = Plugin("p", "1")
        seen, done = [], threading.Event()

        @plugin.log(attributes=["status"])
        def log(records, lost):
            seen.append((records, lost))
            if len(seen) == 3:
                done.set()

        with Peer(plugin) as peer:
            for n in range(3):
                peer.notify("log", {"records": [{"status": n}], **({"lost": 2} if n == 2 else {})})
            self.assertTrue(done.wait(10))
        self.assertEqual(seen, [([{"status": 0}], 0), ([{"status": 1}], 0), ([{"status": 2}], 2)])

    def test_what_a_slow_one_misses_is_counted(self):
        plugin = Plugin("p", "1")
        gate, seen = threading.Event(), []

        @plugin.log(attributes=["status"])
        def log(records, lost):
            gate.wait(10)
            seen.append((len(records), lost))

        with Peer(plugin) as peer:
            for _ in range(100):
                peer.notify("log", {"records": [{"status": 1}]})
            peer.ask("ping")
            gate.set()
            while sum(n for n, _ in seen) < 64:
                peer.ask("ping")
            before = sum(n for n, _ in seen)
            peer.notify("log", {"records": [{}]})
            while sum(n for n, _ in seen) + sum(lost for _, lost in seen) < 101:
                peer.ask("ping")
            self.assertGreater(sum(lost for _, lost in seen), 0)
            self.assertGreaterEqual(before, 64)

    def test_ticks_bring_the_settings(self):
        plugin = Plugin("p", "1")
        seen, done = [], threading.Event()

        @plugin.tick(every_ms=100)
        def tick(time, settings):
            seen.append((time, settings))
            done.set()

        with Peer(plugin, config="c") as peer:
            peer.notify("tick", {"config": 0, "time": 5})
            self.assertTrue(done.wait(10))
        self.assertEqual(seen, [(5, "c")])

    def test_endpoints_are_told_until_they_are_not_wanted(self):
        plugin = Plugin("p", "1")
        left = threading.Event()

        @plugin.endpoints()
        def watch(watch):
            watch.send([{"address": f"{watch.cluster}:{watch.config['port']}"}])
            while watch.wait(0.01):
                pass
            left.set()

        with Peer(plugin) as peer:
            peer.notify("watchEndpoints", {"watch": 3, "cluster": "api", "config": {"port": 80}})
            self.assertEqual(peer.next()["params"], {"watch": 3, "endpoints": [{"address": "api:80"}]})
            peer.notify("unwatchEndpoints", {"watch": 3})
            self.assertTrue(left.wait(10))
