"""The base of every declared thing: frozen data with names and words in two languages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from cityops.kit.errors import Text

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


OwnKind = Literal["limit", "threshold", "frequency", "text"]


@dataclass(frozen=True, slots=True)
class CityOwn:
    """Marks what a city may set for itself (城市可调) in the type of a declared field; all below it is marked too."""

    kind: OwnKind


CITY_LIMIT: Final = CityOwn("limit")
CITY_THRESHOLD: Final = CityOwn("threshold")
CITY_FREQUENCY: Final = CityOwn("frequency")
CITY_TEXT: Final = CityOwn("text")


class Data(BaseModel):
    """Base of every declared thing: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Words(Data):
    """The same words in Chinese and English."""

    zh: Annotated[str, Field(min_length=1)]
    en: Annotated[str, Field(min_length=1)]

    @property
    def text(self) -> Text:
        """As the kit's ``Text``."""
        return Text(self.zh, self.en)
