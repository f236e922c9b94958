import random
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "sdk" / "python"))

import main  # noqa: E402
from redact import CONTEXT, Cards, Pattern, Redactor  # noqa: E402
from tests.peer import Peer, head  # noqa: E402
from weir_plugin import PluginError  # noqa: E402

VISA, AMEX = "4111111111111111", "378282246310005"


def redacted(text, rules, piece=None, longest=64):
    redactor = Redactor(rules, longest)
    data = text.encode()
    step = piece or len(data) or 1
    out = b"".join(redactor.feed(data[at : at + step]) for at in range(0, len(data), step))
    return (out + redactor.finish()).decode()


class CardNumbers(unittest.TestCase):
    def check(self, text, wanted):
        for piece in (1, 2, 7, None):
            self.assertEqual(redacted(text, [Cards(b"*")], piece), wanted, piece)

    def test_all_but_the_last_four_digits_are_masked(self):
        self.check(VISA, "*" * 12 + "1111")
        self.check(f'{{"card":"{AMEX}"}}', '{"card":"***********0005"}')
        self.check("4111-1111 1111-1111.", "****-**** ****-1111.")

    def test_numbers_beside_each_other(self):
        self.check(f"12 {VISA} 7", "12 ************1111 7")
        self.check(f"{VISA} {AMEX}", "************1111 ***********0005")
        self.check("4111 1111 1111 1111 22", "**** **** **** 1111 22")

    def test_what_is_no_card(self):
        for text in ("4111111111111112", f"9{VISA}", f"{VISA}0", "1735689600000", "0000000000000000", "411111111111", "a", ""):
            self.check(text, text)


class Patterns(unittest.TestCase):
    def test_matches_across_pieces(self):
        rules = [Pattern("key", re.compile(rb"\bsk_[a-z0-9]{8}\b"), b"[key]"), Cards(b"x")]
        text = f"a sk_abcd1234, task_abcd1234 sk_abcd1234 {VISA} sk_abcd12345"
        wanted = "a [key], task_abcd1234 [key] xxxxxxxxxxxx1111 sk_abcd12345"
        for piece in range(1, len(text) + 1):
            self.assertEqual(redacted(text, rules, piece), wanted, piece)

    def test_the_first_wins_where_two_overlap(self):
        rules = [Pattern("a", re.compile(rb"bcd"), b"1"), Pattern("b", re.compile(rb"abc"), b"2")]
        self.assertEqual(redacted("abcd bcd", rules), "2d 1")

    def test_any_cut_gives_what_the_whole_gives(self):
        random.seed(7)
        rules = [Cards(b"*"), Pattern("mail", re.compile(rb"[a-z]{1,10}@[a-z]{1,10}\.example"), b"<mail>")]
        parts = [VISA, AMEX, "4111 1111 1111 1111", "me@site.example", " ", "text", "1234", "-", "\n", "é"]
        for _ in range(200):
            text = "".join(random.choice(parts) for _ in range(60))
            whole = redacted(text, rules)
            data, redactor, out = text.encode(), Redactor(rules, 64), b""
            while data:
                cut = random.randint(1, 90)
                out += redactor.feed(data[:cut])
                data = data[cut:]
            self.assertEqual((out + redactor.finish()).decode(), whole)

    def test_memory_is_bounded(self):
        redactor = Redactor([Cards(b"*"), Pattern("all", re.compile(rb"q[^z]*z"), b"")], 256)
        for _ in range(1000):
            redactor.feed(b"q" + b"4" * 1023)
            self.assertLessEqual(len(redactor._text), 256 + CONTEXT)


class Plugin(unittest.TestCase):
    def reply(self, peer, **fields):
        response = {"status": 200, "fields": [[name.replace("_", "-"), value] for name, value in fields.items()]}
        return peer.ask("responseHead", {"x": 1, "config": 0, "deadlineMs": 1000, "response": response})["result"]

    def test_a_reply_is_looked_through(self):
        config = {"patterns": [{"name": "word", "regex": "secret", "replacement": "***"}]}
        with Peer(main.plugin, config=config, calls=["count"], window=65536) as peer:
            self.assertIn(["remove", "accept-encoding"], peer.ask("requestHead", head())["result"]["fields"])
            self.assertNotIn("body", self.reply(peer, content_type="text/html; charset=utf-8"))
            for n, piece in enumerate((b"a sec", b"ret 4111 1111 ", b"1111 1111 b")):
                peer.notify("responseData", {"x": 1, "config": 0, "end": n == 2}, piece)
            out, counts, ended = b"", {}, False
            while not ended or len(counts) < 2:
                message = peer.next()
                params = message["params"]
                out += message.get("frame", b"")
                ended = ended or params.get("end", False)
                if message["method"] == "count":
                    counts[params["labels"]["rule"]] = params["add"]
            self.assertEqual((out, counts), (b"a *** **** **** **** 1111 b", {"word": 1, "card": 1}))

    def test_what_can_not_be_looked_through(self):
        with Peer(main.plugin, config={"encoded": "refuse"}) as peer:
            self.assertEqual(self.reply(peer, content_type="image/png"), {"body": "none"})
            self.assertEqual(self.reply(peer, content_type="image/png", content_encoding="gzip"), {"body": "none"})
            self.assertEqual(self.reply(peer, content_type="text/html", content_encoding="gzip")["respond"]["status"], 502)
        with Peer(main.plugin, config={"encoded": "pass"}) as peer:
            self.assertEqual(self.reply(peer, content_type="text/html", content_encoding="gzip"), {"body": "none"})

    def test_configs_that_are_wrong(self):
        for config, why in (
            ({"patterns": [{"regex": "("}]}, "mend the regular expression"),
            ({"patterns": [{"regex": "a*"}]}, "match one byte at least"),
            ({"longest": 1}, "make longest at least"),
            ([], "make the config a map"),
        ):
            with self.assertRaisesRegex(PluginError, why):
                main.read(config)


if __name__ == "__main__":
    unittest.main()
