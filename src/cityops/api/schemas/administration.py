"""Units, terminals, accounts, the audit chain (台账、管理)."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from cityops.api.schemas.base import Bilingual, Model, Moment, Page, Role


class Unit(Model):
    """A unit (单位): police, enterprise or district office."""

    unit_id: str
    name: str
    kind: str
    area_code: str | None
    credit_code: str | None
    vehicles: int
    open_cases: int


class UnitList(Model):
    """Units this person may see."""

    items: list[Unit]


class Device(Model):
    """A terminal (终端) and its connection."""

    device: int
    terminal_phone: str
    protocol: str
    plate: str | None
    vehicle_id: str | None
    unit_name: str | None
    online: bool
    last_seen: Moment | None
    counters: dict[str, int]


class DeviceList(Model):
    """A page of terminals."""

    items: list[Device]
    page: Page


class PendingDevice(Model):
    """A terminal that asked to register and is not known: refused until a person approves it."""

    pending_id: int
    terminal_phone: str
    plate: str | None
    maker: str | None
    model: str | None
    attempts: int
    first_seen: Moment
    last_seen: Moment


class PendingDeviceList(Model):
    """Terminals that wait for approval."""

    items: list[PendingDevice]
    page: Page


class ApproveDevice(Model):
    """Approve a waiting terminal for a vehicle."""

    plate: Annotated[str, Field(min_length=7, max_length=8)]
    vehicle_class: str
    unit_id: str
    driving_limit_h: float | None = None


class AccountRow(Model):
    """An account in the administrator's list."""

    account_id: str
    username: str
    display_name: str
    role: Role
    unit_name: str | None
    area_codes: list[str]
    active: bool
    last_sign_in: Moment | None


class AccountList(Model):
    """All accounts."""

    items: list[AccountRow]


class NewAccount(Model):
    """An account to create. Which of unit, areas and crew are needed depends on the role."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]
    display_name: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role
    unit_id: str | None = None
    area_codes: list[str] = Field([])
    crew_id: str | None = None


class NewPassword(Model):
    """A new password for an account."""

    password: Annotated[str, Field(min_length=1, max_length=256)]


class AuditRow(Model):
    """A line of the audit chain (审计)."""

    sequence: int
    at: Moment
    actor: str
    action: str
    title: Bilingual | None  # of a step of a case: its title in the workflow
    states: dict[str, Bilingual]  # the titles of the states that it led from and to
    object_type: str
    object_id: str | None
    purpose: str | None
    detail: dict[str, Any]
    hash: str


class AuditList(Model):
    """A page of the audit chain, newest first, and whether the whole chain verifies."""

    items: list[AuditRow]
    page: Page
