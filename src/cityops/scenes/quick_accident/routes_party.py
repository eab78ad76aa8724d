"""Routes of the parties' phones. Nobody is signed in: the link's token and the phone's key come in headers.

Neither stands in an address, so no log holds them. Visits are bounded by network address, wrong answers by link.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Path, Query, Request
from fastapi.responses import FileResponse
from pydantic import Field

from cityops.api import Model, OwnParts, spec
from cityops.scenes.quick_accident import examples
from cityops.scenes.quick_accident.phones import PartyFacts, PartyPhones
from cityops.scenes.quick_accident.views import PartyGreeting, PartyKey, PartyPage, PhotoView
from cityops.scenes.web import Scenes

router = APIRouter(prefix="/api/scenes/quick_accident/party", tags=["事故快处 Quick accidents"])

Token = Annotated[str, Header(alias="X-Party-Token", max_length=64, description="链接中的令牌 The link's token")]
Key = Annotated[str, Header(alias="X-Party-Key", max_length=64, description="本机密钥 This phone's key")]
_REFUSALS: Final = (403, 404)


class PartyIdentity(Model):
    """Who somebody says to be, and that they agree to be handled online."""

    plate_end: Annotated[str, Field(max_length=8)] = ""
    phone_end: Annotated[str, Field(max_length=8)]
    consents: bool


class PartyTold(Model):
    """What a party says; what is left out stays as it was."""

    name: Annotated[str, Field(max_length=60)] | None = None
    licence_no: Annotated[str, Field(max_length=30)] | None = None
    insurer: Annotated[str, Field(max_length=60)] | None = None
    policy_no: Annotated[str, Field(max_length=40)] | None = None
    statement: Annotated[str, Field(max_length=1000)] | None = None


class PartyAnswer(Model):
    """Yes or no to one decision; a no needs words."""

    decision_id: Annotated[str, Field(max_length=26)]
    agrees: bool
    words: Annotated[str, Field(max_length=1000)] | None = None


@router.get(
    "/greeting",
    **spec("当事人链接是否有效", "Whether a link works", answer=examples.GREETING, visit="code", refusals=(404,)),
)
def greet_party(scenes: Scenes, token: Token) -> PartyGreeting:
    """Nothing about the accident or a person before the party said who it is."""
    return PartyPhones(scenes).greet(token)


@router.post(
    "/identity",
    **spec(
        "核对当事人身份",
        "Say who you are",
        answer=examples.KEY,
        body=examples.IDENTITY,
        visit="code",
        refusals=_REFUSALS,
    ),
)
def identify_party(scenes: Scenes, token: Token, given: PartyIdentity) -> PartyKey:
    """The key replaces that of any other phone. Five wrong answers lock the link."""
    phones = PartyPhones(scenes)
    return phones.identify(token, given.plate_end, given.phone_end, consents=given.consents)


@router.get(
    "",
    **spec("当事人页面", "A party's page", answer=examples.PAGE, visit="reading", refusals=_REFUSALS),
)
def read_page(scenes: Scenes, token: Token, key: Key) -> PartyPage:
    """What this party needs: the own plate in full, the others' masked."""
    return PartyPhones(scenes).page(token, key)


@router.post(
    "/facts",
    **spec(
        "当事人填写情况",
        "Say what happened",
        answer=examples.PAGE,
        body=examples.TOLD,
        visit="code",
        refusals=(*_REFUSALS, 409),
    ),
)
def tell_facts(scenes: Scenes, token: Token, key: Key, given: PartyTold) -> PartyPage:
    """Name, licence, insurance and the own words; possible until the liability is settled."""
    phones = PartyPhones(scenes)
    phones.tell(token, key, PartyFacts(**given.model_dump()))
    return phones.page(token, key)


@router.post(
    "/photos",
    **spec(
        "当事人上传照片",
        "Send a photo of the scene",
        answer=examples.PAGE,
        upload=True,
        status=201,
        visit="photo",
        refusals=(*_REFUSALS, 408, 409, 413),
    ),
)
async def send_party_photo(
    request: Request,
    scenes: Scenes,
    parts: OwnParts,
    token: Token,
    key: Key,
    view: PhotoView,
    client_id: Annotated[str, Query(pattern="^[A-Za-z0-9_-]{8,64}$")],
) -> PartyPage:
    """The body is the photo; the same ``client_id`` again is the same one. Kept as evidence of the case."""
    phones = PartyPhones(scenes)

    def work(pieces: Iterator[bytes]) -> PartyPage:
        phones.add_photo(token, key, view, client_id, pieces)
        return phones.page(token, key)

    return await parts.uploads.take(request, work)


@router.get(
    "/photos/{evidence_id}",
    response_class=FileResponse,
    **spec(
        "当事人查看本人照片",
        "An own photo",
        answer="(file)",
        media_type="image/jpeg",
        visit="reading",
        refusals=_REFUSALS,
    ),
)
def own_photo(scenes: Scenes, token: Token, key: Key, evidence_id: Annotated[str, Path(max_length=26)]) -> FileResponse:
    """A copy without position and camera; other parties' photos are not shown."""
    content = PartyPhones(scenes).photo(token, key, evidence_id)
    return FileResponse(content.path, headers=content.headers, media_type=content.media_type)


@router.post(
    "/moved",
    **spec("当事人报告已撤离", "The vehicle is out of the way", answer=examples.PAGE, visit="code", refusals=_REFUSALS),
)
def report_moved(scenes: Scenes, token: Token, key: Key) -> PartyPage:
    """When all parties say so, the road counts as cleared."""
    phones = PartyPhones(scenes)
    phones.moved(token, key)
    return phones.page(token, key)


@router.post(
    "/answer",
    **spec(
        "当事人确认或异议",
        "Confirm or contest",
        answer=examples.PAGE,
        body=examples.ANSWER,
        visit="code",
        refusals=(*_REFUSALS, 409),
    ),
)
def answer_decision(scenes: Scenes, token: Token, key: Key, given: PartyAnswer) -> PartyPage:
    """Once for each decision. When all confirm, the liability is settled; one no sends the case back."""
    phones = PartyPhones(scenes)
    phones.answer(token, key, given.decision_id, agrees=given.agrees, words=given.words)
    return phones.page(token, key)
