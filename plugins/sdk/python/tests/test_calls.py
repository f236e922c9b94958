import threading
import unittest

from weir_plugin import Plugin, PluginError, redirect, respond

from .peer import Peer, head


class Calls(unittest.TestCase):
    def test_the_answer_of_initialize_says_what_the_plugin_is(self):
        plugin = Plugin("named", "2.1", match=[{"prefixes": ["/api"]}], config_schema={"type": "object"}, text=True)
        plugin.request_head(fields=("a", "b"), attributes=["route"])(lambda call: None)
        plugin.request_body(limit_bytes=10)(lambda call: None)
        plugin.log(attributes=["status"], every_ms=5, batch=7)(lambda records, lost: None)
        with Peer(plugin) as peer:
            self.assertEqual(
                peer.started["result"],
                {
                    "protocol": 1,
                    "name": "named",
                    "version": "2.1",
                    "capabilities": {"binary": True, "text": True},
                    "phases": {
                        "requestHead": {"fields": ["a", "b"], "attributes": ["route"]},
                        "requestBody": {"mode": "buffered", "limitBytes": 10},
                        "log": {"attributes": ["status"], "everyMs": 5, "batch": 7},
                    },
                    "match": [{"prefixes": ["/api"]}],
                    "configSchema": {"type": "object"},
                },
            )

    def test_a_quick_handler_and_a_slow_one_answer_the_same(self):
        for quick in (True, False):
            plugin = Plugin("p", "1")

            @plugin.request_head(fields="*", quick=quick)
            def handle(call):
                return {"fields": [["set", "x-seen", f"{call.method} {call.path} {call.field('a')} {call.field('none')}"]]}

            with Peer(plugin) as peer:
                answer = peer.ask("requestHead", head(fields=[("a", "1"), ("a", "2")]))
                self.assertEqual(answer["result"], {"fields": [["set", "x-seen", "GET /p?q 1 None"]]})

    def test_nothing_returned_changes_nothing(self):
        plugin = Plugin("p", "1")
        plugin.request_head(quick=True)(lambda call: None)
        with Peer(plugin) as peer:
            self.assertEqual(peer.ask("requestHead", head())["result"], {})

    def test_bodies_go_as_frames_or_as_base64(self):
        plugin = Plugin("p", "1")
        plugin.request_head(quick=True)(lambda call: respond(403, b"\xff\n", [("a", "b")]))
        with Peer(plugin) as peer:
            answer = peer.ask("requestHead", head())
            self.assertEqual(answer["result"], {"respond": {"status": 403, "fields": [["a", "b"]]}})
            self.assertEqual(answer["frame"], b"\xff\n")
        with Peer(plugin, binary=False) as peer:
            answer = peer.ask("requestHead", head())
            self.assertEqual(answer["result"], {"respond": {"status": 403, "fields": [["a", "b"]], "base64": "/wo="}})
            self.assertNotIn("bytes", answer)

    def test_a_buffered_body_comes_in_each_of_its_forms(self):
        plugin = Plugin("p", "1")
        plugin.response_body()(lambda call: {"bytes": call.body[::-1], "status": 201, "metadata": {"t": {"n": call.trailers}}})
        with Peer(plugin) as peer:
            params = {"x": 1, "config": 0, "deadlineMs": 100}
            answer = peer.ask("responseBody", {**params, "trailers": [["a", "b"]]}, b"a\nb")
            self.assertEqual((answer["frame"], answer["result"]["metadata"]), (b"b\na", {"t": {"n": [["a", "b"]]}}))
            self.assertEqual(peer.ask("responseBody", {**params, "base64": "YWI="})["frame"], b"ba")
            self.assertEqual(peer.ask("responseBody", {**params, "text": "añ"})["frame"], "añ".encode()[::-1])
            self.assertEqual(peer.ask("responseBody", params)["result"]["text"], "")

    def test_helpers_make_answers(self):
        self.assertEqual(respond(200, "hi"), {"respond": {"status": 200, "text": "hi"}})
        self.assertEqual(redirect("/x"), {"redirect": {"location": "/x", "status": 302}})

    def test_a_host_is_chosen_by_its_address(self):
        plugin = Plugin("p", "1")
        plugin.choose_upstream(quick=True)(lambda call: call.hosts[-1]["address"] if call.hosts else None)
        with Peer(plugin) as peer:
            params = {"x": 1, "config": 0, "deadlineMs": 100, "cluster": "c", "attempt": 1}
            answer = peer.ask("chooseUpstream", {**params, "hosts": [{"address": "a:1"}, {"address": "b:1"}]})
            self.assertEqual(answer["result"], {"host": "b:1"})
            self.assertEqual(peer.ask("chooseUpstream", {**params, "hosts": []})["result"], {})

    def test_calls_wait_beside_each_other_and_the_reader_goes_on(self):
        plugin = Plugin("p", "1")
        gate = threading.Barrier(3, timeout=10)
        plugin.request_head()(lambda call: respond(200 + gate.wait() * 0))
        with Peer(plugin) as peer:
            for x in (1, 2):
                peer.call("requestHead", head(x))
            self.assertEqual(peer.ask("ping")["result"], {})
            gate.wait()
            self.assertEqual(peer.next()["result"], {"respond": {"status": 200}})
            self.assertEqual(peer.next()["result"], {"respond": {"status": 200}})

    def test_a_cancelled_call_is_not_answered(self):
        plugin = Plugin("p", "1")
        begun, go_on, done = threading.Event(), threading.Event(), threading.Event()
        seen = []

        @plugin.request_head()
        def handle(call):
            begun.set()
            go_on.wait(10)
            seen.append(call.cancelled)
            done.set()

        with Peer(plugin) as peer:
            identity = peer.call("requestHead", head())
            begun.wait(10)
            peer.notify("cancel", {"id": identity})
            peer.ask("ping")
            go_on.set()
            self.assertTrue(done.wait(10))
            self.assertEqual(peer.ask("ping")["result"], {})
        self.assertEqual(seen, [True])

    def test_what_one_phase_keeps_another_finds_until_the_exchange_is_done(self):
        plugin = Plugin("p", "1")

        @plugin.request_head(quick=True)
        def request(call):
            call.state["path"] = call.path

        plugin.response_head()(lambda call: {"fields": [["set", "x-path", call.state.get("path", "forgotten")]]})
        with Peer(plugin) as peer:
            params = {"x": 1, "config": 0, "deadlineMs": 100, "response": {"status": 200}}
            peer.ask("requestHead", head())
            self.assertEqual(peer.ask("responseHead", params)["result"]["fields"][0][2], "/p?q")
            peer.notify("done", {"x": 1})
            self.assertEqual(peer.ask("responseHead", params)["result"]["fields"][0][2], "forgotten")


