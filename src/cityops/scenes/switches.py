"""Scenes on and off (启用与停用), and what stays readable of a scene that is off or no longer installed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from cityops.access import Permission, Principal, record_audit
from cityops.cases import TaskKind, Workflow, Workflows, case_table
from cityops.kit import Clock
from cityops.scenes.registry import Scene, workflows_of
from cityops.scenes.tables import scene_switch_table, scene_workflow_table
from cityops.store import Store, hold

_s, _w = scene_switch_table.c, scene_workflow_table.c
Key = tuple[str, str]


class SceneSwitches:
    """Which scenes a city uses: the installed ones, but those that somebody switched off. Counts at the next start."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    def disabled(self) -> frozenset[str]:
        """The names of the scenes that are off."""
        with self._store.read() as conn:
            return frozenset(conn.execute(select(_s.scene).where(_s.enabled.is_(False))).scalars())

    def switch(self, actor: Principal, scene: str, *, enabled: bool) -> None:
        """Switch a scene on or off; its data stay. Audited.

        Raises:
            ForbiddenError: without ``accounts.manage``.
        """
        actor.require(Permission.ACCOUNTS_MANAGE)
        now_ms = self._clock.now_ms()
        row = {
            "scene": scene, "enabled": enabled, "at_ms": now_ms,
            "actor_id": actor.account_id, "actor_name": actor.display_name,
        }  # fmt: skip

        def work(conn: Connection) -> None:
            hold(conn, f"scene:{scene}")
            conn.execute(delete(scene_switch_table).where(_s.scene == scene))
            conn.execute(insert(scene_switch_table), row)
            record_audit(
                conn,
                at_ms=now_ms,
                actor=actor,
                action="scene.enable" if enabled else "scene.disable",
                object_type="scene",
                object_id=scene,
            )

        self._store.write(work)

    def open_cases(self, scene: str, limit: int) -> tuple[list[str], int]:
        """Numbers of the scene's open cases, oldest first, at most ``limit``; and how many there are."""
        is_open = (case_table.c.scene == scene) & case_table.c.ended.is_(False)
        with self._store.read() as conn:
            total = conn.execute(select(func.count()).select_from(case_table).where(is_open)).scalar_one()
            query = select(case_table.c.number).where(is_open).order_by(case_table.c.opened_ms).limit(limit)
            return list(conn.execute(query).scalars()), total


class ReadableWorkflows(Mapping[Key, Workflow]):
    """The workflows in use; a case of any other kind is found its last workflow too, without any step to take.

    What goes through all workflows (the forms that open a case, the tasks somebody owes) meets those in use only.
    """

    def __init__(self, used: Workflows, past: Mapping[Key, Workflow]) -> None:
        self._used = used
        self._past = past

    def __getitem__(self, key: Key) -> Workflow:
        found = self._used.get(key)
        return self._past[key] if found is None else found

    def __iter__(self) -> Iterator[Key]:
        return iter(self._used)

    def __len__(self) -> int:
        return len(self._used)


def keep_workflows(store: Store, clock: Clock, scenes: Iterable[Scene]) -> dict[Key, Workflow]:
    """Keep the workflows of these scenes; returns those of all other scenes that ever were, without any step to take.

    Cases outlive the scene they were opened in: they stay readable, and their deadlines stay what they are.
    """
    now_ms = clock.now_ms()
    declared = {key: _dump(workflow) for key, workflow in workflows_of(scenes).items()}

    def work(conn: Connection) -> None:
        hold(conn, "workflows")
        for (scene, kind), data in declared.items():
            if kept.get((scene, kind)) != data:
                conn.execute(delete(scene_workflow_table).where(_w.scene == scene, _w.kind == kind))
                row = {"scene": scene, "kind": kind, "data": data, "kept_ms": now_ms}
                conn.execute(insert(scene_workflow_table), row)

    with store.read() as conn:
        rows = conn.execute(select(scene_workflow_table)).mappings()
        kept = {(row["scene"], row["kind"]): row["data"] for row in rows}
    if any(kept.get(key) != data for key, data in declared.items()):
        store.write(work)
    return {key: _read_only(Workflow.model_validate(data)) for key, data in kept.items() if key not in declared}


def _dump(workflow: Workflow) -> dict[str, Any]:
    return workflow.model_dump(mode="json", by_alias=True)


def _read_only(workflow: Workflow) -> Workflow:
    """The workflow without steps, without the matters it took and the form it was opened with."""
    tasks = {name: _no_steps(task) for name, task in workflow.tasks.items()}
    return workflow.model_copy(update={"transitions": (), "tasks": tasks, "intake": (), "opening": None})


def _no_steps(task: TaskKind) -> TaskKind:
    return task.model_copy(update={"transitions": (), "at_opening": False})
