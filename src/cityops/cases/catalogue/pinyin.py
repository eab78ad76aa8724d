"""Pinyin (拼音) of names, so that a person finds 暴露垃圾 by ``bllj`` or ``baolu``."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Reading:
    """How a name is read: syllables without tone, ü written v; letters and digits stand for themselves."""

    syllables: tuple[str, ...]

    @classmethod
    def of(cls, name: str) -> Self:
        """The reading of a name; punctuation is left out."""
        # Imported here: the dictionary of phrases takes 0.3 s and 58 MB, and only a process that searches needs it.
        from pypinyin import lazy_pinyin

        tidy = "".join(letter if letter.isalnum() else " " for letter in unicodedata.normalize("NFKC", name))
        return cls(tuple(word.lower() for part in lazy_pinyin(tidy) for word in part.split()))

    @property
    def initials(self) -> str:
        """The first letter of each syllable (拼音首字母)."""
        return "".join(syllable[0] for syllable in self.syllables)

    def match(self, typed: str) -> int | None:
        """At which syllable ``typed`` is found, as whole or cut-off syllables in a row; None when nowhere.

        Each syllable may be written out or cut off: ``bllj``, ``baolu`` and ``baolulj`` all are 暴露垃圾.
        """
        for start in range(len(self.syllables)):
            if self._reads_from(start, typed):
                return start
        return None

    def _reads_from(self, start: int, typed: str) -> bool:
        rests = {typed}
        for syllable in self.syllables[start:]:
            longer: set[str] = set()
            for rest in rests:
                same = _common(rest, syllable)
                if same == len(rest):
                    return True
                longer.update(rest[length:] for length in range(1, same + 1))
            if not longer:
                return False
            rests = longer
        return False


def _common(a: str, b: str) -> int:
    """Length of the common beginning."""
    length = 0
    for one, other in zip(a, b, strict=False):
        if one != other:
            break
        length += 1
    return length
