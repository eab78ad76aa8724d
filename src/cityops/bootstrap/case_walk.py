"""Takes a case to its end as the people of a demo could: whoever is offered a step onward takes it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from cityops.access import SYSTEM, Permission, Principal
from cityops.cases import ActionView, CaseDetailView, FieldView, NewCase, Registration, Step
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError, Text
from cityops.scenes import SceneContext

MAX_STEPS: Final = 60
"""A case that has not ended by then is going round in circles."""
_WORDS: Final = "试跑 scene test"
_LATER: Final = timedelta(days=3)
_CHOSEN: Final = frozenset({"unit", "units", "person", "case", "crew"})


class NotWalkedError(Exception):
    """A part that cannot be tried here, and why; not a fault of the scene."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.text = Text(zh, en)


def open_case(context: SceneContext, people: Sequence[Principal], scene: str, kind: str) -> str:
    """Open a case: by the form that its workflow declares, else as the machine would; returns its id."""
    lon, lat = context.city.center
    units = [who for who in reversed(people) if who.unit_id is not None and who.role.is_of_unit]
    opening = context.cases.workflow(scene, kind).opening
    if opening is None:
        place = context.city.locate(lon, lat)
        unit = (units[0].unit_id, units[0].unit_name) if units else (None, None)
        new = NewCase(
            scene, kind, Text("试跑", "Scene test"), severity=2, lon=lon, lat=lat, unit_id=unit[0], unit_name=unit[1],
            area_code=place.street_code or place.district_code or None,
        )  # fmt: skip
        return context.cases.open(SYSTEM, new).case_id
    form = {one.name: _typed(context, one.kind, [option.value for option in one.options]) for one in opening.fields}
    given = Registration(
        client_id="scene-test", title="试跑 scene test", form=form,
        unit=units[0].unit_id if units and opening.unit == "chosen" else None,
        lon=lon if opening.place else None, lat=lat if opening.place else None,
    )  # fmt: skip
    for who in reversed(people):
        if who.role in opening.roles:
            try:
                return context.registrations.register(who, scene, kind, given).case_id
            except (ForbiddenError, NotFoundError):  # not for people of this unit
                continue
    raise NotWalkedError("没有可登记的演示账号", "nobody of the demo may register it")


def walk_case(context: SceneContext, people: Sequence[Principal], case_id: str) -> list[str]:
    """Take steps until the case has ended; returns what they are called.

    Raises:
        NotWalkedError: nobody of the demo is offered a step onward that can be taken, or there is no end of them.
    """
    taken: Counter[str] = Counter()
    titles: list[str] = []
    while len(titles) < MAX_STEPS:
        case = context.cases.get(SYSTEM, case_id)
        if case.closed_at is not None:
            return titles
        action = _step_onward(context, people, case, taken)
        taken[action.name] += 1
        titles.append(action.title.zh)
    raise NotWalkedError(f"{MAX_STEPS} 步后仍未结束", f"it has not ended after {MAX_STEPS} steps")


def _step_onward(
    context: SceneContext, people: Sequence[Principal], case: CaseDetailView, taken: Counter[str]
) -> ActionView:
    """The step that was taken, by the first who can; what was taken least often is tried first."""
    offered = [
        (who, seen.version, action)
        for who in people
        for seen in _seen(context, who, case.case_id)
        for action in seen.actions
        if action.onward and not action.danger
    ]
    refusals: list[Text] = []
    for who, version, action in sorted(offered, key=lambda one: taken[one[2].name]):
        try:
            form = {one.name: _value(context, who, case.case_id, action, one) for one in action.fields if one.required}
            step = Step(version, action.task_id, form, _WORDS)
            context.cases.act(who, case.case_id, action.name, step)
        except (ConflictError, InvalidError, NotFoundError) as error:
            refusals.append(error.text)
        else:
            return action
    why = refusals[0] if refusals else Text("没有人可办", "nobody is offered a step")
    state = case.state_title
    raise NotWalkedError(f"停在“{state.zh}”：{why.zh}", f"it stays in {state.en!r}: {why.en}")


def _seen(context: SceneContext, who: Principal, case_id: str) -> list[CaseDetailView]:
    if not who.can(Permission.CASES_READ):
        return []
    try:
        return [context.cases.get(who, case_id)]
    except NotFoundError:  # not for this person
        return []


def _value(context: SceneContext, who: Principal, case_id: str, action: ActionView, field: FieldView) -> Any:
    if field.kind not in _CHOSEN:
        return _typed(context, field.kind, [option["value"] for option in field.options])
    found = context.cases.choices(who, case_id, action.name, field.name, task_id=action.task_id).items
    if not found:
        raise InvalidError(f"“{field.title.zh}”没有可选项", f"there is nothing to choose for {field.title.en!r}")
    return [found[0].value] if field.kind == "units" else found[0].value


def _typed(context: SceneContext, kind: str, options: Sequence[str]) -> Any:
    """What a person could put into a field of this kind."""
    match kind:
        case "number":
            return 1
        case "boolean":
            return True
        case "datetime":
            return (context.clock.now() + _LATER).isoformat()
    return options[0] if options else _WORDS
