"""From what the rooms of the scene say to what its routes answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final

from cityops.access import SYSTEM, Principal
from cityops.api import Bilingual, show
from cityops.kit import Text, from_ms
from cityops.registers import VEHICLE, RegisterObject, may_write
from cityops.scenes.hazard_spots import schemas
from cityops.scenes.hazard_spots.comparison import comparisons
from cityops.scenes.hazard_spots.deployment import PAST_DAYS as DEPLOYED_DAYS
from cityops.scenes.hazard_spots.deployment import UNKNOWN, Axis, Deployment, hours_by_group
from cityops.scenes.hazard_spots.events import Counting
from cityops.scenes.hazard_spots.ledger import DISMISSED, MEASURE, SPOT, day_of, is_overdue, radius_of
from cityops.scenes.hazard_spots.proposals import QUIET_DAYS, RECENT_DAYS, SHOWN, Proposal, Proposals
from cityops.scenes.hazard_spots.ranking import PAST_DAYS, Part, RankedSpot, Ranking, ranking
from cityops.scenes.registry import SceneContext

_UNKNOWN: Final = Text("未登记类别", "Class not registered")


def ranking_answer(context: SceneContext, counting: Counting, found: Ranking) -> schemas.SpotRanking:
    """The ranking with the names of units, without dismissed spots."""
    units = _unit_names(context)
    return schemas.SpotRanking(
        now=context.clock.now(),
        counted_from=None if found.counted_from_ms is None else from_ms(found.counted_from_ms),
        items=[_row(one, counting, units) for one in found.spots if one.spot.state != DISMISSED],
    )


def figures_answer(
    context: SceneContext, principal: Principal, counting: Counting, spot: RegisterObject
) -> schemas.SpotFigures:
    """One spot: its place in the ranking, days, before and after, measures."""
    today, treated, units = context.clock.now().date(), day_of(spot, "treated"), _unit_names(context)
    found = ranking(context, principal, counting)
    own = next((one for one in found.spots if one.spot.id == spot.id), None)
    days = [today - timedelta(days=number) for number in reversed(range(PAST_DAYS))]
    with context.store.read() as conn:
        by_day = counting.by_day(conn, spot, days[0], today)
        compared = [] if treated is None else comparisons(conn, counting, spot, treated, today)
    measures = context.registers.every(principal, MEASURE, fields={"spot": spot.code})
    return schemas.SpotFigures(
        row=_row(own or RankedSpot(spot, 0, None, 0, None, ()), counting, units),
        counted_from=None if found.counted_from_ms is None else from_ms(found.counted_from_ms),
        days=[
            schemas.SpotDay(day=day.isoformat(), alerts=by_day["alert"][day], cases=by_day["case"][day]) for day in days
        ],
        treated_on=None if treated is None else treated.isoformat(),
        judge_from=counting.points["judge_from"],
        comparisons=[show(schemas.SpotComparison, one) for one in compared],
        measures=[
            schemas.SpotMeasure(
                measure_id=one.id,
                code=one.code,
                title=one.title,
                what=one.data["what"],
                words=one.data["words"],
                owner=one.data.get("owner"),
                unit_name=units.get(one.unit_id or ""),
                due_on=one.data["due_on"],
                done_on=one.data.get("done_on"),
                state=one.state,
                overdue=is_overdue(one, today),
            )
            for one in measures
        ],
    )


def deployment_answer(
    context: SceneContext, counting: Counting, spots: Sequence[RegisterObject], axis: Axis, found: Deployment
) -> schemas.SpotDeployment:
    """The table and the windows; shares only where there is anything to share."""
    titles = _group_titles(context, axis)
    total = found.total
    return schemas.SpotDeployment(
        past_days=DEPLOYED_DAYS,
        spots=[one.title for one in spots],
        total=total,
        few=total < counting.points["judge_from"],
        rows=[
            schemas.GroupHours(
                name=group, title=_both(titles.get(group, Text(group, group))), hours=list(hours), total=sum(hours)
            )
            for group, hours in found.rows
        ],
        windows=[
            schemas.DutyWindow(
                from_hour=one.from_hour,
                to_hour=(one.hours[-1] + 1) % 24,
                count=one.violations,
                share=one.violations / total if total else None,
                groups=dict(hours_by_group(found.rows, one)),
            )
            for one in found.windows
        ],
        share=found.covered / total if total else None,
        even_share=found.even_share,
    )


def proposals_answer(
    context: SceneContext, principal: Principal, counting: Counting, found: Proposals
) -> schemas.ProposedSpots:
    """The proposals in a person's areas."""
    rows = [_proposed(context, counting, one) for one in found.items]
    return schemas.ProposedSpots(
        past_days=RECENT_DAYS,
        propose_from=int(counting.points["propose_from"]),
        within_m=counting.points["propose_within_m"],
        quiet_days=QUIET_DAYS,
        shown_max=SHOWN,
        counted_from=None if found.counted_from_ms is None else from_ms(found.counted_from_ms),
        decides=may_write(principal, context.registers.spec(SPOT)),
        items=[
            one
            for one in rows
            if not principal.area_codes or any(one.area_code.startswith(code) for code in principal.area_codes)
        ],
    )


def _proposed(context: SceneContext, counting: Counting, one: Proposal) -> schemas.ProposedSpot:
    place = context.city.locate(one.lon, one.lat)
    return schemas.ProposedSpot(
        lon=one.lon,
        lat=one.lat,
        radius_m=one.radius_m,
        place=" ".join(part for part in (place.district_name, place.street_name, place.road_name) if part),
        area_code=place.community_code or place.street_code or place.district_code,
        count=one.count,
        kinds=[
            schemas.ProposedKind(source=kind.source, title=_both(counting.title(kind)), count=count)
            for kind, count in one.kinds
        ],
        hours=list(one.hours),
        first_day=one.first_day.isoformat(),
        last_day=one.last_day.isoformat(),
    )


def _row(one: RankedSpot, counting: Counting, units: Mapping[str, str]) -> schemas.SpotRow:
    spot = one.spot
    assert spot.lon is not None
    assert spot.lat is not None
    return schemas.SpotRow(
        spot_id=spot.id,
        code=spot.code,
        title=spot.title,
        category=spot.data["category"],
        state=spot.state,
        road=spot.data["road"],
        lon=spot.lon,
        lat=spot.lat,
        radius_m=radius_of(spot),
        unit_name=units.get(spot.unit_id or ""),
        rank=one.rank,
        score=one.score,
        last_30=one.last_30,
        before_30=one.before_30,
        last_90=one.last_90,
        worst=one.worst,
        parts=[_part(part, counting) for part in one.parts],
        overdue_measures=one.overdue,
    )


def _part(part: Part, counting: Counting) -> schemas.SpotPart:
    return schemas.SpotPart(
        source=part.kind.source,
        name=part.kind.name,
        title=_both(counting.title(part.kind)),
        last_30=part.last_30,
        last_90=part.last_90,
        weight=part.weight,
        points=part.points,
    )


def _group_titles(context: SceneContext, axis: Axis) -> Mapping[str, Text]:
    """What the groups are called."""
    if axis == "detector":
        return {one.id: one.title for one in context.overlays.detectors()}
    field = context.registers.spec(VEHICLE).field("vehicle_class")
    assert field is not None
    return {UNKNOWN: _UNKNOWN, **{option.value: option.title.text for option in field.options}}


def _unit_names(context: SceneContext) -> dict[str, str]:
    return {unit.id: unit.name for unit in context.units.list(SYSTEM)}


def _both(text: Text) -> Bilingual:
    return Bilingual(zh=text.zh, en=text.en)
