"""A street with a command centre, a patrol, an accident squad and two parties with their phones."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

from PIL import Image
from tests.scenes.rooms import installed_scenes

from cityops.access import SYSTEM, Principal, Role
from cityops.cases import CaseDetailView, Step
from cityops.kit import ManualClock
from cityops.scenes import SceneContext, seed_city
from cityops.scenes.people import DemoAccount, seed_accounts, seed_units
from cityops.scenes.quick_accident.book import AccidentBook
from cityops.scenes.quick_accident.demo import DEMO_ACCOUNTS, DEMO_UNITS
from cityops.scenes.quick_accident.desk import AccidentDesk, NewAccident, NewParty
from cityops.scenes.quick_accident.links import LinkDesk
from cityops.scenes.quick_accident.phones import PartyPhones
from cityops.scenes.quick_accident.rules import Level
from cityops.scenes.quick_accident.views import AccidentDetail, PartyPage
from cityops.store import Deliveries

PLATES = ("晋AZ1234", "晋AY5678")
PHONES = ("10100001111", "10100002222")
AT = (112.650, 37.693)  # 小店区, so the squad of the eleventh brigade


def jpeg(colour: str = "grey", size: int = 64) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (size, size), colour).save(out, "JPEG")
    return out.getvalue()


class Phone:
    """A party's phone: its link, and what it does with it."""

    def __init__(self, street: Street, case_id: str, label: str) -> None:
        self.phones = PartyPhones(street.context)
        self.street, self.label = street, label
        party = street.party(case_id, label)
        made = street.links.make(street.dispatcher, case_id, party.party_id)
        self.link_id, self.token = made.link.link_id, made.path.removeprefix("/p#")
        number = "AB".index(label)
        self.ends = (PLATES[number][-3:], PHONES[number][-4:])
        self.key = ""

    def identify(self) -> Phone:
        self.key = self.phones.identify(self.token, *self.ends, consents=True).key
        return self

    def page(self) -> PartyPage:
        return self.phones.page(self.token, self.key)

    def photo(self, view: str = "front", client_id: str | None = None, colour: str = "grey") -> None:
        self.phones.add_photo(self.token, self.key, view, client_id or f"photo-{view}-{self.label}", [jpeg(colour)])  # type: ignore[arg-type]

    def moved(self) -> None:
        self.phones.moved(self.token, self.key)

    def answer(self, agrees: bool, words: str | None = None) -> None:
        decision = self.page().decision
        assert decision is not None
        self.phones.answer(self.token, self.key, decision.decision_id, agrees=agrees, words=words)


class Street:
    """The demo's people around one accident."""

    def __init__(self, context: SceneContext, clock: ManualClock) -> None:
        self.context, self.clock = context, clock
        seed_city(context)
        units = seed_units(context, DEMO_UNITS)
        crew_id = context.dispatch.crews.add(
            code="CREW-T",
            name="唐槐路巡组",
            unit_id=units["ACCIDENT-11"],
            unit_name="巡组",
            area_code="140105",
            capabilities=("traffic_stop",),
            base=AT,
        )
        crew = DemoAccount("patrol", "巡警", Role.CREW, "ACCIDENT-11", (), "CREW-T")
        seed_accounts(context, (*DEMO_ACCOUNTS, crew), {"CREW-T": crew_id})
        self.dispatcher, self.analyst = self.person("dispatcher"), self.person("analyst")
        self.officer, self.other_officer = self.person("accident1"), self.person("accident0")
        self.patrol = self.person("patrol")
        self.crew_id = crew_id
        context.dispatch.crews.begin_shift(self.patrol, crew_id)
        self.desk, self.links, self.book = AccidentDesk(context), LinkDesk(context), AccidentBook(context)

    def person(self, username: str) -> Principal:
        found = self.context.accounts.find(username)
        assert found is not None
        return Principal(
            found.id,
            username,
            found.display_name,
            Role(found.role),
            found.unit_id,
            found.unit_name,
            found.area_codes,
            found.crew_id,
        )

    def report(self, count: int = 2) -> str:
        parties = [NewParty(phone, plate) for phone, plate in zip(PHONES, PLATES, strict=True)][:count]
        new = NewAccident("phone_122", *AT, parties, address="唐槐路与龙盛街路口", weather="clear")
        return self.desk.register(self.dispatcher, new)

    def patrolled(self) -> str:
        """An accident that the patrol has come to; its case."""
        case_id = self.report()
        self.take(self.dispatcher, case_id, "dispatch", crew=self.crew_id)
        self.take(self.patrol, case_id, "accept")
        self.take(self.patrol, case_id, "arrive")
        return case_id

    def party(self, case_id: str, label: str):  # type: ignore[no-untyped-def]
        (found,) = [party for party in self.seen(case_id).parties if party.label == label]
        return found

    def seen(self, case_id: str, who: Principal | None = None) -> AccidentDetail:
        return self.book.get(who or self.dispatcher, case_id)

    def case(self, case_id: str, who: Principal | None = None) -> CaseDetailView:
        return self.context.cases.get(who or self.dispatcher, case_id)

    def state(self, case_id: str) -> str:
        return self.case(case_id).state

    def take(self, who: Principal, case_id: str, action: str, comment: str | None = None, **form: object) -> None:
        """Take a step that is offered to this person, and nothing that is not."""
        case = self.case(case_id, who)
        offered = {one.name: one for one in case.actions}
        assert action in offered, (action, sorted(offered), case.state)
        self.context.cases.act(who, case_id, action, Step(case.version, offered[action].task_id, form, comment))

    def names(self, who: Principal, case_id: str) -> set[str]:
        return {one.name for one in self.case(case_id, who).actions}

    def decide(
        self,
        who: Principal,
        case_id: str,
        faults: Mapping[str, Sequence[str]] = {"A": ["rear_end"]},
        levels: Mapping[str, Level] = {"A": Level.FULL, "B": Level.NONE},
        reason: str | None = None,
    ) -> None:
        self.desk.decide(who, case_id, self.case(case_id, who).version, faults, levels, reason)

    def offered(self) -> str:
        """An accident decided online, which waits for the parties."""
        case_id = self.report()
        self.desk.screen(self.dispatcher, case_id, [])
        self.decide(self.dispatcher, case_id)
        return case_id

    def phones(self, case_id: str) -> tuple[Phone, Phone]:
        return Phone(self, case_id, "A").identify(), Phone(self, case_id, "B").identify()

    def deliver(self) -> None:
        (subscriber,) = installed_scenes()["quick_accident"].subscribers(self.context)
        while Deliveries(self.context.store, [subscriber]).round():
            pass
        assert self.context.store.dead_letters(limit=10)[1] == 0

    def papers(self, case_id: str) -> list[tuple[str, str]]:
        self.deliver()
        return [(one.template, one.maker) for one in self.context.documents.of_case(SYSTEM, case_id)]
