"""What a scene declares about drills (演练): the steps that somebody presses, and how soon each should be done."""

from __future__ import annotations

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from cityops.kit import Data, Name, Words, refusal

START: Final = "start"
FINISH: Final = "finish"
"""Steps that every drill has: its beginning, from which all times are counted, and its end."""


class DrillStep(Data):
    """A step of a drill (演练环节), pressed by a person when it is done.

    ``target_s``: seconds from the start within which it should be done. ``after``: steps that come first; when it is
    pressed before one of them, that is shown (先近后远、先下后上), not refused. ``counts``: people are counted with it
    (清点人数) and compared with those who were expected.
    """

    name: Name
    title: Words
    target_s: Annotated[int, Field(ge=1, le=86_400)] | None = None
    after: tuple[Name, ...] = ()
    counts: bool = False


class DrillSpec(Data):
    """A kind of drill of a register's objects.

    ``scenario``: what is assumed to have happened. ``plan``: the inspection plan that a finished drill fulfils.
    ``basis``: where the targets come from.
    """

    name: Name
    title: Words
    register_name: Annotated[Name, Field(alias="register")]
    scenario: Words
    steps: Annotated[tuple[DrillStep, ...], Field(min_length=1, max_length=40)]
    plan: Name | None = None
    basis: str = ""

    @model_validator(mode="after")
    def _steps_fit(self) -> Self:
        seen: set[str] = {START}
        for step in self.steps:
            if step.name in seen or step.name == FINISH:
                raise refusal(
                    f"环节“{step.name}”重复，或是每次演练都有的环节",
                    f"the step {step.name!r} is there twice, or is one that every drill has",
                )
            if not set(step.after) <= seen:
                raise refusal(
                    f"环节“{step.name}”的先后所指的环节不在它之前",
                    f"the step {step.name!r} comes after steps that are not above it",
                )
            seen.add(step.name)
        if sum(step.counts for step in self.steps) > 1:
            raise refusal("只能有一个清点人数的环节", "people are counted with one step only")
        return self

    def step(self, name: str) -> DrillStep | None:
        """The step of this name, or ``None``."""
        return next((step for step in self.steps if step.name == name), None)
