"""Sign in, sign out, who am I (登录)."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from cityops.access import Principal
from cityops.api import examples, schemas
from cityops.api.context import ApiContext
from cityops.api.declare import spec
from cityops.api.own_scenes import own_scenes
from cityops.api.reading import show
from cityops.api.security import (
    CurrentVisitor,
    Services,
    check_same_site,
    clear_session_cookie,
    client_address,
    set_session_cookie,
    visitor,
)
from cityops.kit import UnauthenticatedError

router = APIRouter(prefix="/api", tags=["登录 Session"])


def _me(services: ApiContext, person: Principal, csrf: str) -> schemas.Me:
    return schemas.Me(
        account_id=person.account_id,
        username=person.username,
        display_name=person.display_name,
        role=person.role.value,
        unit_id=person.unit_id,
        unit_name=person.unit_name,
        area_codes=list(person.area_codes),
        crew_id=person.crew_id,
        permissions=sorted(permission.value for permission in person.permissions),
        scenes=own_scenes(services, person),
        csrf_token=csrf,
    )


@router.get("/product", **spec("产品与版本", "What runs here", answer=examples.PRODUCT, public=True))
def product(services: Services) -> schemas.Product:
    """Name, version and city; the demo accounts only while the demo runs."""
    settings = services.settings
    return schemas.Product(
        name="CityOps",
        version=settings.version,
        city=services.city.name,
        synthetic=services.city.synthetic,
        demo_accounts=[schemas.DemoAccount.model_validate(one) for one in settings.demo_accounts],
        scenes={name: show(schemas.Bilingual, title) for name, title in settings.scenes.items()},
        now=services.clock.now(),
    )


@router.post(
    "/session",
    **spec("登录", "Sign in", answer=examples.ME, body=examples.SIGN_IN, public=True, refusals=(401, 403)),
)
def sign_in(request: Request, response: Response, given: schemas.SignIn, services: Services) -> schemas.Me:
    """Sets the session cookie. Repeated failures are slowed down, per account and per address."""
    check_same_site(request)
    token, person, csrf = services.sessions.sign_in(given.username, given.password, client_address(request))
    set_session_cookie(response, token, secure=services.settings.secure_cookies)
    return _me(services, person, csrf)


@router.get("/session", **spec("当前用户", "Who is signed in", answer=examples.ME, public=True))
def who_am_i(request: Request, services: Services) -> schemas.Me | None:
    """The person of the session with the CSRF token to send as ``X-CSRF-Token``; null: nobody is signed in."""
    try:
        known = visitor(request, services)
    except UnauthenticatedError:
        return None  # whoever asks whether somebody is signed in is answered: that nobody is, is no failure
    return _me(services, known.principal, known.csrf)


@router.delete("/session", **spec("退出登录", "Sign out", status=204))
def sign_out(known: CurrentVisitor, services: Services) -> Response:
    """Ends the session everywhere it is used, open live streams included."""
    services.sessions.sign_out(known.token)
    response = Response(status_code=204)
    clear_session_cookie(response, secure=services.settings.secure_cookies)
    return response
