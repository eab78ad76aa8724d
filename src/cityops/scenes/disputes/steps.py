"""The scene's own rules of steps (办理规则): what documents name, and what may not be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from cityops.cases import Act, Transition, told_before
from cityops.kit import ConflictError, InvalidError, Text, to_ms
from cityops.scenes.disputes.parties import party_words
from cityops.scenes.disputes.registering import dispute_row
from cityops.scenes.disputes.rules import dispute_rules

_KEPT: Final = Text(
    "案件没有变化，填写的内容仍在页面上", "the case was not changed; what you typed is still on the page"
)
_WRITTEN: Final = ("agree", "hand_over")
"""Steps whose document names the parties."""
_PAST: Final = ("held_at", "visited_at")
"""Moments that have passed when they are recorded."""


def dispute_step(act: Act, transition: Transition) -> Mapping[str, Any]:
    """A step of a dispute.

    Raises:
        InvalidError: ``dispute.future``: a meeting or visit that has not been. ``dispute.present``: not a count.
        ConflictError: ``dispute.not_kept``: closing what the last visit found not kept.
    """
    form = act.form
    for name in _PAST:
        if name in form and to_ms(datetime.fromisoformat(form[name])) > act.at_ms:
            raise InvalidError(
                "时间在现在之后，尚未发生的不能记录", "that is still to come", code="dispute.future", kept=_KEPT
            )
    present = form.get("present")
    if present is not None and (present < 0 or present != int(present)):
        raise InvalidError("到场人数应为整数", "people are whole numbers", code="dispute.present", kept=_KEPT)
    if transition.action == "close" and told_before(act.conn, act.case_id).get("performance") == "not_kept":
        raise ConflictError(
            "最近一次回访为未履行，不能结案",
            "the last visit found the agreement not kept",
            code="dispute.not_kept",
            kept=_KEPT,
            todo=Text("请恢复调解，或再次回访", "mediate again, or visit again"),
        )
    return _named(act) if transition.action in _WRITTEN else {}


def _named(act: Act) -> dict[str, str]:
    row = dispute_row(act.conn, act.case_id)
    if row is None:
        raise ConflictError("案件没有登记要素", "the case was never registered as a dispute", code="dispute.missing")
    return {
        "parties": party_words(act.conn, act.case_id),
        "field_name": dispute_rules().fields[row["field"]].zh,
    }
