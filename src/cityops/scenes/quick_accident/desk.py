"""The desk and the officer (快处台): register an accident, go through the exclusions, record a plan of liability."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Connection, insert, update

from cityops.access import SYSTEM, Permission, Principal
from cityops.cases import NewCase, Reporter, Step
from cityops.dispatch import place_view
from cityops.kit import ConflictError, InvalidError, Plate, Text, from_ms
from cityops.scenes.quick_accident.book import OPEN_STATES, RECORDING, own_case
from cityops.scenes.quick_accident.rows import (
    DECIDING,
    KIND,
    SCENE,
    accident_row,
    case_row,
    held_case,
    party_rows,
    rules_of,
)
from cityops.scenes.quick_accident.rules import MAX_PARTIES, UNCHANGED, Level, propose, rules_on, shares_of
from cityops.scenes.quick_accident.tables import accident_table, decision_table, party_table
from cityops.scenes.quick_accident.views import LABELS, Source, Weather
from cityops.scenes.registry import SceneContext

SQUAD: Final = "ACCIDENT-"
"""Accident squads (事故中队) are police units whose code begins so; the district's own one comes first."""
MAX_AGE_MS: Final = 24 * 3_600_000
_DIGITS: Final = "0123456789"


@dataclass(frozen=True, slots=True)
class NewParty:
    """A party as the caller or the camera gives it. ``plate`` is empty for a bicycle or a person on foot."""

    phone: str
    plate: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class NewAccident:
    """An accident as it is reported; position in WGS-84 degrees."""

    source: Source
    lon: float
    lat: float
    parties: Sequence[NewParty]
    reported_ms: int | None = None
    address: str | None = None
    weather: Weather | None = None
    description: str | None = None


@dataclass(frozen=True, slots=True)
class CheckedAccident:
    """An accident that may be registered: the case it opens, its row, its parties."""

    case: NewCase
    row: Mapping[str, Any]
    parties: Sequence[NewParty]


