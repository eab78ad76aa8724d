"""Registering a case by hand (登记): with the form that its workflow declares, each registration exactly once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, select

from cityops.access import Permission, Principal
from cityops.cases.directory import find_account, find_unit
from cityops.cases.engine import Cases
from cityops.cases.forms import MAX_LONG_TEXT, read_fields
from cityops.cases.inputs import NewCase, Reporter
from cityops.cases.opening import MAX_TITLE
from cityops.cases.scope import case_scope
from cityops.cases.tables import case_table, reporter_table
from cityops.cases.workflow import OpeningForm, Workflow, Workflows
from cityops.kit import ForbiddenError, InvalidError, NotFoundError, Text
from cityops.places import City
from cityops.store import Store

CHANNEL: Final = "registered"
MAX_CLIENT_ID: Final = 64
_KEPT: Final = Text("没有登记，填写的内容仍在页面上", "nothing was registered; what you typed is still on the page")

_AGAIN: Final = Text("改正后重新提交", "correct it and submit again")


@dataclass(frozen=True, slots=True)
class CaseForm:
    """A form that somebody may fill in."""

    scene: str
    kind: str
    workflow: Workflow
    form: OpeningForm


@dataclass(frozen=True, slots=True)
class Registration:
    """What was filled in.

    Attributes:
        client_id: number of this registration, made by who sends it; sent again by the same account it is the same.
        title: what it is about, at most 200 characters.
        description: in the words of whoever came.
        form: the declared fields.
        unit: id or code of the unit, where the form asks for one.
        lon, lat: WGS-84 degrees, where the form asks for a place.
    """

    client_id: str
    title: str
    description: str = ""
    form: Mapping[str, Any] | None = None
    unit: str | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class Registered:
    """The case that was made; ``readable``: whether its registrar sees it from now on (a clerk need not)."""

    case_id: str
    number: str
    readable: bool


class Registrations:
    """The forms with which cases are registered by hand.

    Args:
        store: the relational store.
        cases: opens them.
        workflows: by (scene, kind).
        city: names the place.
    """

    def __init__(self, store: Store, cases: Cases, workflows: Workflows, city: City) -> None:
        self._store = store
        self._cases = cases
        self._workflows = workflows
        self._city = city

    def forms(self, principal: Principal) -> Sequence[CaseForm]:
        """The forms this person may fill in, by scene and kind."""
        if not principal.can(Permission.CASES_REPORT):
            return ()
        with self._store.read() as conn:
            return tuple(
                CaseForm(scene, kind, workflow, workflow.opening)
                for (scene, kind), workflow in sorted(self._workflows.items())
                if workflow.opening is not None and _may_fill_in(conn, principal, workflow.opening)
            )

    def register(self, principal: Principal, scene: str, kind: str, new: Registration) -> Registered:
        """Register a case.

        Raises:
            NotFoundError: no such form. ForbiddenError: not for this person. InvalidError: a field is wrong.
        """
        case_id = self._store.write(lambda conn: self.register_in(conn, principal, scene, kind, new))
        row = select(case_table.c.number, case_scope(principal).label("readable")).where(case_table.c.id == case_id)
        with self._store.read() as conn:
            found = conn.execute(row).one()
        return Registered(case_id, found.number, bool(found.readable))

    def register_in(self, conn: Connection, principal: Principal, scene: str, kind: str, new: Registration) -> str:
        """As ``register``, inside a transaction of the caller; returns the case's id."""
        principal.require(Permission.CASES_REPORT)
        form = self._form(conn, principal, scene, kind)
        _check(form, new)
        reference = f"{CHANNEL}:{new.client_id}"
        find_account(conn, principal.account_id, lock=True)  # two sendings of one registration wait for each other
        known = select(reporter_table.c.case_id).where(
            reporter_table.c.account_id == principal.account_id, reporter_table.c.reference == reference
        )
        found = conn.execute(known).scalar()
        if found is not None:
            return str(found)
        values = read_fields(form.fields, dict(new.form or {}), lambda field: field.options)
        place = self._city.locate(new.lon, new.lat) if new.lon is not None and new.lat is not None else None
        unit = None if form.unit == "own" else find_unit(conn, new.unit or "")
        words = new.title.strip()
        case = NewCase(
            scene=scene,
            kind=kind,
            title=Text(words, words),
            severity=form.severity,
            lon=new.lon if form.place else None,
            lat=new.lat if form.place else None,
            area_code=(place.street_code or place.district_code or None) if place else None,
            place=asdict(place) if place else {},
            unit_id=principal.unit_id if unit is None else unit["id"],
            unit_name=principal.unit_name if unit is None else unit["name"],
            description=new.description.strip(),
            data=values,
            reporter=Reporter(CHANNEL, account_id=principal.account_id, reference=reference),
        )
        return self._cases.open_in(conn, principal, case)

    def _form(self, conn: Connection, principal: Principal, scene: str, kind: str) -> OpeningForm:
        workflow = self._workflows.get((scene, kind))
        if workflow is None or workflow.opening is None:
            raise NotFoundError("没有这种登记表", "there is no such form", code="case.no_form")
        if not _may_fill_in(conn, principal, workflow.opening):
            raise ForbiddenError(
                f"您的角色或单位不能填写“{workflow.opening.title.zh}”",
                f"{workflow.opening.title.en!r} is not for your role or unit",
                code="case.form_role",
                kept=_KEPT,
            )
        return workflow.opening


def _may_fill_in(conn: Connection, principal: Principal, form: OpeningForm) -> bool:
    if principal.role not in form.roles:
        return False
    return not form.units or (
        principal.unit_id is not None and find_unit(conn, principal.unit_id)["code"] in form.units
    )


def _check(form: OpeningForm, new: Registration) -> None:
    if not 0 < len(new.client_id) <= MAX_CLIENT_ID:
        raise _invalid(f"client_id 需为 1 至 {MAX_CLIENT_ID} 个字符", f"client_id has 1 to {MAX_CLIENT_ID} characters")
    if not 0 < len(new.title.strip()) <= MAX_TITLE:
        raise _invalid(f"请填写标题（不超过{MAX_TITLE}字）", f"give a title of at most {MAX_TITLE} characters")
    if len(new.description) > MAX_LONG_TEXT:
        raise _invalid(f"描述超过{MAX_LONG_TEXT}字", f"the description has more than {MAX_LONG_TEXT} characters")
    if (new.lon is None) != (new.lat is None) or (not form.place and new.lon is not None):
        raise _invalid("位置不完整，或此表不需要位置", "half a place, or a place this form does not ask for")
    if form.place and new.lon is None:
        raise _invalid("请在地图上选择位置", "choose the place on the map")
    if form.unit == "chosen" and not new.unit:
        raise _invalid("请选择承办单位", "choose the unit")


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="case.form_kind", kept=_KEPT, todo=_AGAIN)
