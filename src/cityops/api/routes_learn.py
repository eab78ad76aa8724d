"""Learn (研判): today, yearly rates."""

from __future__ import annotations

from fastapi import APIRouter

from cityops.access import Permission
from cityops.api import examples, schemas
from cityops.api.declare import spec
from cityops.api.reading import show
from cityops.api.security import Person, Services

router = APIRouter(prefix="/api/learn", tags=["研判 Learn"])


@router.get("/today", **spec("今日研判", "Today", Permission.LEARN_READ, answer=examples.LEARN_TODAY))
def today(services: Services, person: Person) -> schemas.LearnToday:
    """Alerts and cases since midnight in Asia/Shanghai, within this person's scope."""
    return show(schemas.LearnToday, services.analysis.today(person))


@router.get("/rates", **spec("年度发生率", "Yearly rates", Permission.LEARN_READ, answer=examples.LEARN_RATES))
def rates(services: Services, person: Person) -> schemas.LearnRates:
    """Fatigue and speeding events per 10,000 vehicle-km of each enterprise by year, and the yearly change."""
    return show(schemas.LearnRates, services.analysis.rates(person))
