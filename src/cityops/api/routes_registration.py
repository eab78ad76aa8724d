"""Registering cases by hand (登记): the forms that workflows declare."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.reading import show
from cityops.api.security import Person, Services
from cityops.cases import CaseForm, Registration, field_view

router = APIRouter(prefix="/api/case-forms", tags=["案件 Cases"])

Name = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


@router.get("", **spec("登记表列表", "List case forms", Permission.CASES_READ, answer=examples.CASE_FORM_LIST))
def list_forms(services: Services, person: Person) -> schemas.CaseFormList:
    """The forms with which this person may register a case."""
    return schemas.CaseFormList(items=[_form(one) for one in services.registrations.forms(person)])


@router.post(
    "/{scene}/{kind}",
    **spec(
        "登记案件",
        "Register a case",
        Permission.CASES_REPORT,
        answer=examples.REGISTERED,
        body=examples.NEW_REGISTRATION,
        status=201,
        refusals=(404,),
    ),
)
def register(
    services: Services, person: Person, scene: Name, kind: Name, body: schemas.NewRegistration
) -> schemas.Registered:
    """Opens a case with the fields of its form. The same ``client_id`` again answers with the same case."""
    new = Registration(
        client_id=body.client_id,
        title=body.title,
        description=body.description,
        form=body.form,
        unit=body.unit,
        lon=body.lon,
        lat=body.lat,
    )
    return show(schemas.Registered, services.registrations.register(person, scene, kind, new))


def _form(one: CaseForm) -> schemas.CaseForm:
    return schemas.CaseForm(
        scene=one.scene,
        kind=one.kind,
        title=schemas.Bilingual(**one.form.title.model_dump()),
        case_title=schemas.Bilingual(**one.workflow.title.model_dump()),
        fields=[show(schemas.FormField, field_view(field, field.options)) for field in one.form.fields],
        place=one.form.place,
        unit=one.form.unit == "chosen",
    )
