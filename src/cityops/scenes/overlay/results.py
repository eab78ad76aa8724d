"""What a trial finds (试算结果): for every changed value what the last 90 days were and would have been."""

from __future__ import annotations

from cityops.kit import Data, Words


class ChangedCase(Data):
    """A case whose clock would have been judged otherwise."""

    case_id: str
    number: str
    late: bool


class LimitTrial(Data):
    """A limit: clocks of the cases filed in the time, judged by the limit they had and by the new one.

    ``clocks``: how many there were; ``late_before``, ``late_after``: of these past their time when done, or now.
    ``cases``: up to 20 whose judgement differs.
    """

    about: Words
    before: Words
    after: Words
    clocks: int
    running: int
    late_before: int
    late_after: int
    newly_late: int
    no_longer_late: int
    cases: tuple[ChangedCase, ...]


class VehicleTrial(Data):
    """A vehicle with its alerts before and after."""

    vehicle_id: str | None
    plate: str
    before: int
    after: int


class DetectorTrial(Data):
    """A detector: episodes that the stored history gives with the figures of now and with the new ones.

    ``recomputed``: from history with both; else counted from the alerts that were raised. ``vehicles``: the 20 whose
    number differs most. ``tried`` of ``fleet`` vehicles, when the time for a trial was over first.
    """

    about: Words
    before: Words
    after: Words
    recomputed: bool
    tried: int
    fleet: int
    alerts_before: int
    alerts_after: int
    cases_before: int
    cases_after: int
    vehicles: tuple[VehicleTrial, ...]


class PlanTrial(Data):
    """A frequency: objects of the plan that are due now, and those overdue, by the old rule and by the new."""

    about: Words
    before: Words
    after: Words
    objects: int
    due_before: int
    due_after: int
    overdue_before: int
    overdue_after: int


class TextTrial(Data):
    """Words side by side."""

    path: str
    about: Words
    before: str
    after: str


class Untried(Data):
    """A change of which nothing can be said from the past, and why."""

    about: Words
    why: Words


class Move(Data):
    """So many that went one way and would go another: from unit to unit, from score to score."""

    before: str
    after: str
    count: int


class TableTrial(Data):
    """A rule table: reports that routes would send elsewhere, or inspections that would be scored otherwise.

    ``moves``: the 20 most frequent. ``mean_before``, ``mean_after``: of all scores, for a checklist.
    """

    table: str
    counted: int
    different: int
    moves: tuple[Move, ...]
    mean_before: float | None = None
    mean_after: float | None = None


class TrialResult(Data):
    """What a trial found over ``days`` days."""

    days: int
    limits: tuple[LimitTrial, ...] = ()
    detectors: tuple[DetectorTrial, ...] = ()
    plans: tuple[PlanTrial, ...] = ()
    texts: tuple[TextTrial, ...] = ()
    tables: tuple[TableTrial, ...] = ()
    untried: tuple[Untried, ...] = ()
