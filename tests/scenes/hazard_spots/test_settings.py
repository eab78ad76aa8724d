"""A scene's own figures: a city sets them inside their bounds; a trial says that nothing past is judged by them."""

from __future__ import annotations

import pytest
from tests.scenes.hazard_spots.town import Town

from cityops.access import Principal, Role
from cityops.kit import InvalidError
from cityops.scenes.hazard_spots.events import Counting
from cityops.scenes.overlay.desk import OverlayDesk

ADMIN = Principal("admin", "admin", "管理员", Role.ADMINISTRATOR)
FROM = "settings.propose_from.value"


def test_a_setting_is_a_citys_own_inside_its_bounds(town: Town) -> None:
    context = town.context
    desk = OverlayDesk("hazard_spots", context.overlays, context.rules, context.trials)
    leaf = context.overlays.declared["hazard_spots"].leaves[FROM]
    assert (leaf.value, leaf.kind, leaf.about.zh) == ("5", "threshold", "参数 · 近30天至少多少起才提议")
    for value in ("1", "1001", "many"):
        with pytest.raises(InvalidError, match="propose_from"):
            desk.publish(ADMIN, {FROM: value}, expected_version=0, note="试行", untried_reason="测试")
    assert Counting(context).points["propose_from"] == 5

    asked = desk.ask_trial(ADMIN, {FROM: "8"}, 0)
    assert context.trials.step()
    result = context.trials.get(ADMIN, asked.trial_id).result
    assert result is not None
    assert [one.about.en for one in result.untried] == ["setting · A place is proposed from"]
    desk.publish(ADMIN, {FROM: "8"}, expected_version=0, note="试行", untried_reason="")
    assert Counting(context).points["propose_from"] == 8
