"""Checks of one machine, of a case or of a task: every state can be reached and left, every transition leads on."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from cityops.cases.workflow import STAY, Machine, Transition
from cityops.kit import Text

Path = tuple[str | int, ...]


class Fault(NamedTuple):
    """A fault in a declaration: ``path`` leads to the entry, ``text`` says what is wrong with it."""

    path: Path
    text: Text

    def __str__(self) -> str:
        return f"{'.'.join(str(part) for part in self.path)}: {self.text.en}"


def fault(path: Path, zh: str, en: str) -> Fault:
    """A fault with its words."""
    return Fault(path, Text(zh, en))


def machine_faults(
    path: Path, machine: Machine, moved_to: tuple[str, ...], permissions: Collection[str]
) -> Iterable[Fault]:
    """The faults of one machine; ``moved_to``: states that effects of other machines move it to."""
    if machine.initial not in machine.states:
        yield fault(
            (*path, "initial"),
            f"起始状态“{machine.initial}”不存在",
            f"initial state {machine.initial!r} does not exist",
        )
        return
    seen: set[tuple[str, str]] = set()
    for index, transition in enumerate(machine.transitions):
        yield from _transition_faults((*path, "transitions", index), machine, transition, permissions, seen)
    edges = {(source, t.target(source)) for t in machine.transitions for source in t.sources}
    reachable = _closure({machine.initial, *moved_to}, edges)
    ends = {name for name, state in machine.states.items() if state.end}
    finishing = _closure(ends, {(to, source) for source, to in edges})
    carried = bool(ends & set(moved_to))
    for name, state in machine.states.items():
        if name not in reachable:
            yield fault((*path, "states", name), f"状态“{name}”无法到达", f"state {name!r} cannot be reached")
        if name not in finishing and not carried:
            yield fault((*path, "states", name), f"状态“{name}”没有出路", f"state {name!r} is a dead end")
        if state.end and any(not _may_leave_an_end(t, machine) for t in machine.leaving(name)):
            yield fault(
                (*path, "states", name),
                f"结束状态“{name}”之后还有步骤",
                f"end state {name!r} has a transition out of it",
            )


def _may_leave_an_end(transition: Transition, machine: Machine) -> bool:
    """A reopening leads from ends to a state that is none; what comes after stays where it is."""
    ends = [machine.states[name].end for name in transition.sources if name in machine.states]
    if transition.kind == "after":
        return transition.to == STAY and all(ends)
    to = machine.states.get(transition.to)
    return transition.kind == "reopen" and all(ends) and to is not None and not to.end


def _transition_faults(
    path: Path,
    machine: Machine,
    transition: Transition,
    permissions: Collection[str],
    seen: set[tuple[str, str]],
) -> Iterable[Fault]:
    for state in (*transition.sources, transition.to):
        if state not in machine.states and state != STAY:
            yield fault(
                path,
                f"“{transition.action}”指向未知状态“{state}”",
                f"{transition.action!r} names unknown state {state!r}",
            )
    for source in transition.sources:
        if (transition.action, source) in seen:
            yield fault(
                path, f"“{transition.action}”在“{source}”有两次定义", f"{transition.action!r} leaves {source!r} twice"
            )
        seen.add((transition.action, source))
    if transition.permission not in permissions:
        yield fault(
            (*path, "permission"),
            f"“{transition.action}”的权限“{transition.permission}”不存在",
            f"{transition.action!r} names unknown permission {transition.permission!r}",
        )
    if transition.kind in {"after", "reopen"} and not _may_leave_an_end(transition, machine):
        yield fault(
            (*path, "kind"),
            f"“{transition.action}”只能从结束状态出发",
            f"{transition.action!r} is {transition.kind!r} and does not fit the end states it leaves",
        )
    names = [field.name for field in transition.form]
    if len(names) != len(set(names)):
        yield fault(
            (*path, "form"), f"“{transition.action}”的表单字段重名", f"form of {transition.action!r} repeats a field"
        )


def _closure(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    found, frontier = set(start), list(start)
    while frontier:
        here = frontier.pop()
        for source, to in edges:
            if source == here and to not in found:
                found.add(to)
                frontier.append(to)
    return found
