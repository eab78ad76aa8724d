"""Errors a user can see: what happened, what was kept, what to do, in Chinese and English.

CityOpsError
├── InvalidError          the input is wrong; nothing was changed (HTTP 400)
├── UnauthenticatedError  nobody is signed in (401)
├── ForbiddenError        this person may not do this (403)
├── NotFoundError         no such thing, or not for this person (404)
├── ConflictError         somebody was faster, or the step is not possible in this state (409)
├── BusyError             a bound was reached; slow down and send again (429)
├── UnavailableError      a part is not there now: disk full, store unreachable (503)
└── ConfigError           the settings are wrong; the product does not start
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple


class Text(NamedTuple):
    """The same sentence in Chinese and in English."""

    zh: str
    en: str


class CityOpsError(Exception):
    """Base of every expected error.

    Args:
        zh: what happened, in Chinese.
        en: what happened, in English.
        code: a stable machine-readable word, for example ``case.stale``.
        kept: what was kept of the input, if anything was at stake.
        todo: what the user can do now.
    """

    status: ClassVar[int] = 500
    default_code: ClassVar[str] = "error"

    def __init__(self, zh: str, en: str, *, code: str = "", kept: Text | None = None, todo: Text | None = None) -> None:
        super().__init__(en)
        self.text = Text(zh, en)
        self.code = code or self.default_code
        self.kept = kept
        self.todo = todo


class InvalidError(CityOpsError):
    """The input is wrong; nothing was changed."""

    status = 400
    default_code = "invalid"


class UnauthenticatedError(CityOpsError):
    """Nobody is signed in."""

    status = 401
    default_code = "unauthenticated"


class ForbiddenError(CityOpsError):
    """This person may not do this."""

    status = 403
    default_code = "forbidden"


class NotFoundError(CityOpsError):
    """No such thing, or not for this person."""

    status = 404
    default_code = "not_found"


class ConflictError(CityOpsError):
    """Somebody was faster, or the step is not possible in this state."""

    status = 409
    default_code = "conflict"


class BusyError(CityOpsError):
    """A bound was reached: slow down and send again."""

    status = 429
    default_code = "busy"


class UnavailableError(CityOpsError):
    """A part is not there now: disk full, store unreachable."""

    status = 503
    default_code = "unavailable"


class ConfigError(CityOpsError):
    """The settings are wrong; the product does not start."""

    default_code = "config"
