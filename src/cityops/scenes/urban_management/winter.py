"""Winter patrol (冬季巡查): places where ice and icicles form are looked at nightly; what is found is filed at once.

Bridges and viaducts cool from below: icicles grow on railings and joints, and black ice lies on decks, slopes and
shaded stretches in the small hours. A round begins at 20:00 and is named by the day on which it ends; a place not
looked at is as visible as one where ice was found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, RowMapping, func, insert, select, update

from cityops.access import SYSTEM, Permission, Principal, record_audit
from cityops.cases import case_table
from cityops.cases.catalogue import NATIONAL, ItemKey, Kind
from cityops.cases.intake import NewCaseReport
from cityops.kit import ConflictError, InvalidError, NotFoundError, Text, from_ms
from cityops.registers import ARCHIVED, RegisterObject
from cityops.scenes.registry import SceneContext
from cityops.scenes.urban_management.tables import winter_mode_table, winter_visit_table
from cityops.store import hold

REGISTER: Final = "winter_spot"
ACTIVE: Final = "active"
ROUND_BEGINS_H: Final = 20
SEASON_MAX_DAYS: Final = 240
_m, _v = winter_mode_table.c, winter_visit_table.c
_KEPT: Final = Text("没有保存", "nothing was kept")


class SpotKind(StrEnum):
    """Why a place is looked at."""

    VIADUCT = "viaduct"  # 高架桥
    INTERCHANGE = "interchange"  # 立交桥
    BRIDGE = "bridge"  # 桥面
    UNDERPASS = "underpass"  # 下穿通道
    SLOPE = "slope"  # 坡道
    SHADE = "shade"  # 背阴路段


class Result(StrEnum):
    """What was found."""

    CLEAR = "clear"  # 无冰
    ICE = "ice"  # 路面结冰
    ICICLES = "icicles"  # 冰溜子


MATTERS: Final = {
    Result.ICE: ItemKey(NATIONAL, Kind.MATTER, "10001"),  # 道路积雪、结冰
    Result.ICICLES: ItemKey(NATIONAL, Kind.MATTER, "02008"),  # 立交桥异常
}


@dataclass(frozen=True, slots=True)
class Mode:
    """The patrol is on from ``first_day`` to ``last_day`` (both included)."""

    first_day: date
    last_day: date
    note: str
    actor_name: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One look at a place."""

    result: Result
    notes: str
    case_id: str | None
    actor_name: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SpotRound:
    """A place in a round; ``visits`` oldest first, none: not looked at."""

    spot_id: str
    title: str
    kind: SpotKind
    lon: float
    lat: float
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """A night's round, counted: places, looked at, with ice or icicles."""

    day: date
    spots: tuple[SpotRound, ...]
    looked_at: int
    with_ice: int


@dataclass(frozen=True, slots=True)
class Season:
    """What the patrol has found since a day, and how much of it is handled, counted from the cases."""

    since: date
    found: int
    handled: int


