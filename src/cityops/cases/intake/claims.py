"""Which scene takes which matter (场景认领事项): said by the workflows' ``intake``, the most precise claim wins."""

from __future__ import annotations

from typing import Final

from cityops.cases.catalogue import ItemKey
from cityops.cases.workflow import Workflows
from cityops.kit import ConfigError, InvalidError, Text

EVERYTHING: Final = "*"
"""The claim of the workflow that takes what no other claims."""


class Claims:
    """The claims of all workflows.

    Args:
        workflows: by (scene, kind). A claim is ``standard/kind/code`` with five digits of a matter or two of a class,
            or ``*``.

    Raises:
        ConfigError: ``intake.claims``: two workflows claim the same.
    """

    def __init__(self, workflows: Workflows) -> None:
        self._by_claim: dict[str, tuple[str, str]] = {}
        for name, workflow in workflows.items():
            for claim in workflow.intake:
                other = self._by_claim.setdefault(claim, name)
                if other != name:
                    raise ConfigError(
                        f"事项“{claim}”被两个流程认领：{other}、{name}",
                        f"two workflows claim {claim!r}: {other} and {name}",
                        code="intake.claims",
                    )

    def of(self, key: ItemKey) -> tuple[str, str]:
        """The scene and kind of case that take a matter; ``InvalidError`` when none does."""
        for claim in (key.path, key._replace(code=key.code[:2]).path, EVERYTHING):
            if claim in self._by_claim:
                return self._by_claim[claim]
        raise InvalidError(
            f"没有场景受理事项 {key}",
            f"no scene takes {key}",
            code="intake.unclaimed",
            kept=Text("上报没有保存", "the report was not kept"),
            todo=Text("请联系管理员启用相应场景", "ask the administrator for the scene that takes it"),
        )
