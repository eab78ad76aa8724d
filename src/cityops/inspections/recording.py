"""Recording an inspection (检查登记): once, with its answers, evidence and the cases of its hazards, or not at all."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from cityops.access import SYSTEM, Permission, Principal, record_audit
from cityops.cases import Cases, NewCase, Reporter, case_table
from cityops.cases.evidence import EvidenceBook
from cityops.inspections.answers import Finding, checked_answers, findings_of, refused, score_of
from cityops.inspections.checklists import Checklist, Checklists
from cityops.inspections.declaration import AlarmSpec, Grade
from cityops.inspections.due import PlannedWork, may_perform
from cityops.inspections.reading import unit_names
from cityops.inspections.rectification import GRADE_SEVERITY, RECTIFICATION
from cityops.inspections.tables import attachment_table, hazard_table, inspection_item_table, inspection_table
from cityops.inspections.views import NewInspection
from cityops.kit import Clock, ForbiddenError, IdMaker, Text
from cityops.places import City
from cityops.registers import RegisterObject, Registers
from cityops.store import hold

ALARM: Final = "alarm:"
FOUND_AGAIN: Final = Text("检查再次发现", "Found again by an inspection")
_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_FIGURE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MAX_FIGURES: Final = 20
_MAX_COMMENT: Final = 2000
_TITLE: Final = 90
_i, _h = inspection_table.c, hazard_table.c


@dataclass(frozen=True)
class Recorder:
    """Writes inspections; what it is given are the rooms it writes through."""

    clock: Clock
    ids: IdMaker
    registers: Registers
    cases: Cases
    evidence: EvidenceBook
    checklists: Checklists
    city: City

    def record(self, conn: Connection, principal: Principal, work: PlannedWork, new: NewInspection) -> str:
        """Write it in the running transaction; the id, which is that of the first time when it comes again.

        Raises:
            ForbiddenError: this person does not inspect, or not this object for this plan.
            NotFoundError: no such object for this person, or an item of evidence that is not theirs.
            InvalidError: an answer is missing, unknown, or without the words or the photo that it needs.
        """
        principal.require(Permission.INSPECTIONS_RECORD)
        _check(new)
        known = _known(conn, principal, new)
        if known is not None:
            return known
        inspected = self.registers.get_in(conn, principal, new.object_id)
        _require_performer(principal, work, inspected)
        checklist = self._checklist(conn, work, new)
        checked_answers(checklist, new)
        _check_figures(work, new)
        findings = findings_of(checklist, new)
        inspection_id = self.ids.next()
        row = self._row(principal, work, new, checklist, failed=len(findings))
        try:
            with conn.begin_nested():
                conn.execute(insert(inspection_table).values(id=inspection_id, **row))
        except IntegrityError:  # the same was sent twice at the same time
            known = _known(conn, principal, new)
            if known is None:
                raise
            return known
        self._items(conn, inspection_id, new)
        self._evidence(conn, principal, inspection_id, new)
        for finding in findings:
            self._hazard(conn, principal, work, inspected, inspection_id, finding)
        self._audit(conn, principal, inspection_id, row)
        return inspection_id

    def _checklist(self, conn: Connection, work: PlannedWork, new: NewInspection) -> Checklist | None:
        name = work.plan.checklist
        if name is None:
            return None
        if new.checklist_version is None:
            raise refused("请写明检查表的版本", "name the version of the checklist")
        return self.checklists.at(name, new.checklist_version, conn)

    def _row(
        self, principal: Principal, work: PlannedWork, new: NewInspection, checklist: Checklist | None, *, failed: int
    ) -> dict[str, Any]:
        now_ms = self.clock.now_ms()
        finished_ms = min(new.finished_ms, now_ms)
        return {
            "scene": work.scene,
            "plan": work.plan.name,
            "register": work.register.name,
            "object_id": new.object_id,
            "checklist": None if checklist is None else checklist.name,
            "checklist_version": None if checklist is None else checklist.version,
            "client_id": new.client_id,
            "inspector_id": principal.account_id,
            "inspector_name": principal.display_name,
            "unit_id": principal.unit_id,
            "started_ms": min(new.started_ms, finished_ms),
            "finished_ms": finished_ms,
            "received_ms": now_ms,
            "lon": new.lon,
            "lat": new.lat,
            "result": "failed" if failed else "passed",
            "score": score_of(checklist, new),
            "asked": len(new.items),
            "failed": failed,
            "left_out": sum(answer.result == "left_out" for answer in new.items),
            "comment": new.comment.strip(),
            "figures": dict(new.figures),
        }

    def _items(self, conn: Connection, inspection_id: str, new: NewInspection) -> None:
        rows = [
            {"inspection_id": inspection_id, "no": answer.no, "result": answer.result, "words": answer.words.strip(),
             "grade": answer.grade}
            for answer in new.items
        ]  # fmt: skip
        if rows:
            conn.execute(insert(inspection_item_table), rows)

    def _evidence(self, conn: Connection, principal: Principal, inspection_id: str, new: NewInspection) -> None:
        """Every photo belongs to the inspection and its object; one photo shows one item."""
        shown: list[tuple[str | None, str]] = [(answer.no, one) for answer in new.items for one in answer.evidence_ids]
        shown += [(None, one) for hazard in new.hazards for one in hazard.evidence_ids]
        shown += [(None, one) for one in new.evidence_ids]
        ids = [one for _, one in shown]
        if len(set(ids)) != len(ids):
            raise refused("同一张照片用了两次", "a photo is used twice")
        self.evidence.keep_for(conn, principal, ids, inspection_id)
        attach(conn, principal, new.object_id, shown, self.clock.now_ms(), inspection_id)

    def _hazard(
        self,
        conn: Connection,
        principal: Principal,
        work: PlannedWork,
        inspected: RegisterObject,
        inspection_id: str,
        finding: Finding,
    ) -> None:
        """Open the hazard's case; one whose item is still being rectified gets a line and the photos instead."""
        case_id = None if finding.item is None else open_hazard(conn, inspected.id, finding.item.no)
        if case_id is not None:
            self.cases.note_in(conn, principal, case_id, "found_again", FOUND_AGAIN, {})
        else:
            reporter = Reporter("inspection", name=principal.display_name, account_id=principal.account_id)
            what, grade = finding.title, finding.grade
            new = replace(
                self._case(conn, work.scene, inspected, what, grade),
                description=finding.description,
                reporter=reporter,
            )
            item_no = None if finding.item is None else finding.item.no
            case_id = self._open(conn, principal, inspected, new, grade, inspection_id, item_no)
        self.evidence.attach(conn, principal, finding.evidence_ids, case_id)

    def alarm(self, conn: Connection, scene: str, spec: AlarmSpec, found: RegisterObject) -> str | None:
        """Open the hazard's case of an object that fulfils the alarm's conditions; None where one is open already."""
        item_no = f"{ALARM}{spec.name}"
        if open_hazard(conn, found.id, item_no) is not None:
            return None
        new = self._case(conn, scene, found, spec.title.text, spec.grade)
        return self._open(conn, SYSTEM, found, new, spec.grade, None, item_no)

    def _open(
        self,
        conn: Connection,
        principal: Principal,
        of: RegisterObject,
        new: NewCase,
        grade: Grade,
        inspection_id: str | None,
        item_no: str | None,
    ) -> str:
        """Open a hazard's case, and note what it is of."""
        permission = Permission.CASES_REPORT if inspection_id is None else Permission.INSPECTIONS_RECORD
        case_id = self.cases.open_in(conn, principal, new, permission)
        conn.execute(
            insert(hazard_table).values(
                case_id=case_id,
                object_id=of.id,
                inspection_id=inspection_id,
                item_no=item_no,
                grade=grade,
                found_ms=self.clock.now_ms(),
            )
        )
        return case_id

    def _case(self, conn: Connection, scene: str, inspected: RegisterObject, what: Text, grade: Grade) -> NewCase:
        names = unit_names(conn, {inspected.unit_id, inspected.supervisor_id})
        lon, lat = inspected.lon, inspected.lat
        place = None if lon is None or lat is None else self.city.locate(lon, lat)
        return NewCase(
            scene=scene,
            kind=RECTIFICATION,
            title=Text(f"{inspected.title}：{_cut(what.zh)}", f"{inspected.title}: {_cut(what.en)}"),
            severity=GRADE_SEVERITY[grade],
            lon=lon,
            lat=lat,
            area_code=inspected.area_code,
            place={} if place is None else {name: value or None for name, value in asdict(place).items()},
            unit_id=inspected.unit_id,
            unit_name=names.get(inspected.unit_id),
            police_unit_id=inspected.supervisor_id,
            police_unit_name=names.get(inspected.supervisor_id),
            standard=grade,
        )

    def _audit(self, conn: Connection, principal: Principal, inspection_id: str, row: dict[str, Any]) -> None:
        detail = {name: row[name] for name in ("scene", "plan", "object_id", "result", "failed", "left_out")}
        record_audit(
            conn,
            at_ms=row["received_ms"],
            actor=principal,
            action="inspection.record",
            object_type="inspection",
            object_id=inspection_id,
            detail=detail,
        )