class AccidentDesk:
    """What those do who handle accidents; every change is a line on the case's timeline."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    # --- intake ----------------------------------------------------------------------------------------------

    def register(self, principal: Principal, new: NewAccident) -> str:
        """Open the case of an accident; returns its id.

        Raises:
            ForbiddenError: without ``cases.open``.
            InvalidError: not two to four parties, a wrong plate or number, a time that cannot be, no squad.
        """
        checked = self.checked(principal, new)
        return self._context.store.write(lambda conn: self.register_in(conn, principal, checked))

    def checked(self, principal: Principal, new: NewAccident) -> CheckedAccident:
        """What ``register_in`` takes; refuses what ``register`` refuses."""
        principal.require(Permission.CASES_OPEN)
        now_ms = self._context.clock.now_ms()
        reported_ms = now_ms if new.reported_ms is None else new.reported_ms
        if not now_ms - MAX_AGE_MS <= reported_ms <= now_ms:
            raise _wrong("报案时间应在过去24小时以内", "an accident was reported within the last 24 hours")
        parties = _checked(new.parties)
        rules_on(from_ms(reported_ms).date())
        row = {
            "reported_ms": reported_ms,
            "source": new.source,
            "address": new.address,
            "weather": new.weather,
            "description": new.description,
        }
        return CheckedAccident(self._new_case(new, parties), row, parties)

    def register_in(self, conn: Connection, principal: Principal, new: CheckedAccident) -> str:
        """As ``register``, within a running write."""
        case_id = self._context.cases.open_in(conn, principal, new.case)
        conn.execute(insert(accident_table).values(case_id=case_id, **new.row))
        for label, party in zip(LABELS, new.parties, strict=False):
            values = {"id": self._context.ids.next(), "case_id": case_id, "label": label, **asdict(party)}
            conn.execute(insert(party_table).values(**values))
        return case_id

    def _new_case(self, new: NewAccident, parties: Sequence[NewParty]) -> NewCase:
        found = self._context.city.locate(new.lon, new.lat)
        place = asdict(place_view(new.lon, new.lat, found))
        where = new.address or found.road_name or found.district_name or "—"
        squad_id, squad_name = self._squad(found.district_code)
        return NewCase(
            scene=SCENE,
            kind=KIND,
            title=Text(f"{where}：{len(parties)}方事故", f"{where}: accident of {len(parties)} parties"),
            severity=2,
            lon=new.lon,
            lat=new.lat,
            area_code=found.street_code or found.district_code or None,
            place={**place, "address": new.address},
            plate=next((party.plate for party in parties if party.plate), None),
            unit_id=squad_id,
            unit_name=squad_name,
            reporter=Reporter(new.source, contact=parties[0].phone),
        )

    def _squad(self, district_code: str | None) -> tuple[str, str]:
        """The accident squad of the district, else one that answers for the whole city."""
        squads = [unit for unit in self._context.units.list(SYSTEM, kind="police") if unit.code.startswith(SQUAD)]
        for squad in sorted(squads, key=lambda unit: (unit.area_code != district_code, unit.code)):
            return squad.id, squad.name
        raise InvalidError(
            "没有事故中队，案件无人办理",
            "there is no accident squad to handle the case",
            code="accident.no_squad",
            kept=UNCHANGED,
            todo=Text(
                f"请管理员新建编码以 {SQUAD} 开头的公安单位", f"add a police unit whose code begins with {SQUAD}"
            ),
        )

    # --- judging ---------------------------------------------------------------------------------------------

    def screen(self, principal: Principal, case_id: str, exclusions: Sequence[str]) -> None:
        """Note that somebody went through the list of exclusions (核对不适用情形), and what applies.

        Raises:
            NotFoundError: no such accident for this person. ForbiddenError: not this person's duty.
            InvalidError: no such exclusion. ConflictError: ``accident.over``: the liability is settled.
        """
        self._require(principal, case_id, Permission.CASES_OPEN)

        def work(conn: Connection) -> None:
            self._hold(conn, case_id, OPEN_STATES)
            self.screen_in(conn, principal, case_id, exclusions)

        self._context.store.write(work)

    def screen_in(self, conn: Connection, principal: Principal, case_id: str, exclusions: Sequence[str]) -> None:
        """As ``screen``, within a running write, by somebody who may."""
        found = rules_of(accident_row(conn, case_id)).checked_exclusions(exclusions)
        codes = [entry.code for entry in found]
        values = {"exclusions": codes, "screened_ms": self._now_ms(), "screened_by": principal.display_name}
        conn.execute(update(accident_table).where(accident_table.c.case_id == case_id).values(**values))
        zh = "；".join(entry.title.zh for entry in found) or "无"
        en = "; ".join(entry.title.en for entry in found) or "none"
        title = Text(f"核对不适用情形：{zh}", f"Exclusions gone through: {en}")
        self._context.cases.note_in(conn, principal, case_id, "accident.screen", _short(title), {})

    def suggest(self, principal: Principal, case_id: str, faults: Mapping[str, Sequence[str]]) -> list[Level] | None:
        """The levels that the ticked faults suggest, in the order of the parties; ``None``: a person must weigh it."""
        self._context.cases.get(principal, case_id)
        with self._context.store.read() as conn:
            labels = [party["label"] for party in party_rows(conn, case_id)]
            rules = rules_of(accident_row(conn, case_id))
        found = propose([_of_label(faults, labels, label) for label in labels], rules)
        return None if found is None else list(found)

    def decide(
        self,
        principal: Principal,
        case_id: str,
        version: int,
        faults: Mapping[str, Sequence[str]],
        levels: Mapping[str, Level],
        reason: str | None,
    ) -> None:
        """Record a plan of liability and decide it (定责), in one transaction, in this person's name.

        Args:
            principal: who decides: the desk online, the accident officer from afar.
            case_id: the accident.
            version: the case's version the person saw.
            faults: codes of situations by the party's label.
            levels: by the party's label.
            reason: needed where the levels differ from what the faults suggest.

        Raises:
            ForbiddenError, NotFoundError, ConflictError: as ``Cases.act``; and what ``decisions.on_step`` refuses.
            InvalidError: levels that do not go together, an unknown situation, no reason.
        """
        self._require(principal, case_id, Permission.CASES_DISPATCH)

        def work(conn: Connection) -> None:
            self._hold(conn, case_id, RECORDING, version)
            self.decide_in(conn, principal, case_id, faults, levels, reason)

        self._context.store.write(work)

    def decide_in(
        self,
        conn: Connection,
        principal: Principal,
        case_id: str,
        faults: Mapping[str, Sequence[str]],
        levels: Mapping[str, Level],
        reason: str | None,
    ) -> None:
        """As ``decide``, within a running write, by somebody who may and who saw the present version."""
        self._record(conn, principal, case_id, faults, levels, reason)
        case = case_row(conn, case_id)
        step = Step(case["version"], comment=reason)
        self._context.cases.act_in(conn, principal, case_id, DECIDING[case["state"] == "collected"], step)

    def _record(
        self,
        conn: Connection,
        principal: Principal,
        case_id: str,
        faults: Mapping[str, Sequence[str]],
        levels: Mapping[str, Level],
        reason: str | None,
    ) -> None:
        rules = rules_of(accident_row(conn, case_id))
        labels = [party["label"] for party in party_rows(conn, case_id)]
        ticked = [_of_label(faults, labels, label) for label in labels]
        proposed = propose(ticked, rules)
        if set(levels) != set(labels):
            raise _wrong("请为每一方选择责任", "choose a level for every party")
        chosen = tuple(levels[label] for label in labels)
        shares = shares_of(chosen, rules.shares)
        if chosen != proposed and not (reason or "").strip():
            raise _wrong("责任与系统建议不同，请写明理由", "the levels differ from the proposal: give the reason")
        conn.execute(
            insert(decision_table).values(
                id=self._context.ids.next(),
                case_id=case_id,
                faults={label: list(codes) for label, codes in zip(labels, ticked, strict=True)},
                proposed=None if proposed is None else dict(zip(labels, proposed, strict=True)),
                levels=dict(zip(labels, chosen, strict=True)),
                shares=dict(zip(labels, shares, strict=True)),
                reason=reason,
                rules_from=rules.valid_from.isoformat(),
                recorded_ms=self._now_ms(),
                recorded_by=principal.display_name,
                withdrawn=False,
            )
        )
        title = Text("登记定责方案", "Plan of liability recorded")
        self._context.cases.note_in(conn, principal, case_id, "accident.plan", title, {})

    def ask(self, principal: Principal, case_id: str, party_id: str, words: str) -> None:
        """Ask a party for better photos or more words (补充材料); the party sees it on the phone."""
        self._require(principal, case_id, Permission.CASES_OPEN)
        said = words.strip()
        if not 0 < len(said) <= 500:
            raise _wrong("请用 1 至 500 字说明要补充什么", "say in 1 to 500 characters what is missing")

        def work(conn: Connection) -> None:
            self._hold(conn, case_id, OPEN_STATES)
            mine = (party_table.c.id == party_id) & (party_table.c.case_id == case_id)
            values = {"asked": said, "asked_ms": self._now_ms()}
            if conn.execute(update(party_table).where(mine).values(**values)).rowcount == 0:
                raise _wrong("没有这一方", "there is no such party")
            title = Text("请当事人补充材料", "A party was asked for more")
            self._context.cases.note_in(conn, principal, case_id, "accident.ask", title, {})

        self._context.store.write(work)

    # --- inside ----------------------------------------------------------------------------------------------

    def _require(self, principal: Principal, case_id: str, permission: Permission) -> None:
        """Raise unless this person may handle the case: the desk by its permission, the squad its own cases."""
        if not own_case(principal, self._context.cases.get(principal, case_id)):
            principal.require(permission)

    def _hold(self, conn: Connection, case_id: str, states: Sequence[str], version: int | None = None) -> None:
        """Hold the case while it is in one of these states, and as the person saw it."""
        case = held_case(conn, case_id)
        if version not in (None, case["version"]):
            raise ConflictError(
                f"案件 {case['number']} 已被他人更新",
                f"case {case['number']} was changed by somebody else in the meantime",
                code="case.stale",
                kept=UNCHANGED,
                todo=Text("刷新后再操作", "reload, then decide again"),
            )
        if case["state"] not in states:
            workflow = self._context.cases.workflow(case["scene"], case["kind"])
            raise _over(workflow.states[case["state"]].title.text)

    def _now_ms(self) -> int:
        return self._context.clock.now_ms()


def _checked(parties: Sequence[NewParty]) -> list[NewParty]:
    if not 2 <= len(parties) <= MAX_PARTIES:
        raise _wrong(f"当事人应为 2 至 {MAX_PARTIES} 方", f"an accident has 2 to {MAX_PARTIES} parties")
    found = []
    for party in parties:
        phone = "".join(letter for letter in party.phone if letter in _DIGITS)
        if not 7 <= len(phone) <= 15:
            raise _wrong("当事人电话应为 7 至 15 位数字", "a party's telephone number has 7 to 15 digits")
        given = (party.plate or "").strip()
        plate = Plate.parse(given).text if given else None
        found.append(NewParty(phone, plate, (party.name or "").strip()[:60] or None))
    plates = [party.plate for party in found if party.plate]
    if len(set(plates)) != len(plates) or len({party.phone for party in found}) != len(found):
        raise _wrong("各方的号牌和电话不能相同", "parties have different plates and telephone numbers")
    return found


def _of_label(faults: Mapping[str, Sequence[str]], labels: Sequence[str], label: str) -> Sequence[str]:
    if not set(faults) <= set(labels):
        raise _wrong("没有这一方", "there is no such party")
    return faults.get(label, ())


def _short(title: Text) -> Text:
    return Text(title.zh[:200], title.en[:200])


def _over(state: Text) -> ConflictError:
    return ConflictError(
        f"案件当前为“{state.zh}”，不能再这样办理",
        f"not possible while the case is {state.en!r}",
        code="accident.over",
        kept=UNCHANGED,
        todo=Text("刷新案件后再操作", "reload the case, then decide again"),
    )


def _wrong(zh: str, en: str) -> InvalidError:
    return InvalidError(
        zh, en, code="accident.invalid", kept=UNCHANGED, todo=Text("改正后重新提交", "correct it and send it again")
    )
