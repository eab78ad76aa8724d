"""Every room's service, made once and handed to whoever needs it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cityops.access import Accounts, SessionLimits, Sessions, Units
from cityops.analysis import Analysis
from cityops.bootstrap.product import LOG_WRITER, Product, exclusive
from cityops.cases import Cases, DeadlineWatch
from cityops.detection import AlertBook
from cityops.dispatch import Dispatch, crew_effects
from cityops.kit import ConfigError, IdMaker, NotFoundError, Text, WorkingCalendar
from cityops.observations import DeviceRegister, History, HistoryView, PositionFile
from cityops.places import City, build_demo_city, load_city, save_city
from cityops.registers import Registers
from cityops.scenes import Scene, SceneContext, load_scenes, measures_of, rate_detectors_of, workflows_of
from cityops.store import Files, Store

HISTORIAN = "history"


@dataclass(frozen=True)
class Rooms:
    """The product without its processes."""

    product: Product
    store: Store
    files: Files
    city: City
    history: History
    history_view: HistoryView
    sessions: Sessions
    watch: DeadlineWatch
    scenes: dict[str, Scene]
    context: SceneContext


@contextmanager
def open_store(product: Product) -> Iterator[Store]:
    """The relational store at its newest schema."""
    with Store.open(product.settings.store_url, clock=product.clock) as store:
        store.migrate()
        yield store


def find_city(product: Product) -> City:
    """The installed city; the demo city is generated when nothing is installed and the demo is on.

    Raises:
        ConfigError: no city is installed and the demo is off.
    """
    folder = product.folder("places")
    try:
        return load_city(folder)
    except NotFoundError:
        if not product.settings.demo:
            raise ConfigError(
                "还没有导入城市的区划和路网",
                "no city is installed yet: divisions and roads are missing",
                code="config.no_city",
                todo=Text("运行 cityops import，或打开 CITYOPS_DEMO", "run cityops import, or switch CITYOPS_DEMO on"),
            ) from None
    save_city(build_demo_city(), folder)
    return load_city(folder)


@contextmanager
def open_rooms(product: Product) -> Iterator[Rooms]:
    """Everything, migrated and seeded; one process prepares while the others wait."""
    with exclusive(product.settings.data_dir / "prepare.lock", wait=True), open_store(product) as store:
        rooms = _compose(product, store, find_city(product))
        if product.settings.demo:
            for scene in rooms.scenes.values():
                scene.demo(rooms.context)
    with Store.open(product.settings.store_url, clock=product.clock) as store:
        yield _compose(product, store, rooms.city)


def _compose(product: Product, store: Store, city: City) -> Rooms:
    clock = product.clock
    ids = IdMaker(clock)
    scenes = load_scenes()
    workflows = workflows_of(scenes.values())
    calendar = WorkingCalendar.official()
    cases = Cases(store, clock, ids, workflows, calendar, crew_effects())
    history = History(product.folder("history"))
    idle_s = product.settings.session_idle_h * 3600
    return Rooms(
        product=product,
        store=store,
        files=Files(product.folder("files")),
        city=city,
        history=history,
        history_view=HistoryView(history, product.log_folder, PositionFile(product.folder("state"), HISTORIAN)),
        sessions=Sessions(store, clock, ids, limits=SessionLimits(idle_s=idle_s)),
        watch=DeadlineWatch(store, clock, ids, workflows, calendar),
        scenes=scenes,
        context=SceneContext(
            store=store,
            clock=clock,
            ids=ids,
            city=city,
            units=Units(store, clock, ids),
            accounts=Accounts(store, clock, ids),
            registers=Registers(store, clock, ids),
            devices=DeviceRegister(store, clock),
            alerts=AlertBook(store, clock, ids),
            cases=cases,
            dispatch=Dispatch(store, clock, ids, city, cases),
            analysis=Analysis(store, clock, measures_of(scenes.values()), rate_detectors_of(scenes.values())),
            demo_trucks=product.settings.demo_trucks,
        ),
    )


__all__ = ["HISTORIAN", "LOG_WRITER", "Rooms", "find_city", "open_rooms", "open_store"]