def attach(
    conn: Connection,
    principal: Principal,
    object_id: str,
    shown: Iterable[tuple[str | None, str]],
    at_ms: int,
    inspection_id: str | None = None,
) -> None:
    """Note items of evidence with the object, the inspection and the item (number, evidence id) that they show.

    Raises:
        InvalidError: one of them shows something already.
    """
    rows = [
        {"evidence_id": evidence_id, "object_id": object_id, "inspection_id": inspection_id, "item_no": no,
         "added_ms": at_ms, "actor_id": principal.account_id}
        for no, evidence_id in shown
    ]  # fmt: skip
    if not rows:
        return
    try:
        conn.execute(insert(attachment_table), rows)
    except IntegrityError as error:
        raise refused("照片已属于一次检查或一个对象", "a photo is an inspection's or object's already") from error


def _known(conn: Connection, principal: Principal, new: NewInspection) -> str | None:
    """The inspection that this person sent under this number before."""
    same = (_i.inspector_id == principal.account_id) & (_i.client_id == new.client_id)
    row = conn.execute(select(_i.id, _i.object_id, _i.plan).where(same)).one_or_none()
    if row is None:
        return None
    if (row.object_id, row.plan) != (new.object_id, new.plan):
        raise refused("这个编号已用于另一次检查", "this client_id was used for another inspection")
    return str(row.id)


