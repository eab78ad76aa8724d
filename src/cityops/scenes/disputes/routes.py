"""Routes of disputes: registering, parties, residents' meetings, figures."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response

from cityops.access import Permission, Principal
from cityops.api import Bilingual, Person, show, spec
from cityops.scenes.disputes import answers, examples
from cityops.scenes.disputes.areas import centres
from cityops.scenes.disputes.facts import dispute_view
from cityops.scenes.disputes.figures import (
    NewReported,
    Part,
    Reported,
    Tally,
    enter_reported,
    figures,
    reported_figures,
)
from cityops.scenes.disputes.meetings import Meetings, MeetingView, NewSchedule, RaisedMatter
from cityops.scenes.disputes.parties import add_party, read_parties
from cityops.scenes.disputes.registering import (
    DISPUTE,
    SCENE,
    NewDispute,
    NewParty,
    case_number,
    register,
    take_up,
)
from cityops.scenes.disputes.rules import dispute_rules
from cityops.scenes.disputes.schedule import Schedule
from cityops.scenes.registry import SceneContext
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/disputes", tags=["矛盾纠纷 Disputes"])

CaseId = Annotated[str, Path(max_length=26)]
ScheduleId = Annotated[str, Path(max_length=26)]
Purpose = Annotated[str, Query(max_length=40, description="用途 What for")]
_FEN: Final = 100


@router.get(
    "/forms", **spec("登记所需选项", "What the forms choose from", Permission.CASES_READ, answer=examples.FORMS)
)
def get_forms(scenes: Scenes, person: Person) -> answers.DisputeForms:
    """Fields, sources, purposes, and the centres of all three levels."""
    rules, workflow = dispute_rules(), scenes.cases.workflow(SCENE, DISPUTE)
    with scenes.store.read() as conn:
        found = centres(conn)
    groups = {name: getattr(rules, name) for name in ("fields", "topics", "sources", "party_roles", "attendance")}
    return answers.DisputeForms(
        **{name: [_choice(value, title.text) for value, title in words.items()] for name, words in groups.items()},
        purposes=[_choice(name, purpose.title.text) for name, purpose in rules.purposes.items()],
        levels=list(workflow.levels),
        centres=[
            answers.DisputeCentre(
                unit_id=row["id"],
                name=row["name"],
                area_code=row["area_code"],
                level=workflow.level_of([row["area_code"]]) if row["area_code"] else None,
            )
            for row in found
        ],
    )


@router.post(
    "/cases",
    **spec(
        "登记矛盾纠纷",
        "Register a dispute",
        Permission.CASES_REPORT,
        answer=examples.REGISTERED,
        body=examples.NEW_DISPUTE,
        status=201,
    ),
)
def register_dispute(scenes: Scenes, person: Person, new: answers.NewDisputeBody) -> answers.DisputeRegistered:
    """Opens the case at its centre. The same ``reference`` again gives the case that it was registered as."""
    return _registered(scenes, register(scenes, person, _new(new)))


@router.get(
    "/cases/{case_id}",
    **spec("案情要素", "What a dispute is about", Permission.CASES_READ, answer=examples.DISPUTE, refusals=(404,)),
)
def get_dispute(scenes: Scenes, person: Person, case_id: CaseId) -> answers.DisputeAnswer:
    """Without anybody's name. The account only for those who work on the case; mechanisms with their reasons."""
    view = dispute_view(scenes, person, case_id)
    same = (name for name in answers.DisputeAnswer.model_fields if name not in ("amount_yuan", "mechanisms"))
    return answers.DisputeAnswer(
        **{name: getattr(view, name) for name in same},
        amount_yuan=view.amount_fen / _FEN,
        mechanisms=[show(answers.MechanismAnswer, one) for one in view.mechanisms],
    )


@router.get(
    "/cases/{case_id}/parties",
    **spec("查看当事人", "The parties of a dispute", Permission.UNIT_HANDLE, answer=examples.PARTIES, refusals=(404,)),
)
def get_parties(scenes: Scenes, person: Person, case_id: CaseId, purpose: Purpose) -> answers.DisputePartyList:
    """For those who work on the case, for a stated purpose; each reading is audited."""
    found = read_parties(scenes, person, case_id, purpose)
    return answers.DisputePartyList(items=[show(answers.DisputeParty, one) for one in found])


