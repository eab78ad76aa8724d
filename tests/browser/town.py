"""The real server over a store of its own, with the demo's people and a clock that can be moved forward.

Everything a visitor reaches is the product's own composition; only the terminals' gateway and the demo's traffic are
not started, for the stories of urban management have no vehicles.
"""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from tests.api.serving import serving

from cityops.access import SYSTEM, Principal, Role
from cityops.api import create_app
from cityops.bootstrap.product import Product
from cityops.bootstrap.rooms import Rooms, open_rooms
from cityops.bootstrap.serving import api_context
from cityops.bootstrap.working import Workers
from cityops.cases import CaseDetailView, NewCase, Reporter, Step, case_table, step_table
from cityops.kit import SystemClock, Text
from cityops.scenes import routers_of
from cityops.settings import load_settings


class MovedClock(SystemClock):
    """The system's clock, moved by hand: a deadline passes without waiting, a story of a certain day is told on it."""

    def __init__(self) -> None:
        self._moved = timedelta()

    def now(self) -> datetime:
        return super().now() + self._moved

    def now_ms(self) -> int:
        return super().now_ms() + self._moved // timedelta(milliseconds=1)

    def advance(self, **by: float) -> None:
        self._moved += timedelta(**by)

    def begin_at(self, moment: datetime) -> None:
        self._moved = moment - super().now()


@dataclass
class Town:
    """Where the server is, its rooms for what the stories do not click, and the cases of a story."""

    address: str
    rooms: Rooms
    clock: MovedClock
    opened: list[str] = field(default_factory=list)

    def person(self, username: str) -> Principal:
        found = self.rooms.context.accounts.find(username)
        assert found is not None, username
        area = tuple(found.area_codes)
        return Principal(found.id, username, found.display_name, found.role, found.unit_id, found.unit_name, area)

    def report(self, title: str = "路灯不亮", **more: Any) -> CaseDetailView:
        """A case as the hotline reports it; what happens to it is clicked."""
        new = NewCase(
            scene="urban_management",
            kind="urban_case",
            title=Text(title, title),
            severity=2,
            reporter=Reporter("hotline", name="张女士", contact="13800000000", reference=secrets.token_hex(6)),
            **more,
        )
        case = self.rooms.context.cases.open(self.person("acceptor"), new)
        self.opened.append(case.case_id)
        return case

    def version_of(self, case_id: str) -> int:
        """The version of a case in the store."""
        with self.rooms.store.read() as conn:
            return int(conn.execute(select(case_table.c.version).where(case_table.c.id == case_id)).scalar_one())

    def act(self, username: str, case: CaseDetailView, action: str, comment: str | None = None, **form: Any) -> None:
        """A step that leads up to what a story clicks, taken as it is offered to this person."""
        who, cases = self.person(username), self.rooms.context.cases
        seen = cases.get(who, case.case_id)
        offered = {one.name: one for one in seen.actions}
        cases.act(who, case.case_id, action, Step(seen.version, offered[action].task_id, form, comment))

    def unit(self, code: str) -> str:
        found = self.rooms.context.units.find(code)
        assert found is not None, code
        return found.id

    def seen(self, case: CaseDetailView) -> CaseDetailView:
        return self.rooms.context.cases.get(self.person("leader"), case.case_id)

    def colleague(self, of: str, username: str, display_name: str) -> None:
        """Another account of the same role and unit."""
        like = self.rooms.context.accounts.find(of)
        assert like is not None
        self.rooms.context.accounts.create(
            SYSTEM,
            username=username,
            password="cityops-demo",
            display_name=display_name,
            role=Role(like.role),
            unit_id=like.unit_id,
        )

    def steps_taken(self) -> set[str]:
        """Every step in the timelines of this story's cases."""
        query = select(step_table.c.action).where(step_table.c.case_id.in_(self.opened))
        with self.rooms.store.read() as conn:
            return set(conn.execute(query).scalars())


def product_in(folder: Path, clock: MovedClock) -> Product:
    environment = {"CITYOPS_DATA_DIR": str(folder), "CITYOPS_HTTP_PORT": "0", "CITYOPS_DEMO_TRUCKS": "1"}
    environment["CITYOPS_SESSION_IDLE_H"] = "168"  # the clock moves by hours while people stay signed in
    return Product(load_settings(environment), clock, environment)


@cache
def seeded_files() -> dict[str, bytes]:
    """What the product's first start leaves in its data folder; made once, for seeding takes seconds of a processor."""
    with tempfile.TemporaryDirectory(prefix="cityops-town-") as folder:
        with open_rooms(product_in(Path(folder), MovedClock())):
            pass
        return {str(path.relative_to(folder)): path.read_bytes() for path in Path(folder).rglob("*") if path.is_file()}


@contextmanager
def running_town(folder: Path) -> Iterator[Town]:
    """A town in ``folder``, as it is after its first start, served until the block ends."""
    for name, content in seeded_files().items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    clock = MovedClock()
    with open_rooms(product_in(folder, clock)) as rooms:
        workers = Workers(rooms, on_failure=lambda: None)
        app = create_app(api_context(rooms, workers), routers_of(rooms.scenes.values()), scenes=rooms.context)
        with serving(app) as server:
            yield Town(server.url, rooms, clock)
