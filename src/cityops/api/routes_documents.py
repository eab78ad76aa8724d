"""Documents of cases (文书): the list, and each as docx and pdf."""

from __future__ import annotations

from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Path
from fastapi.responses import Response

from cityops.access import Permission, Principal
from cityops.api import examples, schemas
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.reading import audit_read, show
from cityops.api.security import Person, Services
from cityops.cases.documents import MEDIA_TYPES, DocumentForm

router = APIRouter(prefix="/api", tags=["案件 Cases"])

DocumentId = Annotated[str, Path(max_length=26)]


@router.get(
    "/cases/{case_id}/documents",
    **spec("案件文书", "Documents of a case", Permission.CASES_READ, answer=examples.DOCUMENT_LIST, refusals=(404,)),
)
def list_documents(
    services: Services, person: Person, case_id: Annotated[str, Path(max_length=26)]
) -> schemas.DocumentList:
    """Every document that a step of the case made, with its number, hashes and maker; oldest first."""
    return show(schemas.DocumentList, {"items": services.documents.of_case(person, case_id)})


def _file_spec(form: DocumentForm, zh: str, en: str) -> dict[str, Any]:
    return spec(
        zh,
        en,
        Permission.CASES_READ,
        answer=f"({form})",
        media_type=MEDIA_TYPES[form],
        refusals=(404, 409),
    )


@router.get(
    "/documents/{document_id}.docx",
    response_class=Response,
    **_file_spec("docx", "下载文书（docx）", "Download a document as docx"),
)
def get_docx(services: Services, person: Person, document_id: DocumentId) -> Response:
    """The file as it was made, compared with its hash. The reading is audited."""
    return _answer(services, person, document_id, "docx")


@router.get(
    "/documents/{document_id}.pdf",
    response_class=Response,
    **_file_spec("pdf", "打开文书（pdf）", "Open a document as pdf"),
)
def get_pdf(services: Services, person: Person, document_id: DocumentId) -> Response:
    """The file as it was made, compared with its hash, to be shown and printed. The reading is audited."""
    return _answer(services, person, document_id, "pdf")


_DISPOSITIONS: Final = {"docx": "attachment", "pdf": "inline"}


def _answer(services: ApiContext, person: Principal, document_id: str, form: DocumentForm) -> Response:
    file = services.documents.read(person, document_id, form)
    told = {"number": file.number, "case_id": file.case_id, "form": form}
    audit_read(services, person, "document.read", "document", document_id, detail=told)
    disposition = f"{_DISPOSITIONS[form]}; filename*=UTF-8''{quote(file.filename)}"
    return Response(file.content, media_type=file.media_type, headers={"Content-Disposition": disposition})