@router.post(
    "/cases/{case_id}/parties",
    **spec(
        "增加当事人", "Add a party", Permission.UNIT_HANDLE, body=examples.NEW_PARTY, status=204, refusals=(404, 409)
    ),
)
def post_party(scenes: Scenes, person: Person, case_id: CaseId, new: answers.NewPartyBody) -> Response:
    """By those who work on the case, while it runs; audited."""
    add_party(scenes, person, case_id, _party(new))
    return Response(status_code=204)


@router.post(
    "/matters/{case_id}/dispute",
    **spec(
        "诉求转为矛盾纠纷",
        "Take a matter up as a dispute",
        Permission.UNIT_HANDLE,
        answer=examples.REGISTERED,
        body=examples.TAKEN_UP,
        status=201,
        refusals=(404, 409),
    ),
)
def take_up_matter(
    scenes: Scenes, person: Person, case_id: CaseId, new: answers.TakenUpBody
) -> answers.DisputeRegistered:
    """Registers the dispute and ends the matter together, or neither."""
    return _registered(scenes, take_up(scenes, person, case_id, new.version, _new(new)))


@router.get(
    "/meetings",
    **spec("会议日历", "The residents' meetings", Permission.CASES_READ, answer=examples.MEETINGS),
)
def list_meetings(scenes: Scenes, person: Person, first: date, last: date) -> answers.ResidentMeetingList:
    """Planned and recorded, of the person's area; matters with the state of their answers. At most 400 days."""
    found = Meetings(scenes).calendar(person, first, last)
    return answers.ResidentMeetingList(items=[_meeting(person, one) for one in found])


@router.post(
    "/schedules",
    **spec(
        "安排会议",
        "Schedule meetings",
        Permission.UNIT_HANDLE,
        answer=examples.SCHEDULE_MADE,
        body=examples.NEW_SCHEDULE,
        status=201,
    ),
)
def add_schedule(scenes: Scenes, person: Person, new: answers.NewScheduleBody) -> answers.ScheduleMade:
    """A weekly council or a monthly reception day of the person's own centre."""
    rule = Schedule(new.every, new.on_day, new.moves, new.from_day)
    made = Meetings(scenes).add_schedule(person, NewSchedule(new.kind, rule, new.begins, new.place))
    return answers.ScheduleMade(schedule_id=made)


@router.delete(
    "/schedules/{schedule_id}",
    **spec("停止安排", "End a schedule", Permission.UNIT_HANDLE, status=204, refusals=(404,)),
)
def end_schedule(scenes: Scenes, person: Person, schedule_id: ScheduleId) -> Response:
    """No more meetings after today; what was recorded stays."""
    Meetings(scenes).end_schedule(person, schedule_id)
    return Response(status_code=204)


@router.post(
    "/schedules/{schedule_id}/{planned_day}/minutes",
    **spec(
        "记录会议",
        "Record a meeting",
        Permission.UNIT_HANDLE,
        answer=examples.MEETING_MADE,
        body=examples.MINUTES,
        status=201,
        refusals=(404, 409),
    ),
)
def record_meeting(
    scenes: Scenes, person: Person, schedule_id: ScheduleId, planned_day: date, body: answers.MinutesBody
) -> answers.MeetingMade:
    """Once. Every matter raised becomes a case that is answered within three working days."""
    made = Meetings(scenes).record(
        person,
        schedule_id,
        planned_day,
        held_day=body.held_day,
        minutes=body.minutes,
        attendance=body.attendance,
        matters=[RaisedMatter(one.summary, one.answer) for one in body.matters],
    )
    return answers.MeetingMade(meeting_id=made)


@router.post(
    "/schedules/{schedule_id}/{planned_day}/cancel",
    **spec(
        "取消会议",
        "Cancel a meeting",
        Permission.UNIT_HANDLE,
        answer=examples.MEETING_MADE,
        body=examples.CANCEL,
        status=201,
        refusals=(404, 409),
    ),
)
def cancel_meeting(
    scenes: Scenes, person: Person, schedule_id: ScheduleId, planned_day: date, body: answers.CancelBody
) -> answers.MeetingMade:
    """With the reason; it stays in the calendar."""
    return answers.MeetingMade(meeting_id=Meetings(scenes).cancel(person, schedule_id, planned_day, body.reason))


