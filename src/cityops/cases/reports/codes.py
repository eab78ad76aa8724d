"""Follow-up codes (查询码): shown once, stored as a salted hash.

A code has 20 letters in four groups. The first eight are the receipt number, random, by which the row is found; the
other twelve are the secret (60 random bits), of which only a hash is kept. Nothing about the person goes into either.

The code of a tip-off is the only link to a person, so its hash is slow (argon2id, ``access.Passwords``): who steals
the database gains nothing by trying. A report's row holds the contact itself, so its code protects nothing from such
a thief; it only has to be too long to guess over the network, and a quick hash lets a city take reports in a flood.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cityops.kit import NotFoundError, Text

_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_RECEIPT: Final = 8
_SECRET: Final = 12
_GROUP: Final = 5
_READ_AS: Final = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_INPUT_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class NewCode:
    """A fresh code: what is shown once, and the two parts that are stored."""

    shown: str
    receipt: str
    hash: str


def make_code(hash_secret: Callable[[str], str]) -> NewCode:
    """A new random code; raises what ``hash_secret`` raises."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(_RECEIPT + _SECRET))
    shown = "-".join(letters[at : at + _GROUP] for at in range(0, len(letters), _GROUP))
    return NewCode(shown, letters[:_RECEIPT], hash_secret(letters[_RECEIPT:]))


def quick_hash(secret: str) -> str:
    """SHA-256 with a fresh salt of 128 bits, as ``sha256$salt$digest``."""
    return _quick(secrets.token_hex(16), secret)


def quick_matches(encoded: str | None, secret: str) -> bool:
    """Whether the secret fits, in the same time whether it does or not; False without a row (None)."""
    salt = encoded.split("$")[1] if encoded else ""
    return hmac.compare_digest(_quick(salt, secret), encoded or "")


def _quick(salt: str, secret: str) -> str:
    return f"sha256${salt}${hashlib.sha256(f'{salt}{secret}'.encode()).hexdigest()}"


def split_code(typed: str) -> tuple[str, str]:
    """(receipt number, secret) of a code as a person types it: any case, blanks and dashes, O for 0, I or L for 1.

    Raises:
        NotFoundError: not a code at all; the same words as for an unknown one.
    """
    letters = typed[:_INPUT_MAX].upper().translate(_READ_AS)
    if len(letters) != _RECEIPT + _SECRET or any(letter not in _ALPHABET for letter in letters):
        raise unknown_code()
    return letters[:_RECEIPT], letters[_RECEIPT:]


def unknown_code() -> NotFoundError:
    """No report has this code."""
    return NotFoundError(
        "没有这个查询码",
        "no report has this code",
        code="report.code",
        todo=Text("请核对查询码：共 20 位，分四组", "check the code: 20 letters in four groups"),
    )
