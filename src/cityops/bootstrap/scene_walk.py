"""``cityops scene test``: a temporary city works with a scene, from the first object to the last step of a case."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Final, NamedTuple

from cityops.access import SYSTEM, Permission, Principal
from cityops.bootstrap.case_walk import NotWalkedError, open_case, walk_case
from cityops.bootstrap.product import Product
from cityops.bootstrap.rooms import Rooms, compose
from cityops.inspections import DueFilter, FoundHazard, InspectionPlan, ItemAnswer, NewInspection
from cityops.kit import CityOpsError, Text
from cityops.places import build_demo_city
from cityops.registers import RegisterSpec
from cityops.scenes import ENTRY_POINTS, Scene, load_scenes, read_scene, seed_city
from cityops.scenes.people import person
from cityops.store import Store
from cityops.store.migrations.new import import_all_tables

_OWN_TESTS_LIMIT_S: Final = 600


class Finding(NamedTuple):
    """What became of one part. ``ok`` None: it could not be tried, and why."""

    ok: bool | None
    text: Text


def walk_scene(product: Product, folder: Path) -> Iterator[Finding]:
    """Seed a temporary city with the scene in ``folder`` and walk through everything it declares."""
    import_all_tables()
    scene = _load(folder)
    with tempfile.TemporaryDirectory(prefix="cityops-scene-") as home:
        data_dir = Path(home)
        settings = replace(product.settings, data_dir=data_dir, database_url="", demo=True)
        with Store.open(settings.store_url, clock=product.clock) as store:
            store.create_all()
            temporary = replace(product, settings=settings)
            rooms = compose(temporary, store, build_demo_city(), {**load_scenes(), scene.name: scene})
            seed_city(rooms.context)
            scene.demo(rooms.context)
            scene.demo(rooms.context)
            yield Finding(
                True, Text("演示数据已装入，再装一次没有变化", "the demo is there, and the same when seeded again")
            )
            yield from _walk(rooms, scene)


def _load(folder: Path) -> Scene:
    """The scene with its own Python, if it has any."""
    name = read_scene(folder / "scene.yaml").name
    for installed in load_scenes().values():
        if installed.folder.resolve() == folder.resolve():
            return installed
    sys.path.insert(0, str(folder.resolve().parent))
    return load_scenes(found=[EntryPoint(name, folder.resolve().name, ENTRY_POINTS)])[name]


def _walk(rooms: Rooms, scene: Scene) -> Iterator[Finding]:
    people = [person(rooms.context, one.username) for one in rooms.context.accounts.list(SYSTEM) if one.active]
    for register in scene.spec.registers:
        yield _guarded(Text(f"台账 {register.name}", f"register {register.name}"), _register, rooms, register)
    for plan in scene.spec.inspection_plans:
        about = Text(f"检查计划 {plan.name}", f"inspection plan {plan.name}")
        yield _guarded(about, _plan, rooms, people, scene.name, plan)
    for workflow in scene.spec.workflows:
        about = Text(f"流程 {workflow.name}", f"workflow {workflow.name}")
        yield _guarded(about, _workflow, rooms, people, scene.name, workflow.name)
    if scene.spec.figures:
        board = rooms.context.figures.board(SYSTEM, scene.name)
        wrong = [one.spec.name for one in board if one.contradicts]
        words = Text(f"，与上报矛盾：{'、'.join(wrong)}", f", contradicted by a report: {', '.join(wrong)}")
        zh, en = f"看板 {len(board)} 个数字", f"board of {len(board)} figures"
        yield Finding(None if wrong else True, Text(zh + words.zh, en + words.en) if wrong else Text(zh, en))


def _guarded(about: Text, work: Any, *given: Any) -> Finding:
    """What ``work`` says; its refusal is a finding too."""
    try:
        done: Text = work(*given)
    except NotWalkedError as error:
        return Finding(None, Text(f"{about.zh}：{error.text.zh}", f"{about.en}: {error.text.en}"))
    except CityOpsError as error:
        return Finding(False, Text(f"{about.zh}：{error.text.zh}", f"{about.en}: {error.text.en}"))
    return Finding(True, Text(f"{about.zh}：{done.zh}", f"{about.en}: {done.en}"))


def _register(rooms: Rooms, register: RegisterSpec) -> Text:
    """Make a second of an object of the demo, change it, archive it, read its history."""
    registers = rooms.context.registers
    found = registers.list(SYSTEM, register.name, page_size=1000).items
    if not found:
        raise NotWalkedError("演示数据里没有对象", "the demo has no object of it")
    like = found[-1]
    made = registers.create(
        SYSTEM, register=register.name, code=_next_code(like.code), title=like.title, lon=like.lon, lat=like.lat,
        geometry=like.geometry, unit_id=like.unit_id, supervisor_id=like.supervisor_id, data=like.data,
    )  # fmt: skip
    changed = registers.update(SYSTEM, made.id, made.version, {"title": f"{made.title[:100]} 2"}, reason="scene test")
    registers.update(SYSTEM, made.id, changed.version, {"state": "archived"}, reason="scene test")
    count = len(registers.history(SYSTEM, made.id))
    return Text(f"新建、修改、注销，历史 {count} 条", f"made, changed, archived; {count} entries of history")


def _next_code(code: str) -> str:
    """The code after this one: its last digits counted on, with as many digits; else with a 2 behind it."""
    head = code.rstrip("0123456789")
    digits = code[len(head) :]
    return f"{head}{int(digits) + 1:0{len(digits)}d}" if digits else f"{code}2"


def _plan(rooms: Rooms, people: list[Principal], scene: str, plan: InspectionPlan) -> Text:
    """Inspect an object without a fault, then find a hazard and have it rectified to the end."""
    who, object_id = _inspector(rooms, people, scene, plan)
    inspections = rooms.context.inspections
    inspections.record(who, _inspection(rooms, scene, plan, object_id, "scene-test-well"))
    hazard = FoundHazard("试跑：栏杆松动", "general")
    found = inspections.record(who, _inspection(rooms, scene, plan, object_id, "scene-test-hazard", hazard))
    (opened,) = inspections.get(who, found.id).hazards
    steps = walk_case(rooms.context, people, opened.case_id)
    return Text(
        f"{who.display_name} 检查两次，隐患 {opened.number} 经 {len(steps)} 步销号",
        f"{who.display_name} inspected twice; the hazard {opened.number} was closed in {len(steps)} steps",
    )


def _inspector(rooms: Rooms, people: list[Principal], scene: str, plan: InspectionPlan) -> tuple[Principal, str]:
    """Somebody of the demo for whom something is due by this plan, and what."""
    present = {who.unit_id for who in people if who.unit_id is not None}
    for who in people:
        if who.can(Permission.INSPECTIONS_RECORD):
            due = rooms.context.inspections.due(who, DueFilter(scene=scene, plan=plan.name, mine=True, page_size=200))
            # Best one whose unit signs in: somebody must rectify what is found.
            for one in sorted(due.items, key=lambda one: one.unit_id not in present):
                return who, one.object_id
    raise NotWalkedError(
        "演示账号中没有人有对象可查（单位、条件、时间或读权限不符）",
        "nobody of the demo has an object to inspect (unit, conditions, hours, or who may read the register)",
    )


def _inspection(
    rooms: Rooms, scene: str, plan: InspectionPlan, object_id: str, client_id: str, *hazards: FoundHazard
) -> NewInspection:
    now_ms = rooms.context.clock.now_ms()
    checklist = None if plan.checklist is None else rooms.context.inspections.checklists.in_force(plan.checklist)
    items = () if checklist is None else checklist.items
    return NewInspection(
        client_id=f"{client_id}-{plan.name}"[:64],
        scene=scene,
        plan=plan.name,
        object_id=object_id,
        started_ms=now_ms,
        finished_ms=now_ms,
        # There is no camera here: what asks for a photo anyhow does not apply.
        items=[ItemAnswer(one.no, "not_applicable" if one.evidence == "photo" else "passed") for one in items],
        checklist_version=None if checklist is None else checklist.version,
        comment="试跑 scene test",
        hazards=hazards,
        figures={one.name: 1.0 for one in plan.figures},
    )


def _workflow(rooms: Rooms, people: list[Principal], scene: str, kind: str) -> Text:
    case_id = open_case(rooms.context, people, scene, kind)
    steps = walk_case(rooms.context, people, case_id)
    return Text(f"{len(steps)} 步到终点：{' → '.join(steps)}", f"{len(steps)} steps to its end: {' → '.join(steps)}")


def run_own_tests(folder: Path) -> bool:
    """Run the tests beside the scene's folder with pytest; True when they pass or there are none."""
    tests = next((one for one in (folder / "tests", folder.parent / "tests") if one.is_dir()), None)
    if tests is None:
        print("note 没有自己的测试  no tests of its own")
        return True
    if importlib.util.find_spec("pytest") is None:
        print("note 没有安装 pytest，自己的测试未运行  pytest is not installed: its own tests were not run")
        return True
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests.resolve())]
    done = subprocess.run(command, cwd=tests.parent, timeout=_OWN_TESTS_LIMIT_S, check=False)
    return done.returncode == 0
