"""Is the product well (运行状态)."""

from __future__ import annotations

from cityops.api.schemas.base import Bilingual, Model


class Part(Model):
    """One part of the product: is it well, and in words."""

    name: str
    ok: bool
    detail: Bilingual
    figures: dict[str, float]


class Health(Model):
    """The whole product."""

    ok: bool
    version: str
    parts: list[Part]
