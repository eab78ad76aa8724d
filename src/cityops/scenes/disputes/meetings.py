"""Residents' meetings (居民议事会、业主接待日): schedules, minutes, and the matters raised, each with its own clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.exc import IntegrityError

from cityops.access import Permission, Principal, UnitKind, record_audit
from cityops.cases import NewCase, Reporter, Step, case_table, deadline_table
from cityops.kit import (
    SHANGHAI,
    ConflictError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
    Text,
    WorkingCalendar,
    from_ms,
    to_ms,
)
from cityops.scenes.disputes.areas import areas_of, place_names, point_of, within
from cityops.scenes.disputes.registering import MATTER, SCENE
from cityops.scenes.disputes.rules import dispute_rules
from cityops.scenes.disputes.schedule import KINDS, Planned, Schedule, check_schedule, planned_meetings
from cityops.scenes.disputes.tables import matter_table, meeting_table, schedule_table
from cityops.scenes.registry import SceneContext
from cityops.store import metadata

HELD: Final = "held"
CANCELLED: Final = "cancelled"
DUE: Final = "due"
MISSED: Final = "missed"
MAX_MATTERS: Final = 50
_SOURCE: Final = {"council": "council", "reception": "reception_day"}
_unit: Final = metadata.tables["unit"]
_NOTHING: Final = Text("没有记录任何内容", "nothing was recorded")


@cache
def official_calendar() -> WorkingCalendar:
    """The official calendar, read once."""
    return WorkingCalendar.official()


@dataclass(frozen=True, slots=True)
class NewSchedule:
    """A rule for one unit; ``begins`` is a time such as 09:00."""

    kind: str
    rule: Schedule
    begins: str
    place: str


@dataclass(frozen=True, slots=True)
class RaisedMatter:
    """A matter raised at a meeting: in a few words without names, with the answer when it was given on the spot."""

    summary: str
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class MatterView:
    """A matter and where its answer stands."""

    case_id: str
    number: str
    title: str
    state: str
    due_at: datetime | None
    answered_at: datetime | None
    overdue: bool


@dataclass(frozen=True, slots=True)
class MeetingView:
    """A meeting, planned or recorded. ``missed``: its day has passed and nothing was recorded."""

    schedule_id: str
    kind: str
    unit_id: str
    unit_name: str
    place: str
    begins: str
    planned_day: date
    day: date
    moved: Text | None
    state: str
    meeting_id: str | None
    minutes: str | None
    reason: str | None
    attendance: dict[str, int]
    matters: list[MatterView]


class Meetings:
    """The residents' meetings of all communities."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    def add_schedule(self, principal: Principal, new: NewSchedule) -> str:
        """Plan a meeting of this person's own unit; returns the schedule's id.

        Raises:
            ForbiddenError: without ``unit.handle``. InvalidError: a rule that has no day, or no centre to hold it.
        """
        _ensure_unit(principal)
        if new.kind not in KINDS:
            raise InvalidError(f"没有会议类型“{new.kind}”", f"there is no meeting {new.kind!r}", code="dispute.meeting")
        check_schedule(new.rule)

        def work(conn: Connection) -> str:
            unit = conn.execute(select(_unit).where(_unit.c.id == principal.unit_id)).mappings().one_or_none()
            if unit is None or unit["kind"] != UnitKind.MEDIATION.value:
                raise InvalidError("本单位不是综治中心", "your unit is no centre", code="dispute.no_centre")
            schedule_id, rule = self._context.ids.next(), new.rule
            conn.execute(
                insert(schedule_table).values(
                    id=schedule_id,
                    unit_id=unit["id"],
                    kind=new.kind,
                    every=rule.every,
                    on_day=rule.on_day,
                    begins=new.begins,
                    place=new.place,
                    moves=rule.moves,
                    from_day=rule.from_day.isoformat(),
                    until_day=None if rule.until_day is None else rule.until_day.isoformat(),
                    created_ms=self._context.clock.now_ms(),
                )
            )
            self._audit(conn, principal, "dispute.schedule", schedule_id)
            return schedule_id

        return self._context.store.write(work)

    def end_schedule(self, principal: Principal, schedule_id: str) -> None:
        """Plan no more meetings by this rule after today; what was recorded stays."""
        _ensure_unit(principal)
        today = self._context.clock.now().date().isoformat()

        def work(conn: Connection) -> None:
            self._own_schedule(conn, principal, schedule_id)
            conn.execute(update(schedule_table).where(schedule_table.c.id == schedule_id).values(until_day=today))
            self._audit(conn, principal, "dispute.end_schedule", schedule_id)

        self._context.store.write(work)

    def calendar(self, principal: Principal, first: date, last: date) -> list[MeetingView]:
        """The meetings of the person's area, planned and recorded, by day."""
        found: list[MeetingView] = []
        with self._context.store.read() as conn:
            for row in self._schedules(conn, principal):
                recorded = self._recorded(conn, row["id"])
                meetings = planned_meetings(_rule(row), official_calendar(), first, last)
                found += [self._view(conn, row, one, recorded.get(one.planned.isoformat())) for one in meetings]
        return sorted(found, key=lambda meeting: (meeting.day, meeting.begins))

    def record(
        self,
        principal: Principal,
        schedule_id: str,
        planned_day: date,
        *,
        held_day: date,
        minutes: str,
        attendance: Mapping[str, int],
        matters: Sequence[RaisedMatter],
    ) -> str:
        """Write the minutes of a meeting once; each matter raised becomes a case with a clock. Returns the meeting.

        Raises:
            NotFoundError: no such meeting of the person's own unit. ConflictError: it was recorded already.
            InvalidError: in the future, an unknown group of people, more than 50 matters.
        """
        _ensure_unit(principal)
        unknown = sorted(set(attendance) - set(dispute_rules().attendance))
        today = self._context.clock.now().date()
        if unknown or held_day > today or len(matters) > MAX_MATTERS or any(count < 0 for count in attendance.values()):
            raise InvalidError(
                "会议记录不正确：日期不能在今天之后，人数按规定类别填写",
                f"the minutes do not fit: held in the future, or people counted under {unknown}",
                code="dispute.minutes",
                kept=_NOTHING,
            )
        values = {"state": HELD, "held_day": held_day.isoformat(), "minutes": minutes, "attendance": dict(attendance)}

        def work(conn: Connection) -> str:
            row = self._own_schedule(conn, principal, schedule_id)
            meeting_id = self._insert(conn, principal, row, planned_day, values)
            since_ms = to_ms(datetime.fromisoformat(f"{held_day.isoformat()}T{row['begins']}").replace(tzinfo=SHANGHAI))
            for matter in matters:
                self._open_matter(conn, principal, row, meeting_id, matter, since_ms)
            self._audit(conn, principal, "dispute.minutes", meeting_id)
            return meeting_id

        return self._context.store.write(work)

    def cancel(self, principal: Principal, schedule_id: str, planned_day: date, reason: str) -> str:
        """Note that a meeting does not take place, and why."""
        _ensure_unit(principal)

        def work(conn: Connection) -> str:
            row = self._own_schedule(conn, principal, schedule_id)
            values = {"state": CANCELLED, "reason": reason, "attendance": {}}
            meeting_id = self._insert(conn, principal, row, planned_day, values)
            self._audit(conn, principal, "dispute.cancel_meeting", meeting_id)
            return meeting_id

        return self._context.store.write(work)

    # --- inside --------------------------------------------------------------------------------------------

    def _schedules(self, conn: Connection, principal: Principal) -> list[RowMapping]:
        query = (
            select(schedule_table, _unit.c.name.label("unit_name"), _unit.c.area_code)
            .join(_unit, _unit.c.id == schedule_table.c.unit_id)
            .where(within(_unit.c.area_code, areas_of(conn, principal)))
            .order_by(_unit.c.area_code, schedule_table.c.id)
        )
        return list(conn.execute(query).mappings())

    def _own_schedule(self, conn: Connection, principal: Principal, schedule_id: str) -> RowMapping:
        for row in self._schedules(conn, principal):
            if row["id"] == schedule_id and row["unit_id"] == principal.unit_id:
                return row
        raise NotFoundError("没有这项会议安排，或不属于本单位", "no such schedule of your unit", code="dispute.meeting")

    def _recorded(self, conn: Connection, schedule_id: str) -> dict[str, RowMapping]:
        query = select(meeting_table).where(meeting_table.c.schedule_id == schedule_id)
        return {row["planned_day"]: row for row in conn.execute(query).mappings()}

    def _insert(
        self,
        conn: Connection,
        principal: Principal,
        schedule: RowMapping,
        planned_day: date,
        values: Mapping[str, Any],
    ) -> str:
        if not planned_meetings(_rule(schedule), official_calendar(), planned_day, planned_day):
            raise NotFoundError("当日没有安排会议", "no meeting was planned for that day", code="dispute.meeting")
        meeting_id = self._context.ids.next()
        row = {
            "id": meeting_id,
            "schedule_id": schedule["id"],
            "planned_day": planned_day.isoformat(),
            "recorded_by": principal.display_name,
            "recorded_ms": self._context.clock.now_ms(),
            **values,
        }
        try:
            conn.execute(insert(meeting_table).values(**row))
        except IntegrityError as error:
            raise ConflictError(
                "这次会议已有记录", "this meeting was recorded already", code="dispute.recorded", kept=_NOTHING
            ) from error
        return meeting_id

    def _open_matter(
        self,
        conn: Connection,
        principal: Principal,
        schedule: RowMapping,
        meeting_id: str,
        matter: RaisedMatter,
        since_ms: int,
    ) -> None:
        """Its clock runs from the meeting, however late that was written down; an answer on the spot is in time."""
        lon, lat = point_of(self._context.city, schedule["area_code"])
        new = NewCase(
            scene=SCENE,
            kind=MATTER,
            title=Text(matter.summary, matter.summary),
            severity=1,
            lon=lon,
            lat=lat,
            area_code=schedule["area_code"],
            place=place_names(self._context.city, schedule["area_code"]),
            unit_id=schedule["unit_id"],
            unit_name=schedule["unit_name"],
            reporter=Reporter(channel=_SOURCE[schedule["kind"]]),
            owed_since_ms=None if matter.answer else since_ms,
        )
        case_id = self._context.cases.open_in(conn, principal, new)
        conn.execute(insert(matter_table).values(case_id=case_id, meeting_id=meeting_id))
        if matter.answer:
            self._context.cases.act_in(conn, principal, case_id, "answer", Step(1, form={"answer": matter.answer}))

    def _view(
        self, conn: Connection, schedule: RowMapping, planned: Planned, recorded: RowMapping | None
    ) -> MeetingView:
        today = self._context.clock.now().date()
        open_state = MISSED if planned.day < today else DUE
        held_day = None if recorded is None else recorded["held_day"]
        return MeetingView(
            schedule_id=schedule["id"],
            kind=schedule["kind"],
            unit_id=schedule["unit_id"],
            unit_name=schedule["unit_name"],
            place=schedule["place"],
            begins=schedule["begins"],
            planned_day=planned.planned,
            day=date.fromisoformat(held_day) if held_day else planned.day,
            moved=planned.why,
            state=open_state if recorded is None else recorded["state"],
            meeting_id=None if recorded is None else recorded["id"],
            minutes=None if recorded is None else recorded["minutes"],
            reason=None if recorded is None else recorded["reason"],
            attendance={} if recorded is None else dict(recorded["attendance"]),
            matters=[] if recorded is None else self._matters(conn, recorded["id"]),
        )

    def _matters(self, conn: Connection, meeting_id: str) -> list[MatterView]:
        query = (
            select(case_table, deadline_table.c.due_ms, deadline_table.c.done_ms)
            .join(matter_table, matter_table.c.case_id == case_table.c.id)
            .outerjoin(deadline_table, deadline_table.c.case_id == case_table.c.id)
            .where(matter_table.c.meeting_id == meeting_id)
            .order_by(case_table.c.id, deadline_table.c.id)
        )
        # A matter that was opened again has a second clock; the last one counts.
        last = {row["id"]: row for row in conn.execute(query).mappings()}
        return [self._matter(row) for row in last.values()]

    def _matter(self, row: RowMapping) -> MatterView:
        due_ms, done_ms = row["due_ms"], row["done_ms"]
        until_ms = self._context.clock.now_ms() if done_ms is None else done_ms
        return MatterView(
            case_id=row["id"],
            number=row["number"],
            title=row["title_zh"],
            state=row["state"],
            due_at=None if due_ms is None else from_ms(due_ms),
            answered_at=None if done_ms is None else from_ms(done_ms),
            overdue=due_ms is not None and until_ms > due_ms,
        )

    def _audit(self, conn: Connection, principal: Principal, action: str, object_id: str) -> None:
        record_audit(
            conn,
            at_ms=self._context.clock.now_ms(),
            actor=principal,
            action=action,
            object_type="dispute_meeting",
            object_id=object_id,
        )


def _ensure_unit(principal: Principal) -> None:
    principal.require(Permission.UNIT_HANDLE)
    if not principal.role.is_of_unit:
        raise ForbiddenError(
            "会议由单位账号记录", "the unit's own account records its meetings", code="case.role", kept=_NOTHING
        )


def _rule(row: RowMapping) -> Schedule:
    until = row["until_day"]
    return Schedule(
        every=row["every"],
        on_day=row["on_day"],
        moves=row["moves"],
        from_day=date.fromisoformat(row["from_day"]),
        until_day=None if until is None else date.fromisoformat(until),
    )
