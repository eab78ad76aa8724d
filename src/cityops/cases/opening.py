"""Opening a case (立案) inside a transaction: its row, number, first tasks, deadline, reporter and timeline."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from sqlalchemy import insert

from cityops.cases.catalogue import ItemKey, Kind
from cityops.cases.deadlines import set_deadline
from cityops.cases.duplicates import record_matter
from cityops.cases.inputs import NewCase, Reporter
from cityops.cases.lateness import note_lateness
from cityops.cases.records import Act, add_step, audit, next_number, open_task
from cityops.cases.standards import kept_standard
from cityops.cases.tables import case_table, reporter_table
from cityops.cases.views import SuggestedUnits
from cityops.kit import InvalidError
from cityops.store import emit

MAX_TITLE: Final = 200
CALL_BACK_OWED: Final = "owed"
CALL_BACK_DONE: Final = "done"
"""Whether somebody who wants an answer (要求回访) still has to be called."""


def open_case(act: Act, new: NewCase) -> None:
    """Write a new case with the id ``act.case_id``.

    Raises:
        InvalidError: the title is too long, or there is no such level.
    """
    workflow = act.workflow
    if max(len(new.title.zh), len(new.title.en)) > MAX_TITLE:
        raise InvalidError("案件标题过长", "the case's title is too long", code="case.title_long")
    declared = {} if workflow.standards == "conditions" else workflow.standards
    if new.standard is not None and new.standard not in declared:
        raise InvalidError(
            f"没有立案标准“{new.standard}”", f"there is no standard {new.standard!r}", code="case.standard"
        )
    if new.level is not None and new.level not in workflow.levels:
        raise InvalidError(f"没有层级“{new.level}”", f"there is no level {new.level!r}", code="case.no_level")
    _insert(act, new)
    if new.standard is not None:
        act.set_case(standard=new.standard, standard_data=kept_standard(0, declared[new.standard]))
    if new.matter is not None and new.lon is not None and new.lat is not None:
        key = ItemKey(new.matter.standard, Kind(new.matter.kind), new.matter.code)
        record_matter(act.conn, act.case_id, key, lon=new.lon, lat=new.lat, opened_ms=act.at_ms)
    begun = workflow.states[workflow.initial].title.text
    add_step(act, "open", begun, states=(None, workflow.initial), comment=new.comment, data=new.data)
    if new.reporter is not None:
        add_reporter(act, new.reporter)
    if workflow.limit is not None:
        set_deadline(
            act.conn,
            ids=act.ids,
            calendar=act.calendar,
            limit=workflow.limit,
            started_ms=act.at_ms,
            case_id=act.case_id,
            task_id=None,
            percents=workflow.warning_percents,
        )
    for kind, task in workflow.tasks.items():
        if task.at_opening:
            open_task(act, kind, since_ms=new.owed_since_ms)
    note_lateness(act.conn, act.case_id)
    emit(act.conn, "case.opened", act.case_id, {"case_id": act.case_id, "action": "open"})
    audit(act, "open", {"alert_id": new.alert_id, "scene": new.scene})


def kept_units(suggested: SuggestedUnits) -> dict[str, Any]:
    """The suggested units as a case keeps them; ``showing.suggested_view`` reads it."""
    return asdict(suggested) | {"why": suggested.why._asdict()}


def add_reporter(act: Act, reporter: Reporter) -> str:
    """Note one who reported this case; returns the reporter's id."""
    reporter_id = act.ids.next()
    act.conn.execute(
        insert(reporter_table).values(
            id=reporter_id,
            case_id=act.case_id,
            channel=reporter.channel,
            name=reporter.name,
            contact=reporter.contact,
            account_id=reporter.account_id,
            reference=reporter.reference,
            call_back=CALL_BACK_OWED if reporter.wants_answer else None,
            at_ms=act.at_ms,
        )
    )
    return reporter_id


def _insert(act: Act, new: NewCase) -> None:
    matter = new.matter
    act.conn.execute(
        insert(case_table).values(
            id=act.case_id,
            number=next_number(act.conn, act.workflow.number_prefix, act.at_ms),
            scene=new.scene,
            kind=new.kind,
            title_zh=new.title.zh,
            title_en=new.title.en,
            state=act.workflow.initial,
            severity=new.severity,
            area_code=new.area_code,
            lon=new.lon,
            lat=new.lat,
            place=dict(new.place),
            vehicle_id=new.vehicle_id,
            plate=new.plate,
            unit_id=new.unit_id,
            unit_name=new.unit_name,
            police_unit_id=new.police_unit_id,
            police_unit_name=new.police_unit_name,
            alert_id=new.alert_id,
            rework=0,
            reopened=0,
            level=new.level or act.workflow.level_of(act.principal.area_codes),
            origin_id=new.origin_id,
            description=new.description,
            matter=None if matter is None else f"{matter.standard} {matter.kind} {matter.code}",
            matter_name=None if matter is None else matter.name,
            suggested=None if new.suggested is None else kept_units(new.suggested),
            confidential=act.workflow.confidential,
            ended=False,
            opened_ms=act.at_ms,
            changed_ms=act.at_ms,
            version=1,
        )
    )