class Failures(unittest.TestCase):
    def test_what_a_handler_raises_fails_its_call_alone(self):
        plugin = Plugin("p", "1")

        @plugin.request_head(fields="*", quick=True)
        def handle(call):
            if call.field("a") == "told":
                raise PluginError("no key")
            return {"metadata": {"p": object()}} if call.field("a") == "odd" else {}

        with Peer(plugin) as peer:
            error = peer.ask("requestHead", head(fields=[("a", "told")]))["error"]
            self.assertEqual(error, {"code": -32603, "message": "no key"})
            self.assertEqual(peer.ask("requestHead", head(fields=[("a", "odd")]))["error"]["code"], -32603)
            self.assertEqual(peer.ask("requestHead", head())["result"], {})

    def test_an_answer_too_long_fails_its_call(self):
        plugin = Plugin("p", "1")
        plugin.request_head()(lambda call: respond(200, "x" * 70000))
        with Peer(plugin) as peer:
            self.assertEqual(peer.ask("requestHead", head())["error"]["code"], -32002)

    def test_unknown_requests_are_refused_and_unknown_notices_are_not(self):
        with Peer(Plugin("p", "1")) as peer:
            peer.notify("later", {"a": 1})
            self.assertEqual(peer.ask("later")["error"]["code"], -32601)

    def test_params_that_miss_something_are_refused(self):
        plugin = Plugin("p", "1")
        plugin.request_body()(lambda call: None)
        with Peer(plugin) as peer:
            self.assertEqual(peer.ask("requestBody", {"config": 0, "x": 1, "base64": "!"})["error"]["code"], -32602)
            self.assertEqual(peer.ask("requestBody", {"config": 9, "x": 1})["error"]["code"], -32602)
            self.assertEqual(peer.ask("requestBody")["error"]["code"], -32602)

    def test_what_is_no_message_ends_the_plugin(self):
        for line in (b"hello\n", b"[]\n", b"{}\n", b"x" * 70000):
            with Peer(Plugin("p", "1")) as peer:
                peer.raw(line)
                self.assertIsNone(peer.next())
                peer.close()
                self.assertEqual(peer.code, 1)

    def test_a_host_of_other_versions_is_refused(self):
        with Peer(Plugin("p", "1"), start=False) as peer:
            answer = peer.ask("initialize", {"protocol": {"min": 2, "max": 3}})
            self.assertIn("found 2 to 3", answer["error"]["message"])


class Configs(unittest.TestCase):
    def plugin(self):
        plugin = Plugin("p", "1")

        @plugin.config
        def read(value):
            if value is None:
                raise PluginError("say who")
            return value["who"].upper()

        plugin.request_head(quick=True)(lambda call: {"path": call.settings})
        return plugin

    def test_each_use_has_settings_of_its_own(self):
        with Peer(self.plugin(), config={"who": "a"}) as peer:
            self.assertEqual(peer.ask("configure", {"config": 1, "value": {"who": "b"}})["result"], {})
            self.assertEqual(peer.ask("requestHead", head(config=0))["result"], {"path": "A"})
            self.assertEqual(peer.ask("requestHead", head(config=1))["result"], {"path": "B"})
            peer.notify("unconfigure", {"config": 1})
            self.assertEqual(peer.ask("requestHead", head(config=1))["error"]["code"], -32602)

    def test_a_wrong_one_is_refused_with_the_reason(self):
        with Peer(self.plugin(), config={"who": "a"}) as peer:
            self.assertEqual(peer.ask("configure", {"config": 1, "value": None})["error"]["message"], "say who")

    def test_none_at_the_start_is_no_fault_before_it_is_needed(self):
        with Peer(self.plugin()) as peer:
            self.assertIn("result", peer.started)
            self.assertEqual(peer.ask("requestHead", head())["error"]["message"], "say who")

    def test_the_start_can_change_the_answer(self):
        plugin = self.plugin()
        plugin.on_start(lambda host: {"match": [{"paths": [host.initialize["config"]["who"]]}]})
        with Peer(plugin, config={"who": "/a"}) as peer:
            self.assertEqual(peer.started["result"]["match"], [{"paths": ["/a"]}])
