"""Tip-offs with reward (有奖举报): sent and followed by code without a name; decided, filed and paid by a person.

Nothing here writes down who sent one: no address, no cookie, no time of day, no event. A person's code and a photo
come in the body or a header, never in the address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from fastapi import APIRouter, Header, Path, Request

from cityops.access import SYSTEM, Permission, Principal
from cityops.api import examples, schemas
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.reading import show
from cityops.api.routes_evidence import evidence_answer
from cityops.api.routes_reports import file_as
from cityops.api.schemas import Bilingual
from cityops.api.security import OwnParts, Person, Services
from cityops.cases.reports import NewTipOff, TipOff, TipOffState

public_router = APIRouter(prefix="/api/public/tip-offs", tags=["公众 Public"])
router = APIRouter(prefix="/api/tip-offs", tags=["有奖举报 Tip-offs"])

TipOffCode = Annotated[str, Header(alias="X-Tip-Off-Code", max_length=100, description="举报码 The code")]
TipOffId = Annotated[str, Path(max_length=26)]


def _matter_name(services: ApiContext, tip_off: TipOff) -> Bilingual:
    matter = services.tip_offs.matter(tip_off.matter_code)
    return Bilingual(zh=matter.name, en=matter.name_en or matter.name)


# --- the public ------------------------------------------------------------------------------------------------------


@public_router.post(
    "",
    **spec(
        "匿名举报",
        "Send a tip-off",
        answer=examples.TIP_OFF_RECEIPT,
        body=examples.NEW_TIP_OFF,
        status=201,
        visit="tip_off",
        refusals=(403,),
    ),
)
def send_tip_off(services: Services, given: schemas.NewPublicTipOff) -> schemas.TipOffReceipt:
    """Only what is told and the day are kept. The code is shown once and cannot be found again by anybody."""
    new = NewTipOff(given.matter, given.description, given.address, given.lon, given.lat)
    _, code = services.tip_offs.submit(new)
    return schemas.TipOffReceipt(code=code)


@public_router.post(
    "/photos",
    **spec(
        "为举报添加照片",
        "Add a photo to a tip-off",
        answer=examples.PHOTO_KEPT,
        upload=True,
        status=201,
        visit="photo",
        refusals=(403, 404, 408, 409, 413),
    ),
)
async def send_tip_off_photo(
    request: Request, services: Services, parts: OwnParts, code: TipOffCode
) -> schemas.PhotoKept:
    """Only a new picture of the photo is kept: without name, camera, position and time."""

    def work(pieces: Iterator[bytes]) -> int:
        tip_off_id = services.tip_offs.follow(code).id
        services.evidence.add_to_tip_off(tip_off_id, pieces)
        return len(services.evidence.of_report(SYSTEM, tip_off_id))

    return schemas.PhotoKept(photos=await parts.uploads.take(request, work))


@public_router.post(
    "/follow",
    **spec(
        "凭码查看举报",
        "Follow a tip-off by its code",
        answer=examples.FOLLOWED_TIP_OFF,
        body=examples.GIVEN_CODE,
        visit="code",
        refusals=(403, 404),
    ),
)
def follow_tip_off(services: Services, given: schemas.GivenCode) -> schemas.FollowedTipOff:
    """State, answer and reward for whoever has the code."""
    tip_off = services.tip_offs.follow(given.code)
    return schemas.FollowedTipOff(
        matter_name=_matter_name(services, tip_off),
        day=tip_off.day,
        state=tip_off.state.value,
        answer=tip_off.answer,
        reward_fen=tip_off.reward_fen,
        reward_state=tip_off.reward_state.value,
        photos=len(services.evidence.of_report(SYSTEM, tip_off.id)),
    )


# --- the shift leader ------------------------------------------------------------------------------------------------


def _row(services: ApiContext, tip_off: TipOff) -> schemas.TipOffRow:
    return schemas.TipOffRow(
        tip_off_id=tip_off.id,
        matter_name=_matter_name(services, tip_off),
        matter=services.tip_offs.matter(tip_off.matter_code).matter or None,
        description=tip_off.description,
        address=tip_off.address,
        lon=tip_off.lon,
        lat=tip_off.lat,
        day=tip_off.day,
        state=tip_off.state.value,
        answer=tip_off.answer,
        case_id=tip_off.case_id,
        reward_fen=tip_off.reward_fen,
        reward_state=tip_off.reward_state.value,
    )


def _full(services: ApiContext, person: Principal, tip_off: TipOff) -> schemas.TipOffFull:
    photos = [evidence_answer(person, item) for item in services.evidence.of_report(person, tip_off.id)]
    return schemas.TipOffFull(**_row(services, tip_off).model_dump(), photos=photos)


@router.get("", **spec("举报列表", "List tip-offs", Permission.TIPOFFS_HANDLE, answer=examples.TIP_OFF_ROWS))
def list_tip_offs(services: Services, person: Person, state: TipOffState = TipOffState.RECEIVED) -> schemas.TipOffRows:
    """Those in one state, newest day first, at most 200."""
    return schemas.TipOffRows(items=[_row(services, one) for one in services.tip_offs.inbox(person, state)])


@router.get(
    "/{tip_off_id}",
    **spec("举报详情", "One tip-off", Permission.TIPOFFS_HANDLE, answer=examples.TIP_OFF_FULL, refusals=(404,)),
)
def get_tip_off(services: Services, person: Person, tip_off_id: TipOffId) -> schemas.TipOffFull:
    """What was told, with its photos; nothing about who told it is known."""
    return _full(services, person, services.tip_offs.get(person, tip_off_id))


@router.post(
    "/{tip_off_id}/decision",
    **spec(
        "核查结论与奖励",
        "Decide on a tip-off",
        Permission.TIPOFFS_HANDLE,
        answer=examples.TIP_OFF_FULL,
        body=examples.DECIDE_TIP_OFF,
        refusals=(404, 409),
    ),
)
def decide_tip_off(
    services: Services, person: Person, tip_off_id: TipOffId, given: schemas.DecideTipOff
) -> schemas.TipOffFull:
    """What checking found, the answer, and the reward that this person grants; audited in the person's name."""
    state, reward_fen = TipOffState(given.state), given.reward_fen
    tip_off = services.tip_offs.decide(person, tip_off_id, state, given.answer, reward_fen=reward_fen)
    return _full(services, person, tip_off)


