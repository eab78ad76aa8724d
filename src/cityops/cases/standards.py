"""Filing standards (立案标准): the condition a case is filed under, its limits in stages, and when it may be closed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, model_validator
from sqlalchemy import RowMapping

from cityops.kit import CITY_LIMIT, SHANGHAI, Data, InvalidError, Limit, LimitUnit, Name, Words, from_ms, refusal, to_ms

_LEAP_YEAR: Final = 2024


class LimitSpec(Data):
    """A time limit: an amount of one of the four units (紧急工作时、工作时、工作日、自然日)."""

    amount: Annotated[int | float, CITY_LIMIT]
    unit: Annotated[LimitUnit, CITY_LIMIT]

    @property
    def limit(self) -> Limit:
        """As the kit's ``Limit``."""
        return Limit(self.amount, self.unit)

    @model_validator(mode="after")
    def _amount_fits_the_unit(self) -> Self:
        try:
            _ = self.limit
        except InvalidError as error:
            raise refusal(error.text.zh, error.text.en) from error
        return self


class StageLimit(LimitSpec):
    """One stage of a handling (分阶段时限).

    ``runs_from``: its clock begins when the stage before is reported done, or with the first stage's.
    """

    title: Words | None = None
    runs_from: Literal["filing", "previous"] = "previous"


class Season(Data):
    """The part of the year in which the work can be done, such as planting (month-day, both days included)."""

    first: Annotated[str, Field(alias="from", pattern=r"^\d\d-\d\d$")]
    last: Annotated[str, Field(alias="to", pattern=r"^\d\d-\d\d$")]

    @model_validator(mode="after")
    def _days_of_the_year(self) -> Self:
        for day in (self.first, self.last):
            date.fromisoformat(f"{_LEAP_YEAR}-{day}")
            if day == "02-29":
                raise refusal("季节不以2月29日起止", "a season does not begin or end on 29 February")
        return self

    def clock_start_ms(self, at_ms: int) -> int:
        """The moment itself inside the season, else 00:00 of the next season's first day."""
        at = from_ms(at_ms)
        today = at.strftime("%m-%d")
        inside = (
            self.first <= today <= self.last if self.first <= self.last else today >= self.first or today <= self.last
        )
        if inside:
            return at_ms
        year = at.year if today < self.first else at.year + 1
        return to_ms(datetime.combine(date.fromisoformat(f"{year}-{self.first}"), datetime.min.time(), SHANGHAI))


class Standard(Data):
    """A filing standard: ``matter`` is the catalogue's key, ``closings`` when it may be closed."""

    title: Words
    limits: Annotated[tuple[StageLimit, ...], Field(min_length=1)]
    closings: Annotated[dict[Name, Words], Field(min_length=1)]
    matter: str | None = None
    season: Season | None = None

    def clock_start_ms(self, at_ms: int) -> int:
        """When the clock of a stage that begins at ``at_ms`` starts to count."""
        return at_ms if self.season is None else self.season.clock_start_ms(at_ms)

    @property
    def limits_in_words(self) -> Words:
        """The limits, stage by stage, and the season in which they count."""
        zh, en = [], []
        for stage in self.limits:
            words = stage.limit.words
            zh.append(f"{stage.title.zh}{words.zh}" if stage.title else words.zh)
            en.append(f"{stage.title.en}: {words.en}" if stage.title else words.en)
        if self.season is not None:
            zh.append(f"仅在 {self.season.first} 至 {self.season.last} 计时")
            en.append(f"counted from {self.season.first} to {self.season.last} only")
        return Words(zh="；".join(zh), en="; ".join(en))


def kept_standard(version: int, standard: Standard) -> dict[str, Any]:
    """A standard as a case keeps it: what was in force when it was filed, and in which version of the city's table."""
    return {"version": version, "standard": standard.model_dump(mode="json", by_alias=True)}


def chosen_standard(case: Mapping[str, Any] | RowMapping) -> Standard | None:
    """The standard a case was filed under, as it was then; ``None`` before filing."""
    kept = case["standard_data"]
    return None if kept is None else Standard.model_validate(kept["standard"])
