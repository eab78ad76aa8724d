"""Registers as sheets (台账表格): export, template, import with progress, labels to be printed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, Response

from cityops.access import Permission
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.examples import registers as examples
from cityops.api.excel import XLSX, sheet_response, too_many_rows
from cityops.api.labels import LABELS_MAX, label_sheet
from cityops.api.print_parts import CONTENT_SECURITY_POLICY
from cityops.api.problems import problem_of
from cityops.api.reading import audit_read
from cityops.api.register_answer import readable, unit_names
from cityops.api.register_imports import ImportJob, import_sheet
from cityops.api.register_sheets import RegisterSheet
from cityops.api.routes_register_objects import Register, Wanted, public_url
from cityops.api.schemas import registers as schemas
from cityops.api.schemas.intake import ImportRowError
from cityops.api.security import OwnParts, Person, Services
from cityops.kit import InvalidError
from cityops.registers import RegisterSpec, shown

router = APIRouter(prefix="/api/registers", tags=["台账 Registers"])

_READ = Permission.REGISTERS_READ
EXPORT_MAX: Final = 20_000
"""Objects of a sheet: as many as an import reads."""
ERRORS_SHOWN: Final = 500


@router.get(
    "/{register}/objects.xlsx",
    response_class=Response,
    **spec("导出台账", "Export a register", _READ, answer="(xlsx)", media_type=XLSX, refusals=(404,)),
)
def export_objects(services: Services, person: Person, register: Register, narrowed: Wanted) -> Response:
    """The objects of the list as xlsx; importing the file again changes nothing. Audited."""
    declared = readable(services, person, register)
    found = services.registers.list(person, register, page_size=1, **narrowed)
    if found.total > EXPORT_MAX:
        raise too_many_rows(found.total)
    objects = services.registers.every(person, register, **narrowed)
    audit_read(services, person, "register.export", "register", register, detail={"rows": len(objects)})
    content = _sheet(services, declared).write(shown(person, declared, one) for one in objects)
    return sheet_response(content, f"{register}.xlsx")


@router.get(
    "/{register}/template.xlsx",
    response_class=Response,
    **spec("导入模板", "Template of an import", _READ, answer="(xlsx)", media_type=XLSX, refusals=(404,)),
)
def get_template(services: Services, person: Person, register: Register) -> Response:
    """The sheet without rows."""
    return sheet_response(_sheet(services, readable(services, person, register)).write(()), f"{register}.xlsx")


@router.post(
    "/{register}/import",
    **spec(
        "导入台账", "Import a register", _READ, answer=examples.JOB, upload=True, status=202,
        refusals=(404, 408, 413),
    ),
)  # fmt: skip
async def start_import(
    request: Request,
    services: Services,
    parts: OwnParts,
    person: Person,
    register: Register,
    reason: Annotated[str, Query(min_length=1, max_length=256, description="导入说明 Why")],
    valid_only: Annotated[bool, Query(description="只导入有效的行 Only the rows without faults")] = False,
) -> schemas.SheetJob:
    """The body is the xlsx; a job reads, checks and writes it, see ``imports``.

    By code: new objects are added, known ones changed, equal ones left alone; none is removed. All or nothing, unless
    only the valid rows are wanted. Audited.
    """
    declared = readable(services, person, register)

    def work(pieces: Iterator[bytes]) -> ImportJob:
        content = b"".join(pieces)
        if not content:
            raise InvalidError("文件是空的", "the file is empty", code="import.file")
        sheet = _sheet(services, declared)
        task = partial(
            import_sheet, registers=services.registers, person=person, sheet=sheet, spec=declared, content=content,
            valid_only=valid_only, reason=reason,
        )  # fmt: skip
        return parts.imports.start(person, register, task)

    return _job(await parts.uploads.take(request, work))


@router.get(
    "/imports/{job_id}",
    **spec("导入进度", "An import under way", _READ, answer=examples.JOB, refusals=(404,)),
)
def get_import(parts: OwnParts, person: Person, job_id: Annotated[str, Path(max_length=26)]) -> schemas.SheetJob:
    """How far it is, and in the end what it did or why it was refused. For the person who began it."""
    return _job(parts.imports.find(person, job_id))


@router.get(
    "/{register}/labels",
    response_class=HTMLResponse,
    **spec("打印二维码标签", "Labels to be printed", _READ, answer="<!doctype html>…", media_type="text/html",
           refusals=(404,)),
)  # fmt: skip
def get_labels(
    request: Request, services: Services, person: Person, register: Register, narrowed: Wanted
) -> HTMLResponse:
    """Code, name and QR of every object of the list, three by nine a page of A4."""
    declared = readable(services, person, register)
    objects = services.registers.list(person, register, page_size=LABELS_MAX + 1, **narrowed).items
    if len(objects) > LABELS_MAX:
        raise InvalidError(
            f"一次最多打印 {LABELS_MAX} 张标签，请先筛选",
            f"at most {LABELS_MAX} labels at once: narrow the list first",
            code="register.labels",
        )
    page = label_sheet(declared.title.zh, objects, public_url(request, services))
    return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY})


def _sheet(services: ApiContext, declared: RegisterSpec) -> RegisterSheet:
    return RegisterSheet(declared, unit_names(services))


def _job(job: ImportJob) -> schemas.SheetJob:
    return schemas.SheetJob(
        job_id=job.job_id,
        register_name=job.register,
        phase=job.phase,
        done=job.done,
        total=job.total,
        rows=job.rows,
        added=job.put.added,
        changed=job.put.changed,
        unchanged=job.put.unchanged,
        errors=[
            ImportRowError.model_validate({**one._asdict(), "text": one.text._asdict()})
            for one in job.errors[:ERRORS_SHOWN]
        ],
        error_count=len(job.errors),
        problem=problem_of(job.problem) if job.problem else None,
    )
