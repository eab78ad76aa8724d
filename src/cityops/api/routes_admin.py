"""Accounts and the audit chain (管理)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from cityops.access import Account, AuditEntry, AuditFilter, Permission, list_audit
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.present import step_words, workflows_of
from cityops.api.reading import Code, PageNumber, PageSize, Period
from cityops.api.security import Person, Services
from cityops.cases import Workflow
from cityops.kit import from_ms

router = APIRouter(prefix="/api", tags=["管理 Administration"])

AccountId = Annotated[str, Path(max_length=26)]
_MANAGE = Permission.ACCOUNTS_MANAGE


def _row(account: Account) -> schemas.AccountRow:
    return schemas.AccountRow(
        account_id=account.id,
        username=account.username,
        display_name=account.display_name,
        role=account.role.value,
        unit_name=account.unit_name,
        area_codes=list(account.area_codes),
        active=account.active,
        last_sign_in=None if account.last_sign_in_ms is None else from_ms(account.last_sign_in_ms),
    )


@router.get("/accounts", **spec("账号列表", "List accounts", _MANAGE, answer=examples.ACCOUNT_LIST))
def list_accounts(services: Services, person: Person) -> schemas.AccountList:
    """All accounts by user name."""
    return schemas.AccountList(items=[_row(account) for account in services.accounts.list(person)])


@router.post(
    "/accounts",
    **spec(
        "新建账号",
        "Create an account",
        _MANAGE,
        answer=examples.ACCOUNT,
        body=examples.NEW_ACCOUNT,
        status=201,
        refusals=(409,),
    ),
)
def create_account(services: Services, person: Person, new: schemas.NewAccount) -> schemas.AccountRow:
    """An enterprise account needs its unit, a district account its areas, a crew account its crew."""
    return _row(services.accounts.create(person, **new.model_dump()))


@router.post(
    "/accounts/{account_id}/password",
    **spec("重设口令", "Set a new password", _MANAGE, body=examples.NEW_PASSWORD, status=204, refusals=(404,)),
)
def set_password(services: Services, person: Person, account_id: AccountId, new: schemas.NewPassword) -> Response:
    """Ends every session of the account."""
    services.accounts.set_password(person, account_id, new.password)
    return Response(status_code=204)


@router.delete(
    "/accounts/{account_id}", **spec("停用账号", "Switch an account off", _MANAGE, status=204, refusals=(404,))
)
def deactivate(services: Services, person: Person, account_id: AccountId) -> Response:
    """Ends its sessions; what it did stays on record."""
    services.accounts.deactivate(person, account_id)
    return Response(status_code=204)


@router.post(
    "/accounts/{account_id}/activate",
    **spec("启用账号", "Switch an account on again", _MANAGE, status=204, refusals=(404,)),
)
def activate(services: Services, person: Person, account_id: AccountId) -> Response:
    """The account can sign in again with its password."""
    services.accounts.activate(person, account_id)
    return Response(status_code=204)


@router.get("/audit", **spec("审计记录", "Read the audit chain", Permission.AUDIT_READ, answer=examples.AUDIT_LIST))
def read_audit(
    services: Services,
    person: Person,
    bounds: Period,
    action: Code = None,
    object_type: Code = None,
    object_id: Code = None,
    page: PageNumber = 1,
    page_size: PageSize = 50,
) -> schemas.AuditList:
    """Newest first. ``cityops doctor`` verifies the whole chain."""
    wanted = AuditFilter(
        action=action, object_type=object_type, object_id=object_id, from_ms=bounds[0], to_ms=bounds[1]
    )
    with services.store.read() as conn:
        found = list_audit(conn, person, wanted, page=page, page_size=page_size)
    about = {line.object_id for line in found.items if line.object_type == "case" and line.object_id is not None}
    workflows = workflows_of(services, about)
    items = [_audit_row(line, workflows.get(line.object_id or "")) for line in found.items]
    return schemas.AuditList(
        items=items, page=schemas.Page(total=found.total, page=found.page, page_size=found.page_size)
    )


def _audit_row(line: AuditEntry, workflow: Workflow | None) -> schemas.AuditRow:
    title, states = step_words(workflow, line.action, line.detail)
    return schemas.AuditRow(
        sequence=line.sequence,
        at=from_ms(line.at_ms),
        actor=line.actor_name,
        action=line.action,
        title=title,
        states=states,
        object_type=line.object_type,
        object_id=line.object_id,
        purpose=line.purpose,
        detail=line.detail,
        hash=line.hash,
    )
