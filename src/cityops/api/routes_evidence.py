"""Evidence (证据): upload, list, show, take back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import FileResponse, Response

from cityops.access import Permission, Principal
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.security import OwnParts, Person, Services
from cityops.cases.evidence import (
    MAY_ADD,
    EvidenceRole,
    EvidenceView,
    NewEvidence,
    PhoneFix,
    Rendition,
    may_open_original,
)
from cityops.kit import from_ms, to_ms

router = APIRouter(prefix="/api", tags=["证据 Evidence"])

EvidenceId = Annotated[str, Path(max_length=26)]
_RENAMED: Final = {"evidence_id": "id", "size_bytes": "size"}


def evidence_answer(person: Principal, item: EvidenceView) -> schemas.Evidence:
    """A stored item as this person may see it."""
    made: dict[str, Any] = {
        "original": may_open_original(person, item.kind, item.uploader_id),
        "taken_at": None if item.taken_ms is None else from_ms(item.taken_ms),
        "uploaded_at": from_ms(item.uploaded_ms),
    }
    same = (name for name in schemas.Evidence.model_fields if name not in made)
    return schemas.Evidence(**{name: getattr(item, _RENAMED.get(name, name)) for name in same}, **made)


@router.post(
    "/evidence",
    **spec(
        "上传证据",
        "Upload evidence",
        *MAY_ADD,
        answer=examples.EVIDENCE,
        upload=True,
        status=201,
        refusals=(404, 408, 409, 413),
    ),
)
async def add_evidence(
    request: Request,
    services: Services,
    parts: OwnParts,
    person: Person,
    new: Annotated[schemas.NewEvidence, Query()],
) -> schemas.Evidence:
    """The body is the file itself. Its type is found by its content; the same ``client_id`` again is the same item.

    Without ``case_id`` it waits for the report that names it in ``evidence_ids``. Nothing is kept of an upload that
    breaks off.
    """
    known = new.lon is not None or new.lat is not None or new.taken_at is not None
    at_ms = None if new.taken_at is None else to_ms(new.taken_at)
    item = NewEvidence(
        client_id=new.client_id,
        role=EvidenceRole(new.role),
        case_id=new.case_id,
        name=new.name,
        before_id=new.before_id,
        phone=PhoneFix(new.lon, new.lat, at_ms) if known else None,
    )

    def work(pieces: Iterator[bytes]) -> EvidenceView:
        return services.evidence.add(person, item, pieces)

    return evidence_answer(person, await parts.uploads.take(request, work))


@router.delete(
    "/evidence/{evidence_id}",
    **spec("撤下未归案的证据", "Take back evidence that no case has", *MAY_ADD, status=204, refusals=(404, 409)),
)
def remove_evidence(services: Services, person: Person, evidence_id: EvidenceId) -> Response:
    """Own items that were not filed yet. What belongs to a case stays."""
    services.evidence.take_back(person, evidence_id)
    return Response(status_code=204)


@router.get(
    "/cases/{case_id}/evidence",
    **spec("案件证据", "The evidence of a case", Permission.CASES_READ, answer=examples.EVIDENCE_LIST, refusals=(404,)),
)
def list_evidence(
    services: Services, person: Person, case_id: Annotated[str, Path(max_length=26)]
) -> schemas.EvidenceList:
    """Oldest first, with the photos from before beside those from after."""
    pairs = [
        schemas.EvidencePair(before_id=_id_of(pair.before), after_id=_id_of(pair.after))
        for pair in services.evidence.pairs(person, case_id)
    ]
    items = [evidence_answer(person, item) for item in services.evidence.of_case(person, case_id)]
    return schemas.EvidenceList(items=items, pairs=pairs)


def _id_of(item: EvidenceView | None) -> str | None:
    return None if item is None else item.id


@router.get(
    "/evidence/{evidence_id}/{rendition}",
    response_class=FileResponse,
    **spec(
        "证据内容",
        "The content of evidence",
        Permission.CASES_READ,
        answer="(file)",
        media_type="application/octet-stream",
        refusals=(404,),
    ),
)
def evidence_content(services: Services, person: Person, evidence_id: EvidenceId, rendition: Rendition) -> FileResponse:
    """A thumbnail or copy without EXIF, or the original; parts of it by ``Range`` (films and sound).

    A photo's original is for who files cases, who audits and who took it; each reading is audited.
    """
    content = services.evidence.content(person, evidence_id, rendition)
    return FileResponse(content.path, headers=content.headers, media_type=content.media_type)
