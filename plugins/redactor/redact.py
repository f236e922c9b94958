"""Replaces what must not be seen in bytes that come in pieces."""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple, Optional

CONTEXT = 64
"""Bytes before the place that is looked at which a pattern can see, as with \\b or a look-behind."""

CARD_DIGITS = (13, 19)
CARD_BYTES = 2 * CARD_DIGITS[1]
"""Longest card number with a separator between all digits, and the byte behind it."""

# The first digit is that of the networks there are; a moment in milliseconds begins with 1.
_CARD_START = re.compile(rb"(?<![0-9])(?=[2-6](?:[ -]?[0-9]){12})")
_CARD = re.compile(rb"[0-9](?:[ -]?[0-9]){12,18}")


class Found(NamedTuple):
    start: int
    end: int
    replacement: bytes
    rule: str


class Cards:
    """Numbers of 13 to 19 digits, together or with single blanks or hyphens between them, whose Luhn sum is right."""

    name = "card"

    def __init__(self, mask: bytes) -> None:
        """`mask` takes the place of each digit but the last four."""
        self._mask = mask

    def find(self, text: bytearray, at: int) -> Optional[Found]:
        for start in _CARD_START.finditer(text, at):
            found = self._card_at(text, start.start())
            if found is not None:
                return found
        return None

    def _card_at(self, text: bytearray, start: int) -> Optional[Found]:
        longest = _CARD.match(text, start)
        if longest is None:
            return None
        # What follows a number after a blank may be a number of its own: shorter ones are tried as well.
        end = longest.end()
        while True:
            digits = [byte - 48 for byte in text[start:end] if byte >= 48]
            if len(digits) < CARD_DIGITS[0]:
                return None
            if not _is_digit(text, end) and _luhn(digits):
                return Found(start, end, self._masked(text[start:end], len(digits)), self.name)
            end -= 1
            while not _is_digit(text, end - 1):
                end -= 1

    def _masked(self, card: bytearray, digits: int) -> bytes:
        out = bytearray()
        for byte in card:
            if byte < 48:
                out.append(byte)
                continue
            out += self._mask if digits > 4 else bytes([byte])
            digits -= 1
        return bytes(out)


class Pattern:
    """What a regular expression matches."""

    def __init__(self, name: str, pattern: "re.Pattern[bytes]", replacement: bytes) -> None:
        self.name = name
        self._pattern = pattern
        self._replacement = replacement

    def find(self, text: bytearray, at: int) -> Optional[Found]:
        for match in self._pattern.finditer(text, at):
            if match.end() > match.start():
                return Found(match.start(), match.end(), self._replacement, self.name)
        return None


class Redactor:
    """One body. It holds back no more than `longest` bytes, and so finds what is no longer than that whole."""

    def __init__(self, rules: Iterable["Cards | Pattern"], longest: int) -> None:
        self._rules = list(rules)
        self._longest = longest
        # Some bytes that went on already, and from `_at` those that did not.
        self._text = bytearray()
        self._at = 0
        self.counts: dict[str, int] = {}
        """How often each rule has found something."""

    def feed(self, piece: bytes) -> bytes:
        """What can go on now."""
        self._text += piece
        return self._go_on(len(self._text) - self._longest)

    def finish(self) -> bytes:
        """The rest."""
        return self._go_on(len(self._text))

    def _go_on(self, limit: int) -> bytes:
        """Decides about what begins before `limit`: behind it a longer match could still come."""
        text, at = self._text, self._at
        if limit <= at:
            return b""
        out = bytearray()
        found = [rule.find(text, at) for rule in self._rules]
        while True:
            first = min((one for one in found if one is not None and one.start < limit), default=None)
            if first is None:
                break
            out += text[at : first.start]
            out += first.replacement
            self.counts[first.rule] = self.counts.get(first.rule, 0) + 1
            at = first.end
            found = [
                rule.find(text, at) if one is not None and one.start < at else one for rule, one in zip(self._rules, found)
            ]
        if at < limit:
            out += text[at:limit]
            at = limit
        gone = max(0, at - CONTEXT)
        del text[:gone]
        self._at = at - gone
        return bytes(out)


def _is_digit(text: bytearray, at: int) -> bool:
    return at < len(text) and 48 <= text[at] <= 57


def _luhn(digits: list[int]) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        if place % 2 == 1:
            digit = digit * 2 - 9 if digit > 4 else digit * 2
        total += digit
    return total % 10 == 0
