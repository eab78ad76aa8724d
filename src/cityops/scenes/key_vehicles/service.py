"""From alert to case (预警立案): the machine opens, tells and notes; every step after that is a person's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Connection,
    Float,
    Integer,
    RowMapping,
    String,
    case,
    column,
    or_,
    select,
    table,
)

from cityops.access import SYSTEM, Permission, Principal, scope_clause
from cityops.cases import NewCase, case_table, step_table
from cityops.kit import ConflictError, NotFoundError, Text
from cityops.scenes.registry import SceneContext
from cityops.scenes.spec import SEVERITIES
from cityops.store import Event, Subscriber

WITHDRAWN: Final = Text(
    "预警已撤回，请核实后决定是否作废", "Alert withdrawn: check, then decide whether to void the case"
)
RAISED_AGAIN: Final = Text("预警恢复", "Alert raised again")
GRAVER: Final = Text("预警升级", "Alert has become graver")

# The other rooms' tables as far as they are read here, inside the transaction of the event.
_alert: Final = table(
    "alert",
    column("id", String),
    column("scene", String),
    column("detector", String),
    column("severity", Integer),
    column("state", String),
    column("title_zh", String),
    column("title_en", String),
    column("summary_zh", String),
    column("summary_en", String),
    column("vehicle_id", String),
    column("plate", String),
    column("unit_id", String),
    column("area_code", String),
    column("lon", Float),
    column("lat", Float),
    column("place", JSON),
    column("case_id", String),
    column("started_ms", BigInteger),
)
_unit: Final = table(
    "unit",
    column("id", String),
    column("code", String),
    column("name", String),
    column("kind", String),
    column("area_code", String),
    column("parent_id", String),
)


class AlertDesk:
    """What the scene does with alerts.

    Args:
        scene: the scene's name; its declaration in force says whose alerts open a case, and from which severity.
        context: the rooms.
    """

    def __init__(self, scene: str, context: SceneContext) -> None:
        self._scene = scene
        self._context = context

    def subscriber(self) -> Subscriber:
        """Hears of every alert; the effects are once each, with the offset in the same transaction."""
        topics = ("alert.raised", "alert.updated", "alert.withdrawn")
        return Subscriber(f"{self._scene}.alerts", topics, self.handle)

    def handle(self, conn: Connection, event: Event) -> None:
        """Open a case, or note on the alert's case what has changed."""
        alert = _read(conn, str(event.payload["alert_id"]))
        if alert is None or alert["scene"] != self._scene:
            return
        known = conn.execute(select(case_table).where(case_table.c.alert_id == alert["id"])).mappings().one_or_none()
        if known is not None:
            self._follow(conn, event.topic, alert, known)
        elif self._opens(alert):
            self._open(conn, SYSTEM, alert, None)

    def open_by_hand(self, conn: Connection, principal: Principal, alert_id: str, comment: str | None) -> str:
        """Open a case from any alert of the scene that has a kind of case, whatever its severity.

        Raises:
            ForbiddenError: without ``cases.open``. NotFoundError: no such alert for this person.
            ConflictError: the alert is withdrawn, or none of its detector's alerts make cases.
        """
        principal.require(Permission.CASES_OPEN)
        scope = scope_clause(principal, unit_column=_alert.c.unit_id, area_column=_alert.c.area_code)
        visible = select(_alert.c.id).where(_alert.c.id == alert_id, _alert.c.scene == self._scene, scope)
        if conn.execute(visible).scalar() is None:
            raise NotFoundError("没有这条预警，或您无权查看", "no such alert, or not for you", code="alert.not_found")
        alert = _read(conn, alert_id, hold=True)  # who withdraws it comes before, or when there is a case to tell
        assert alert is not None  # read in the same transaction
        if alert["state"] == "withdrawn":
            raise ConflictError("预警已撤回，不能立案", "the alert is withdrawn", code="alert.withdrawn")
        return self._open(conn, principal, alert, comment)

    def _opens(self, alert: RowMapping) -> bool:
        detector = self._context.overlays.spec(self._scene).detector(alert["detector"])
        if detector is None or detector.opens_case_at is None or alert["state"] == "withdrawn":
            return False
        return bool(alert["severity"] >= SEVERITIES[detector.opens_case_at])

    def _open(self, conn: Connection, principal: Principal, alert: RowMapping, comment: str | None) -> str:
        detector = self._context.overlays.spec(self._scene).detector(alert["detector"])
        if detector is None or detector.case is None:
            raise ConflictError("这类预警不立案", "alerts of this kind make no cases", code="alert.no_case_kind")
        place: Mapping[str, Any] = alert["place"] or {}
        title, summary = Text(alert["title_zh"], alert["title_en"]), Text(alert["summary_zh"], alert["summary_en"])
        unit = _unit_by_id(conn, alert["unit_id"])
        police = _responsible_police(conn, alert["area_code"])
        plate = alert["plate"] or "—"
        where = "".join(str(place.get(name) or "") for name in ("district_name", "road_name")) or "—"
        new = NewCase(
            scene=self._scene,
            kind=detector.case,
            title=Text(f"{plate} {title.zh}", f"{plate}: {title.en}"),
            severity=alert["severity"],
            lon=alert["lon"],
            lat=alert["lat"],
            area_code=alert["area_code"],
            place=place,
            vehicle_id=alert["vehicle_id"],
            plate=alert["plate"],
            unit_id=alert["unit_id"],
            unit_name=unit["name"] if unit else None,
            police_unit_id=police["id"] if police else None,
            police_unit_name=police["name"] if police else None,
            alert_id=alert["id"],
            comment=comment,
            words={"alert": title, "summary": summary, "place": Text(where, where)},
            data={"summary_zh": summary.zh, "summary_en": summary.en},
        )
        case_id = self._context.cases.open_in(conn, principal, new)
        self._context.alerts.link_case(conn, alert["id"], case_id)
        return case_id

    def _follow(self, conn: Connection, topic: str, alert: RowMapping, known: RowMapping) -> None:
        cases = self._context.cases
        if topic == "alert.withdrawn":
            cases.note_in(conn, SYSTEM, known["id"], "alert.withdrawn", WITHDRAWN, {})
        elif topic == "alert.raised" and _was_withdrawn(conn, known["id"]):
            cases.note_in(conn, SYSTEM, known["id"], "alert.raised", RAISED_AGAIN, {})
        elif alert["severity"] > known["severity"]:
            change = {"severity": alert["severity"]}
            cases.note_in(conn, SYSTEM, known["id"], "alert.graver", GRAVER, change)
        moved = (alert["lon"], alert["lat"]) != (known["lon"], known["lat"])
        if moved and alert["lon"] is not None and alert["lat"] is not None:
            cases.move_in(conn, known["id"], alert["lon"], alert["lat"], alert["area_code"], alert["place"] or {})