class WinterPatrol:
    """Switches the patrol on, shows its rounds, takes what is found."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    # --- on and off ----------------------------------------------------------------------------------------------

    def mode(self, principal: Principal) -> Mode | None:
        """The mode declared last, if it is not over; None: off."""
        principal.require(Permission.CASES_READ)
        with self._context.store.read() as conn:
            row = conn.execute(select(winter_mode_table).order_by(_m.id.desc()).limit(1)).mappings().one_or_none()
        if row is None or row["last_day"] < self.today().isoformat():
            return None
        return Mode(
            date.fromisoformat(row["first_day"]), date.fromisoformat(row["last_day"]), row["note"], row["actor_name"]
        )

    def switch_on(self, principal: Principal, first_day: date, last_day: date, note: str) -> Mode | None:
        """Declare the mode; what was declared before no longer counts.

        Raises:
            ForbiddenError: without ``cases.supervise``. InvalidError: a period that is over or too long.
        """
        principal.require(Permission.CASES_SUPERVISE)
        days = (last_day - first_day).days + 1
        if not 1 <= days <= SEASON_MAX_DAYS or last_day < self.today() or len(note) > 200:
            raise InvalidError(
                f"起止日期应在 {SEASON_MAX_DAYS} 天以内且未过去",
                f"the period is at most {SEASON_MAX_DAYS} days and not over",
                code="winter.period",
                kept=_KEPT,
            )
        self._declare(principal, first_day, last_day, note.strip())
        return self.mode(principal)

    def switch_off(self, principal: Principal, note: str) -> None:
        """End the mode today; ``ConflictError`` when it is off."""
        principal.require(Permission.CASES_SUPERVISE)
        now = self.mode(principal)
        if now is None:
            raise ConflictError("冬季巡查没有开启", "the winter patrol is not on", code="winter.off")
        yesterday = self.today() - timedelta(days=1)
        self._declare(principal, min(now.first_day, yesterday), yesterday, note.strip()[:200])

    def _declare(self, principal: Principal, first_day: date, last_day: date, note: str) -> None:
        context = self._context
        mode_id, now_ms = context.ids.next(), context.clock.now_ms()
        period = {"first_day": first_day.isoformat(), "last_day": last_day.isoformat()}
        who = {"actor_id": principal.account_id, "actor_name": principal.display_name}

        def work(conn: Connection) -> None:
            conn.execute(insert(winter_mode_table).values(id=mode_id, note=note, at_ms=now_ms, **who, **period))
            record_audit(
                conn,
                at_ms=now_ms,
                actor=principal,
                action="winter.mode",
                object_type="winter_mode",
                object_id=mode_id,
                detail={**period, "note": note},
            )

        context.store.write(work)

    # --- the places ----------------------------------------------------------------------------------------------

    def add_spot(self, principal: Principal, title: str, kind: SpotKind, lon: float, lat: float) -> str:
        """A place that is looked at from now on; returns its id.

        Raises:
            ForbiddenError: without ``cases.supervise``. InvalidError: no title, or outside the city.
        """
        principal.require(Permission.CASES_SUPERVISE)
        place = self._context.city.locate(lon, lat)
        if not title.strip() or not place.district_code:
            raise InvalidError(
                "请写明名称，并选城市范围内的位置",
                "a title, and a point within the city",
                code="winter.new_spot",
                kept=_KEPT,
            )
        made = self._context.registers.create(
            principal,
            register=REGISTER,
            code=self._context.ids.next(),
            title=title.strip(),
            area_code=place.district_code,
            lon=lon,
            lat=lat,
            data={"kind": kind.value},
        )
        return made.id

    def remove_spot(self, principal: Principal, spot_id: str) -> None:
        """No longer look at a place; what was found there stays. ``NotFoundError``: no such place."""
        principal.require(Permission.CASES_SUPERVISE)
        spot = self._spot(spot_id)
        self._context.registers.update(principal, spot.id, spot.version, {"state": ARCHIVED})

    # --- the round -----------------------------------------------------------------------------------------------

    def today(self) -> date:
        """The day in Asia/Shanghai."""
        return self._context.clock.now().date()

    def round_day(self) -> date:
        """The day that names the round of this moment: from 20:00 on it is tomorrow's."""
        return round_day(self._context.clock.now())

    def round(self, principal: Principal, day: date | None = None) -> Round:
        """A round with every place, those not looked at first, then those with ice; a former one where it was seen."""
        principal.require(Permission.CASES_READ)
        asked = day or self.round_day()
        query = select(winter_visit_table).where(_v.round_day == asked.isoformat()).order_by(_v.at_ms, _v.id)
        with self._context.store.read() as conn:
            visits = conn.execute(query).mappings().all()
        visited = {row["spot_id"] for row in visits}
        former = [one for one in self._spots(ARCHIVED) if one.id in visited]
        spots = [
            _spot(one, [row for row in visits if row["spot_id"] == one.id]) for one in (*self._spots(ACTIVE), *former)
        ]
        spots.sort(key=lambda spot: (bool(spot.visits), not _has_ice(spot), spot.title))
        return Round(asked, tuple(spots), sum(bool(spot.visits) for spot in spots), sum(map(_has_ice, spots)))

    def visit(
        self,
        principal: Principal,
        spot_id: str,
        client_id: str,
        result: Result,
        notes: str = "",
        evidence_ids: Sequence[str] = (),
    ) -> Round:
        """Note a look at a place; ice and icicles are filed as a case, in the same transaction.

        The same ``client_id`` again is the same look.

        Raises:
            ForbiddenError: without ``patrol.report``. NotFoundError: no such place.
            ConflictError: the patrol is off, or the ``client_id`` was used for another look.
            InvalidError: notes or client id too long.
        """
        principal.require(Permission.PATROL_REPORT)
        mode = self.mode(principal)
        if mode is None or not mode.first_day <= self.round_day() <= mode.last_day + timedelta(days=1):
            raise ConflictError("冬季巡查没有开启", "the winter patrol is not on", code="winter.off", kept=_KEPT)
        if not 8 <= len(client_id) <= 64 or len(notes) > 500:
            raise InvalidError(
                "编号为8至64位，备注不超过500字", "8 to 64 characters; notes up to 500", code="winter.form"
            )
        spot = self._spot(spot_id)
        self._context.store.write(
            lambda conn: self._visit(conn, principal, spot, client_id, result, notes.strip(), tuple(evidence_ids))
        )
        return self.round(principal)

    def _visit(
        self,
        conn: Connection,
        principal: Principal,
        spot: RegisterObject,
        client_id: str,
        result: Result,
        notes: str,
        evidence_ids: tuple[str, ...],
    ) -> None:
        hold(conn, f"winter:{client_id}")
        before = conn.execute(select(winter_visit_table).where(_v.client_id == client_id)).mappings().one_or_none()
        if before is not None:
            if (before["actor_id"], before["spot_id"], before["result"]) != (
                principal.account_id,
                spot.id,
                result.value,
            ):
                raise ConflictError("编号已用于另一次巡查", "used for another look", code="winter.client_id")
            return
        now_ms = self._context.clock.now_ms()
        values = {
            "id": self._context.ids.next(),
            "client_id": client_id,
            "spot_id": spot.id,
            "round_day": self.round_day().isoformat(),
            "result": result.value,
            "notes": notes,
            "case_id": None,
            "actor_id": principal.account_id,
            "actor_name": principal.display_name,
            "at_ms": now_ms,
        }
        conn.execute(insert(winter_visit_table).values(values))
        if result is not Result.CLEAR:
            case_id = self._file(conn, principal, spot, client_id, result, notes, evidence_ids)
            conn.execute(update(winter_visit_table).where(_v.id == values["id"]).values(case_id=case_id))

    def _file(
        self,
        conn: Connection,
        principal: Principal,
        spot: RegisterObject,
        client_id: str,
        result: Result,
        notes: str,
        evidence_ids: tuple[str, ...],
    ) -> str:
        assert spot.lon is not None  # checked by the caller
        assert spot.lat is not None
        what = _WORDS[result]
        report = NewCaseReport(
            source="patrol",
            key=MATTERS[result],
            lon=spot.lon,
            lat=spot.lat,
            title=Text(f"{spot.title}：{what.zh}", f"{spot.title}: {what.en}"),
            description=notes or what.zh,
            address=spot.title,
            severity=2,
            client_id=f"winter-{client_id}"[:64],
            evidence_ids=evidence_ids,
        )
        return self._context.intake.file_in(conn, principal, report).case_id

    def season(self, principal: Principal, since: date) -> Season:
        """Cases that the patrol has opened since a day, and those of them that have ended (发现一处、处置一处)."""
        principal.require(Permission.CASES_READ)
        of_patrol = select(_v.case_id).where(_v.round_day >= since.isoformat(), _v.case_id.is_not(None)).distinct()
        counted = select(func.count(), func.count().filter(case_table.c.ended.is_(True)))
        with self._context.store.read() as conn:
            found, handled = conn.execute(counted.where(case_table.c.id.in_(of_patrol))).one()
        return Season(since, found, handled)

    def _spot(self, spot_id: str) -> RegisterObject:
        spot = next((one for one in self._spots(ACTIVE) if one.id == spot_id), None)
        if spot is None or spot.lon is None or spot.lat is None:
            raise NotFoundError("没有这个巡查点", "there is no such place", code="winter.spot")
        return spot

    def _spots(self, state: str) -> Sequence[RegisterObject]:
        return self._context.registers.every(SYSTEM, REGISTER, state=state)


_WORDS: Final = {
    Result.ICE: Text("路面结冰", "ice on the road"),
    Result.ICICLES: Text("桥下、护栏或伸缩缝有冰溜子", "icicles on railings, joints or under the deck"),
}


def round_day(now: datetime) -> date:
    """From 20:00 on a look belongs to the round that ends tomorrow."""
    return (now + timedelta(hours=24 - ROUND_BEGINS_H)).date()


def _spot(spot: RegisterObject, visits: Sequence[RowMapping]) -> SpotRound:
    seen = tuple(
        Visit(Result(row["result"]), row["notes"], row["case_id"], row["actor_name"], from_ms(row["at_ms"]))
        for row in visits
    )
    return SpotRound(spot.id, spot.title, SpotKind(spot.data["kind"]), spot.lon or 0.0, spot.lat or 0.0, seen)


def _has_ice(spot: SpotRound) -> bool:
    """Whether ice was found, and not since looked at and found clear."""
    return bool(spot.visits) and spot.visits[-1].result is not Result.CLEAR