@router.post(
    "/{tip_off_id}/filing",
    **spec(
        "举报立案",
        "File a tip-off",
        Permission.TIPOFFS_HANDLE,
        answer=examples.REPORT_FILED,
        body=examples.FILE_REPORT,
        refusals=(404, 409),
    ),
)
def file_tip_off(
    services: Services, parts: OwnParts, person: Person, tip_off_id: TipOffId, given: schemas.FileReport
) -> schemas.ReportFiled:
    """A case with what was told and its photos; the time on it is that of the filing."""
    return show(schemas.ReportFiled, parts.filing.file_tip_off(person, tip_off_id, file_as(given)))


@router.post(
    "/counter/look-up",
    **spec(
        "凭码查奖励",
        "Look up a reward by the code",
        Permission.TIPOFFS_HANDLE,
        answer=examples.TIP_OFF_FULL,
        body=examples.GIVEN_CODE,
        refusals=(404,),
    ),
)
def look_up_tip_off(services: Services, person: Person, given: schemas.GivenCode) -> schemas.TipOffFull:
    """At the counter, before paying: what the shown code is worth. No name is asked for."""
    return _full(services, person, services.tip_offs.look_up(person, given.code))


@router.post(
    "/counter/payment",
    **spec(
        "凭码兑付奖励",
        "Pay a reward by the code",
        Permission.TIPOFFS_HANDLE,
        answer=examples.TIP_OFF_FULL,
        body=examples.GIVEN_CODE,
        refusals=(404, 409),
    ),
)
def pay_tip_off(services: Services, person: Person, given: schemas.GivenCode) -> schemas.TipOffFull:
    """Once. The audit line names who paid, never who was paid."""
    return _full(services, person, services.tip_offs.pay(person, given.code))
