"""What an overlay would have meant over the last 90 days: limits, thresholds, frequencies, words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cityops.access import Units
from cityops.cases import Rulebook, Workflow
from cityops.cases.catalogue import ROUTES
from cityops.inspections import TABLE_PREFIX, Every, InspectionPlan, Inspections
from cityops.kit import Text, Words, WorkingCalendar
from cityops.places import City
from cityops.scenes.overlay.book import PREFIX, Overlays, rows_of
from cityops.scenes.overlay.leaves import Leaf
from cityops.scenes.overlay.limits import changed_limits, try_limit, words
from cityops.scenes.overlay.merging import Declared, Merged, Rows
from cityops.scenes.overlay.progress import Progress
from cityops.scenes.overlay.results import DetectorTrial, PlanTrial, TextTrial, TrialResult, Untried
from cityops.scenes.overlay.rule_tables import may_be_tried, not_tried, try_checklist, try_routes
from cityops.scenes.overlay.thresholds import ChangedDetector, Sources, try_detector
from cityops.scenes.registry import Scene, workflows_of

DAYS: Final = 90
_DAY_MS: Final = 24 * 3600 * 1000
_EVERY: Final[Mapping[Every, Text]] = {
    Every.TWO_HOURS: Text("每两小时", "every two hours"),
    Every.DAY: Text("每日", "daily"),
    Every.WEEK: Text("每周", "weekly"),
    Every.HALF_MONTH: Text("每半月", "twice a month"),
    Every.MONTH: Text("每月", "monthly"),
    Every.QUARTER: Text("每季度", "quarterly"),
    Every.HALF_YEAR: Text("每半年", "twice a year"),
    Every.YEAR: Text("每年", "yearly"),
}


class RuleTrials:
    """Tries the rows of a rule table against what was stored.

    Args:
        overlays: what holds now.
        sources: the past.
        calendar: working days for the limits.
        inspections: what is due, for frequencies; checklists.
        rulebook: the routes in force.
        city: finds the place of a report.
        units: their names.
    """

    def __init__(
        self,
        overlays: Overlays,
        sources: Sources,
        calendar: WorkingCalendar,
        inspections: Inspections,
        rulebook: Rulebook,
        city: City,
        units: Units,
    ) -> None:
        self._units = units
        self._rulebook = rulebook
        self._city = city
        self._inspections = inspections
        self._overlays = overlays
        self._sources = sources
        self._calendar = calendar

    def __call__(self, subject: str, fields: Sequence[Mapping[str, str]], progress: Progress) -> TrialResult:
        """What these rows would have meant in place of those in force.

        Raises:
            NotFoundError: the scene is not installed any more. InvalidError: rows that are wrong (a newer product).
        """
        if not subject.startswith(PREFIX):
            return self._table(subject, fields, progress)
        name, rows = subject.removeprefix(PREFIX), rows_of(fields)
        now, declared = self._overlays.in_force(name), self._overlays.declared[name]
        before, after = declared.merge(now.rows), declared.sound(rows)
        now_ms = self._sources.clock.now_ms()
        since_ms = now_ms - DAYS * _DAY_MS
        limits = [
            try_limit(self._sources.store, change, since_ms, now_ms, self._calendar, progress)
            for change in changed_limits(name, _workflows(now.scene, before), _workflows(now.scene, after))
        ]
        found = [
            try_detector(change, self._sources, since_ms, now_ms, progress)
            for change in _changed_detectors(before, after)
        ]
        changed = list(_changed(declared, now.rows, rows))
        return TrialResult(
            days=DAYS,
            limits=tuple(limits),
            detectors=tuple(one for one in found if isinstance(one, DetectorTrial)),
            plans=tuple(self._plans(name, before, after)),
            texts=tuple(
                TextTrial(path=leaf.path, about=words(leaf.about), before=was, after=will)
                for leaf, was, will in changed
                if leaf.kind == "text"
            ),
            untried=(*(one for one in found if isinstance(one, Untried)), *_windows(changed), *_settings(changed)),
        )

    def _table(self, subject: str, fields: Sequence[Mapping[str, str]], progress: Progress) -> TrialResult:
        """Rows of a table that is no overlay: routes, or a checklist."""
        since_ms = self._sources.clock.now_ms() - DAYS * _DAY_MS
        if not may_be_tried(subject):
            raise not_tried(subject)
        if subject == ROUTES:
            found = try_routes(
                self._sources.store, self._rulebook.rules(), self._city, self._units, fields, since_ms, progress
            )
        else:
            in_force = self._inspections.checklists.in_force(subject.removeprefix(TABLE_PREFIX))
            found = try_checklist(self._sources.store, in_force, fields, since_ms, progress)
        return TrialResult(days=DAYS, tables=(found,))

    def _plans(self, scene: str, before: Merged, after: Merged) -> Iterable[PlanTrial]:
        """Plans whose rules differ: how their objects stand now, and would."""
        for old, new in zip(before.spec.inspection_plans, after.spec.inspection_plans, strict=True):
            if old.rules != new.rules:
                was, will = self._inspections.tally(scene, old), self._inspections.tally(scene, new)
                yield PlanTrial(
                    about=old.title,
                    before=_every(old),
                    after=_every(new),
                    objects=sum(was.values()),
                    due_before=was.get("pending", 0) + was.get("overdue", 0),
                    due_after=will.get("pending", 0) + will.get("overdue", 0),
                    overdue_before=was.get("overdue", 0),
                    overdue_after=will.get("overdue", 0),
                )


def _every(plan: InspectionPlan) -> Words:
    """How often, rule by rule."""
    names = [_EVERY[rule.every] for rule in plan.rules]
    return Words(zh="、".join(name.zh for name in names), en=", ".join(name.en for name in names))


def _workflows(scene: Scene, merged: Merged) -> Iterable[Workflow]:
    return workflows_of([Scene(merged.spec, scene.folder)]).values()


def _changed(declared: Declared, before: Rows, after: Rows) -> Iterable[tuple[Leaf, str, str]]:
    """What differs between two overlays, with the values of both."""
    for path, leaf in declared.leaves.items():
        was, will = before.get(path, leaf.value), after.get(path, leaf.value)
        if was != will:
            yield leaf, was, will


def _changed_detectors(before: Merged, after: Merged) -> Iterable[ChangedDetector]:
    for old, new in zip(before.detectors, after.detectors, strict=True):
        was, will = before.spec.detector(old.id), after.spec.detector(old.id)
        if was is not None and will is not None and was != will:
            yield ChangedDetector(old, new, was, will)


def _windows(changed: Iterable[tuple[Leaf, str, str]]) -> Iterable[Untried]:
    """A window for reopening is no clock: nobody knows who would have asked."""
    for leaf, _, _ in changed:
        if "reopen_window" in leaf.place:
            why = Text("没有记录谁本来想重开案件", "nobody kept who would have wanted to reopen a case")
            yield Untried(about=words(leaf.about), why=words(why))


def _settings(changed: Iterable[tuple[Leaf, str, str]]) -> Iterable[Untried]:
    """What a scene computes anew at every look: nothing that happened is judged otherwise by it."""
    for leaf, _, _ in changed:
        if leaf.place[0] == "settings":
            why = Text(
                "发布后页面即按新值重新计算，已发生的不变",
                "pages are computed anew with it once published; nothing that happened changes",
            )
            yield Untried(about=words(leaf.about), why=words(why))
