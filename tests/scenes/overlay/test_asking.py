"""Trials asked for by several at the same moment."""

from __future__ import annotations

from sqlalchemy import Connection
from tests.scenes.overlay.conftest import ACCEPT, ADMIN, Centre
from tests.together import at_once


def test_the_same_values_asked_for_by_many_at_once_are_one_trial(centre: Centre) -> None:
    desk = centre.desk()

    def nothing_new(conn: Connection) -> None:
        """Nobody can put a trial in the queue until all have looked into it."""
        if conn.dialect.name == "postgresql":
            conn.exec_driver_sql("LOCK TABLE rule_trial IN SHARE MODE")

    asked = at_once(centre.store, *[lambda: desk.ask_trial(ADMIN, {ACCEPT: "2"}, 0)] * 3, holding=nothing_new)
    assert len({one.trial_id for one in asked}) == 1
    assert len(centre.trials.list(ADMIN, desk.table)) == 1
