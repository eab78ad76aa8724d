"""Signing in and what runs here (登录)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Model, Moment, Role


class SignIn(Model):
    """Credentials (登录)."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Me(Model):
    """Who is signed in, and what they may do."""

    account_id: str
    username: str
    display_name: str
    role: Role
    unit_id: str | None
    unit_name: str | None
    area_codes: list[str]
    crew_id: str | None  # of a crew's account: which crew
    permissions: list[str]
    scenes: list[str]  # that hold something for this person: whose pages are shown
    csrf_token: str


class DemoAccount(Model):
    """An account of the demo city, shown on the sign-in page only while the demo runs."""

    username: str
    password: str
    role: Role
    display_name: str


class Product(Model):
    """What runs here."""

    name: str
    version: str
    city: str
    synthetic: bool
    demo_accounts: list[DemoAccount]
    scenes: dict[str, Bilingual]
    now: Moment