def _was_withdrawn(conn: Connection, case_id: str) -> bool:
    """Whether the last that the case heard of its alert is that it was withdrawn."""
    heard = (step_table.c.case_id == case_id) & step_table.c.action.startswith("alert.")
    query = select(step_table.c.action).where(heard).order_by(step_table.c.sequence.desc()).limit(1)
    return conn.execute(query).scalar() == "alert.withdrawn"


def _read(conn: Connection, alert_id: str, *, hold: bool = False) -> RowMapping | None:
    query = select(_alert).where(_alert.c.id == alert_id)
    return conn.execute(query.with_for_update() if hold else query).mappings().one_or_none()


def _unit_by_id(conn: Connection, unit_id: str | None) -> RowMapping | None:
    return conn.execute(select(_unit).where(_unit.c.id == unit_id)).mappings().one_or_none()


def _responsible_police(conn: Connection, area_code: str | None) -> RowMapping | None:
    """The police unit that answers for an area: that of its district, else the one above all (支队)."""
    district = (area_code or "")[:6]
    here = or_(_unit.c.area_code == district, _unit.c.parent_id.is_(None))
    nearest_first = case((_unit.c.area_code == district, 0), else_=1)
    query = select(_unit).where(_unit.c.kind == "police", here).order_by(nearest_first, _unit.c.code)
    return conn.execute(query.limit(1)).mappings().one_or_none()