def open_hazard(conn: Connection, object_id: str, item_no: str) -> str | None:
    """The case in which the same item of the object is being rectified; until the write ends nobody else opens one."""
    hold(conn, f"hazard:{object_id}")
    query = select(_h.case_id).join(case_table, case_table.c.id == _h.case_id)
    query = query.where(_h.object_id == object_id, _h.item_no == item_no, case_table.c.ended.is_(False))
    return conn.execute(query.limit(1)).scalar()


def _require_performer(principal: Principal, work: PlannedWork, inspected: RegisterObject) -> None:
    if inspected.register != work.register.name:
        raise refused("检查计划不属于这个台账", "the plan is not about this register")
    if not may_perform(principal, work.plan, inspected):
        raise ForbiddenError(
            "这项检查不由您的单位进行",
            "this inspection is not made by your unit",
            code="inspection.not_yours",
            kept=Text("检查没有登记", "the inspection was not recorded"),
            todo=Text("自查由责任单位、监督检查由监管单位进行", "the unit checks itself; the supervisor supervises"),
        )


def _check(new: NewInspection) -> None:
    """The fields that need no checklist."""
    if not _CLIENT_ID.fullmatch(new.client_id):
        raise refused("client_id 需为 8 至 64 位字母、数字、- 或 _", "client_id has 8 to 64 letters, digits, - or _")
    if new.finished_ms < new.started_ms:
        raise refused("检查结束早于开始", "the inspection ends before it begins")
    if (new.lon is None) != (new.lat is None):
        raise refused("经度和纬度需同时填写", "longitude and latitude go together")
    if len(new.comment) > _MAX_COMMENT:
        raise refused(f"说明超过 {_MAX_COMMENT} 字", f"the comment has more than {_MAX_COMMENT} characters")
    if len(new.figures) > _MAX_FIGURES or not all(map(_is_figure, new.figures.items())):
        raise refused("计数的名称或数值不正确", "a figure's name or value is wrong")


def _check_figures(work: PlannedWork, new: NewInspection) -> None:
    """What the plan must be told is there."""
    missing = [one.title for one in work.plan.figures if one.required and one.name not in new.figures]
    if missing:
        raise refused(
            f"请填写：{'、'.join(title.zh for title in missing)}",
            f"fill in: {', '.join(title.en for title in missing)}",
        )


def _is_figure(figure: tuple[str, float]) -> bool:
    return bool(_FIGURE.fullmatch(figure[0])) and math.isfinite(figure[1])


def _cut(words: str) -> str:
    return words if len(words) <= _TITLE else f"{words[:_TITLE]}…"
