"""A finished drill is the inspection that its plan asks for (演练计划): recorded in the same transaction."""

from __future__ import annotations

from sqlalchemy import Connection

from cityops.access import Principal
from cityops.inspections import Inspections, NewInspection
from cityops.kit import to_ms
from cityops.plans.declaration import DrillSpec
from cityops.plans.drills import Fulfils
from cityops.plans.views import DrillView

_COMMENT_MAX = 2000


def fulfils_plans(inspections: Inspections) -> Fulfils:
    """Records a finished drill for its kind's plan, if it has one.

    What it records: start and end, the findings as the comment, and as figures the people who took part, those who
    were counted, the duration and how many steps were in time. Only the unit that owes the plan finishes such a drill:
    anybody else meets the ``ForbiddenError`` of the inspection, and the drill goes on.
    """

    def record(conn: Connection, principal: Principal, spec: DrillSpec, drill: DrillView) -> None:
        if spec.plan is None or drill.started_at is None or drill.finished_at is None:
            return
        figures: dict[str, float] = {"people": drill.people_expected, "steps_in_time": drill.in_time}
        if drill.people_counted is not None:
            figures["people_counted"] = drill.people_counted
        if drill.duration_ms is not None:
            figures["duration_s"] = drill.duration_ms / 1000
        new = NewInspection(
            client_id=f"drill-{drill.drill_id}",
            scene=drill.scene,
            plan=spec.plan,
            object_id=drill.object_id,
            started_ms=to_ms(drill.started_at),
            finished_ms=to_ms(drill.finished_at),
            comment=drill.findings[:_COMMENT_MAX],
            figures=figures,
        )
        inspections.record_in(conn, principal, new)

    return record