@router.get("/figures", **spec("统计", "Figures", Permission.LEARN_READ, answer=examples.FIGURES))
def get_figures(scenes: Scenes, person: Person) -> answers.FiguresAnswer:
    """Counted from the cases of the person's area now; what was reported from outside stands apart, checked."""
    found = figures(scenes, person)
    return answers.FiguresAnswer(
        total=_tally(found.total),
        by_field=[_tally(one) for one in found.by_field],
        by_level=[_tally(one) for one in found.by_level],
        by_source=[_tally(one) for one in found.by_source],
        social_insurance=_tally(found.social_insurance),
        matters=show(answers.MatterTallyAnswer, found.matters),
        reported=[_reported(one) for one in reported_figures(scenes, person)],
    )


@router.post(
    "/figures/reported",
    **spec(
        "录入上报数据",
        "Enter a reported figure",
        Permission.CASES_SUPERVISE,
        answer=examples.REPORTED,
        body=examples.NEW_REPORTED,
        status=201,
        refusals=(409,),
    ),
)
def post_reported(scenes: Scenes, person: Person, new: answers.NewReportedBody) -> answers.ReportedAnswer:
    """As it was reported; what contradicts itself is flagged with both figures and kept as it is."""
    same = ("key", "title", "source", "found", "settled", "rate_percent", "people")
    figure = NewReported(
        **{name: getattr(new, name) for name in same},
        as_of_day=new.as_of_day.isoformat(),
        amount_fen=None if new.amount_yuan is None else round(new.amount_yuan * _FEN),
        parts=[Part(part.name, part.found, part.settled) for part in new.parts],
    )
    return _reported(enter_reported(scenes, person, figure))


def _choice(value: str, title: object) -> answers.DisputeOption:
    return answers.DisputeOption(value=value, title=Bilingual.model_validate(title))


def _party(body: answers.NewPartyBody) -> NewParty:
    return NewParty(body.role, body.name, body.contact)


def _new(body: answers.NewDisputeBody) -> NewDispute:
    same = ("field", "source", "account", "topic", "people", "centre", "lon", "lat", "reference")
    return NewDispute(
        **{name: getattr(body, name) for name in same},
        parties=[_party(one) for one in body.parties],
        amount_fen=round(body.amount_yuan * _FEN),
    )


def _registered(scenes: SceneContext, case_id: str) -> answers.DisputeRegistered:
    """Number and id; who registers may hand the case to a centre whose cases that person does not see."""
    with scenes.store.read() as conn:
        return answers.DisputeRegistered(case_id=case_id, number=case_number(conn, case_id))


def _meeting(person: Principal, view: MeetingView) -> answers.ResidentMeeting:
    same = (name for name in answers.ResidentMeeting.model_fields if name not in ("moved", "matters", "own"))
    return answers.ResidentMeeting(
        **{name: getattr(view, name) for name in same},
        moved=None if view.moved is None else Bilingual.model_validate(view.moved),
        matters=[show(answers.MatterAnswer, one) for one in view.matters],
        own=person.role.is_of_unit and view.unit_id == person.unit_id,
    )


def _tally(tally: Tally) -> answers.TallyAnswer:
    same = (name for name in answers.TallyAnswer.model_fields if name != "amount_yuan")
    return answers.TallyAnswer(**{name: getattr(tally, name) for name in same}, amount_yuan=tally.amount_fen / _FEN)


def _reported(reported: Reported) -> answers.ReportedAnswer:
    figure = reported.figure
    same = ("key", "title", "source", "found", "settled", "rate_percent", "people")
    return answers.ReportedAnswer(
        **{name: getattr(figure, name) for name in same},
        as_of_day=date.fromisoformat(figure.as_of_day),
        amount_yuan=None if figure.amount_fen is None else figure.amount_fen / _FEN,
        parts=[answers.PartFigure(name=part.name, found=part.found, settled=part.settled) for part in figure.parts],
        computed_rate_percent=reported.computed_rate_percent,
        contradictions=[show(answers.ContradictionAnswer, one) for one in reported.contradictions],
    )
