import threading
import unittest

from weir_plugin import PASS, Plugin, StreamGone

from .peer import WINDOW, Peer


def upper(stream):
    for piece in stream:
        yield piece.upper()


def peer_of(handler, **more):
    plugin = Plugin("p", "1")
    plugin.response_body(mode="streamed")(handler)
    return Peer(plugin, **more)


def data(peer, piece, end=False, x=1, **more):
    params = {"x": x, "config": 0, "end": end, **more}
    peer.notify("responseData", params, piece or None)


class Flow:
    """What a host has seen of a stream."""

    def __init__(self):
        self.out, self.taken, self.end, self.trailers, self.other = b"", 0, False, None, None

    def take(self, message):
        params = message["params"]
        if message["method"] == "responseTaken":
            self.taken += params["bytes"]
            return
        self.out += message.get("frame", b"")
        if params.get("end"):
            self.end = True
            self.trailers = params.get("trailers")
        if "pass" in params or "error" in params:
            self.other = params

    def until(self, peer, done):
        while not done(self):
            self.take(peer.next())
        return self


class Streams(unittest.TestCase):
    def test_pieces_go_through_and_are_acknowledged(self):
        with peer_of(upper) as peer:
            data(peer, b"ab")
            flow = Flow().until(peer, lambda f: f.taken == 2)
            self.assertEqual(flow.out, b"AB")
            data(peer, b"cd", end=True)
            flow.until(peer, lambda f: f.end)
            self.assertEqual((flow.out, flow.taken, flow.trailers), (b"ABCD", 4, None))

    def test_base64_and_text_come_where_frames_are_not_agreed(self):
        with peer_of(upper, binary=False) as peer:
            peer.notify("responseData", {"x": 1, "config": 0, "end": False, "base64": "YWI="})
            self.assertEqual(peer.next()["params"], {"x": 1, "base64": "QUI="})
            self.assertEqual(peer.next()["params"], {"x": 1, "bytes": 2})
            peer.notify("responseData", {"x": 1, "config": 0, "end": True, "text": "c"})
            self.assertEqual(peer.next()["params"], {"x": 1, "base64": "Qw=="})

    def test_output_waits_for_credit(self):
        with peer_of(lambda stream: [b"x" * 100]) as peer:
            data(peer, b"", end=True)
            flow = Flow().until(peer, lambda f: len(f.out) == WINDOW)
            peer.ask("ping")
            peer.notify("responseTaken", {"x": 1, "bytes": 10})
            flow.until(peer, lambda f: len(f.out) == WINDOW + 10)
            peer.ask("ping")
            peer.notify("responseTaken", {"x": 1, "bytes": 60})
            flow.until(peer, lambda f: f.end)
            self.assertEqual(flow.out, b"x" * 100)

    def test_a_slow_stream_holds_up_no_other(self):
        gate = threading.Event()

        def slow(stream):
            if stream.x == 1:
                gate.wait(10)
            yield from upper(stream)

        with peer_of(slow) as peer:
            data(peer, b"a", end=True, x=1)
            data(peer, b"b", end=True, x=2)
            flow = Flow().until(peer, lambda f: f.end)
            self.assertEqual(flow.out, b"B")
            gate.set()
            self.assertEqual(Flow().until(peer, lambda f: f.end).out, b"A")

    def test_trailers_come_and_go(self):
        def swap(stream):
            for piece in stream:
                yield piece
            return [(name, value.upper()) for name, value in stream.trailers]

        with peer_of(swap) as peer:
            data(peer, b"a", end=True, trailers=[["t", "v"]])
            self.assertEqual(Flow().until(peer, lambda f: f.end).trailers, [["t", "V"]])

    def test_pass_leaves_the_piece_in_hand_to_the_host(self):
        def look(stream):
            for piece in stream:
                if piece != b"old":
                    yield PASS
                yield b"new"

        with peer_of(look) as peer:
            data(peer, b"old")
            data(peer, b"stays")
            flow = Flow().until(peer, lambda f: f.other)
            self.assertEqual((flow.out, flow.taken, flow.other), (b"new", 3, {"x": 1, "pass": True}))
            data(peer, b"more", end=True)
            peer.ask("ping")

    def test_pass_after_a_part_was_written_counts_the_piece(self):
        def first(stream):
            yield next(stream).upper()
            yield PASS

        with peer_of(first) as peer:
            data(peer, b"ab")
            flow = Flow().until(peer, lambda f: f.other)
            self.assertEqual((flow.out, flow.taken), (b"AB", 2))

    def test_pass_at_once(self):
        with peer_of(lambda stream: PASS) as peer:
            data(peer, b"ab")
            self.assertEqual(peer.next()["params"], {"x": 1, "pass": True})

    def test_an_early_end_drops_and_acknowledges_the_rest(self):
        def short(stream):
            yield next(stream)

        with peer_of(short) as peer:
            data(peer, b"ab")
            flow = Flow().until(peer, lambda f: f.end)
            data(peer, b"cde", end=True)
            flow.until(peer, lambda f: f.taken == 5)
            self.assertEqual(flow.out, b"ab")

    def test_a_handler_that_fails_gives_the_body_up(self):
        def fail(stream):
            next(stream)
            raise RuntimeError("broken")
            yield

        def forgets(stream):
            return None

        for handler, why in ((fail, "broken"), (forgets, "yield pieces, or return an iterator of them: found NoneType")):
            with peer_of(handler) as peer:
                data(peer, b"ab")
                flow = Flow().until(peer, lambda f: f.other)
                self.assertEqual(flow.other, {"x": 1, "error": why})
                data(peer, b"ab", end=True)
                peer.ask("ping")

    def test_done_ends_a_stream_that_waits(self):
        ended = threading.Event()

        def wait(stream):
            try:
                for piece in stream:
                    yield piece * 1000
            except StreamGone:
                ended.set()
                raise
            finally:
                ended.set()

        for piece in (b"", b"a"):
            ended.clear()
            with peer_of(wait) as peer:
                data(peer, piece)
                if piece:
                    Flow().until(peer, lambda f: len(f.out) == WINDOW)
                peer.notify("done", {"x": 1})
                self.assertTrue(ended.wait(10))
                self.assertEqual(peer.ask("ping")["result"], {})

    def test_memory_stays_within_the_window(self):
        with peer_of(upper, window=1 << 20, message_bytes=1 << 16) as peer:
            flow, sent = Flow(), 0
            total, piece = 8 << 20, b"z" * 60000
            while sent < total:
                while sent - flow.taken + len(piece) <= 1 << 20 and sent < total:
                    data(peer, piece)
                    sent += len(piece)
                before = len(flow.out)
                flow.take(peer.next())
                if len(flow.out) > before:
                    peer.notify("responseTaken", {"x": 1, "bytes": len(flow.out) - before})
            data(peer, b"", end=True)
            while not flow.end:
                before = len(flow.out)
                flow.take(peer.next())
                peer.notify("responseTaken", {"x": 1, "bytes": len(flow.out) - before})
            self.assertEqual((len(flow.out), flow.taken), (sent, sent))
