"""Anonymous tip-offs with reward (有奖举报): the code shown once is the only link to the person.

Kept: what was told, the day, a random receipt number and an argon2id hash of the code's secret. Not kept: name,
telephone, address of the device, time of day, or an identifier that holds one. No event and no audit line is written
when it comes in, and after midnight its rows are written anew (``settle``). The reward is paid to whoever shows the
code; the audit line of the payment names the payer only.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, delete, func, insert, select, update

from cityops.access import AuditTrail, Passwords, Permission, Principal
from cityops.cases.reports.checking import clean
from cityops.cases.reports.codes import make_code, split_code, unknown_code
from cityops.cases.reports.tables import tip_off_table
from cityops.cases.reports.values import DESCRIPTION_MAX, LINE_MAX, TipOffMatter
from cityops.kit import BusyError, Clock, ConflictError, InvalidError, NotFoundError, Text, from_ms
from cityops.store import Store

REWARD_MAX_FEN: Final = 100_000_000
LIST_MAX: Final = 200
WAITING_MAX: Final = 5_000
_ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NOTHING: Final = Text("没有改变任何内容", "nothing was changed")
_t = tip_off_table.c


class TipOffState(StrEnum):
    """Where a tip-off is."""

    RECEIVED = "received"  # 已收到
    CHECKING = "checking"  # 核查中
    CONFIRMED = "confirmed"  # 属实
    UNFOUNDED = "unfounded"  # 不属实


class RewardState(StrEnum):
    """Where its reward is."""

    NONE = "none"
    GRANTED = "granted"
    PAID = "paid"


_NEXT: Final = {
    TipOffState.RECEIVED: (TipOffState.CHECKING, TipOffState.CONFIRMED, TipOffState.UNFOUNDED),
    TipOffState.CHECKING: (TipOffState.CONFIRMED, TipOffState.UNFOUNDED),
    TipOffState.CONFIRMED: (),
    TipOffState.UNFOUNDED: (TipOffState.CHECKING,),
}


@dataclass(frozen=True, slots=True)
class NewTipOff:
    """What is told; position in WGS-84 degrees. Nothing about who tells it."""

    matter_code: str
    description: str
    address: str | None = None
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, slots=True)
class TipOff:
    """A tip-off as stored, without the receipt number and the hash. ``day`` is in Asia/Shanghai."""

    id: str
    matter_code: str
    description: str
    address: str | None
    lon: float | None
    lat: float | None
    day: str
    state: TipOffState
    answer: str | None
    case_id: str | None
    reward_fen: int | None
    reward_state: RewardState


class TipOffs:
    """Takes and follows anonymous tip-offs.

    Args:
        store: the relational store.
        clock: the time.
        passwords: the slow hash; one of its own, so that a flood of tip-offs does not keep people from signing in.
        matters: what may be told, gone through whenever it is asked for; none takes anything.
        waiting_max: tip-offs that may wait for somebody to look at them; beyond them new ones are refused.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        passwords: Passwords,
        matters: Iterable[TipOffMatter] = (),
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._store = store
        self._clock = clock
        self._trail = AuditTrail(clock, "tip_off")
        self._passwords = passwords
        self._source = matters
        self._waiting_max = waiting_max

    @property
    def _matters(self) -> dict[str, TipOffMatter]:
        return {matter.code: matter for matter in self._source}

    def matters(self) -> tuple[TipOffMatter, ...]:
        """What may be told, in order."""
        return tuple(self._matters.values())

    def matter(self, code: str) -> TipOffMatter:
        """The matter of a tip-off; one that the city has given up since is its code."""
        return self._matters.get(code, TipOffMatter(code, code, code))

    def submit(self, new: NewTipOff) -> tuple[str, str]:
        """Take a tip-off; returns (id, code). The code is never shown again and cannot be recovered.

        Raises:
            InvalidError: no words, too many, or a wrong place.
            BusyError: too many at once, or too many wait to be looked at; nothing was kept.
        """
        description, address, matter_code = clean(new.description), clean(new.address), clean(new.matter_code) or ""
        if description is None or len(description) > DESCRIPTION_MAX or len(address or "") > LINE_MAX:
            raise _invalid(f"请填写 1 至 {DESCRIPTION_MAX} 个字", f"write 1 to {DESCRIPTION_MAX} characters")
        if self._matters and matter_code not in self._matters:
            raise _invalid("没有这个举报事项", "there is no such matter for tip-offs")
        if (new.lon is None) != (new.lat is None):
            raise _invalid("经纬度必须同时给出", "longitude and latitude must both be given")
        if new.lon is not None and new.lat is not None and not (-180 <= new.lon <= 180 and -90 <= new.lat <= 90):
            raise _invalid("位置不是 WGS-84 经纬度", "the position is not in WGS-84 degrees")
        code = make_code(self._passwords.hash)
        row: dict[str, Any] = {
            "id": "".join(secrets.choice(_ALPHABET) for _ in range(26)),  # the usual ids hold the time
            "receipt": code.receipt,
            "code_hash": code.hash,
            "matter_code": matter_code[:60],
            "description": description,
            "address": address,
            "lon": new.lon,
            "lat": new.lat,
            "day": self._today(),
            "settled": False,
            "state": TipOffState.RECEIVED.value,
            "reward_state": RewardState.NONE.value,
        }
        self._store.write(lambda conn: self._insert(conn, row))
        return row["id"], code.shown

    def _insert(self, conn: Connection, row: dict[str, Any]) -> None:
        if _waiting(conn) >= self._waiting_max:
            raise BusyError(
                "待核查的举报已满",
                "too many tip-offs wait to be looked at",
                code="tip_off.full",
                kept=Text("举报没有保存", "the tip-off was not kept"),
                todo=Text("请明天再试，或拨打 12345、110", "try again tomorrow, or call 12345 or 110"),
            )
        conn.execute(insert(tip_off_table).values(**row))

    def follow(self, code: str) -> TipOff:
        """The tip-off of a code; ``NotFoundError`` otherwise, after as long a time."""
        receipt, secret = split_code(code)
        with self._store.read() as conn:
            row = conn.execute(select(tip_off_table).where(_t.receipt == receipt)).mappings().one_or_none()
        if not self._passwords.matches(row["code_hash"] if row else None, secret) or row is None:
            raise unknown_code()
        return _view(row)

    def waiting(self) -> tuple[int, int]:
        """(tip-offs that nobody has looked at yet, how many there may be)."""
        with self._store.read() as conn:
            return _waiting(conn), self._waiting_max

    def look_up(self, principal: Principal, code: str) -> TipOff:
        """At the counter: the tip-off of the code that somebody shows; ``NotFoundError`` otherwise."""
        principal.require(Permission.TIPOFFS_HANDLE)
        return self.follow(code)

    def get(self, principal: Principal, tip_off_id: str) -> TipOff:
        """One tip-off; ``NotFoundError`` when there is none."""
        principal.require(Permission.TIPOFFS_HANDLE)
        with self._store.read() as conn:
            row = conn.execute(select(tip_off_table).where(_t.id == tip_off_id)).mappings().one_or_none()
        if row is None:
            raise _no_tip_off()
        return _view(row)

    def inbox(self, principal: Principal, state: TipOffState) -> list[TipOff]:
        """Tip-offs in a state, newest day first, at most ``LIST_MAX``."""
        principal.require(Permission.TIPOFFS_HANDLE)
        query = select(tip_off_table).where(_t.state == state.value).order_by(_t.day.desc(), _t.id).limit(LIST_MAX)
        with self._store.read() as conn:
            return [_view(row) for row in conn.execute(query).mappings()]

    def decide(
        self, principal: Principal, tip_off_id: str, state: TipOffState, answer: str, *, reward_fen: int | None = None
    ) -> TipOff:
        """What checking found, with the answer the person reads by the code; a confirmed one may earn a reward.

        Raises:
            ConflictError: the state cannot follow the present one.
            InvalidError: no answer, or a reward for what is not confirmed, or not 1 to ``REWARD_MAX_FEN`` fen.
        """
        principal.require(Permission.TIPOFFS_HANDLE)
        said = clean(answer)
        if said is None or len(said) > DESCRIPTION_MAX:
            raise _invalid("请填写答复", "write an answer")
        if reward_fen is not None and (state is not TipOffState.CONFIRMED or not 0 < reward_fen <= REWARD_MAX_FEN):
            raise _invalid("奖励只能给属实的举报，金额需大于零", "a reward is for a confirmed tip-off, and above zero")

        def work(conn: Connection) -> TipOff:
            row = _locked(conn, tip_off_id)
            if state not in _NEXT[TipOffState(row["state"])]:
                raise _not_possible()
            values: dict[str, Any] = {"state": state.value, "answer": said}
            if reward_fen is not None:
                values |= {"reward_fen": reward_fen, "reward_state": RewardState.GRANTED.value}
            conn.execute(update(tip_off_table).where(_t.id == tip_off_id).values(**values))
            detail = {"state": state.value, "reward_fen": reward_fen}
            self._trail(conn, principal, "tip_off.decide", tip_off_id, detail)
            return _view(_locked(conn, tip_off_id))

        return self._store.write(work)

    def file(self, conn: Connection, principal: Principal, tip_off_id: str, case_id: str) -> None:
        """In the running write that files it: the tip-off belongs to the case; ``ConflictError`` if to another."""
        principal.require(Permission.TIPOFFS_HANDLE)
        if _locked(conn, tip_off_id)["case_id"] not in (None, case_id):
            raise _not_possible()
        conn.execute(update(tip_off_table).where(_t.id == tip_off_id).values(case_id=case_id))
        self._trail(conn, principal, "tip_off.file", tip_off_id, {"case_id": case_id})

    def pay(self, principal: Principal, code: str) -> TipOff:
        """Somebody shows the code and is paid the reward, once.

        Raises:
            NotFoundError: no such code.
            ConflictError: no reward was granted, or it was paid.
        """
        tip_off_id = self.look_up(principal, code).id

        def work(conn: Connection) -> TipOff:
            row = _locked(conn, tip_off_id)
            if row["reward_state"] != RewardState.GRANTED.value:
                raise _not_possible()
            paid = update(tip_off_table).where(_t.id == tip_off_id).values(reward_state=RewardState.PAID.value)
            conn.execute(paid)
            self._trail(conn, principal, "tip_off.pay", tip_off_id, {"reward_fen": row["reward_fen"]})
            return _view(_locked(conn, tip_off_id))

        return self._store.write(work)

    def settle(self, renew_photos: Callable[[Connection, str], None]) -> int:
        """Write the tip-offs of earlier days anew, in the order of their random ids; returns how many.

        Databases and disks remember by themselves in which order rows came and when a file was made: within the day
        that would tell the hour. After this it tells when this ran.

        Args:
            renew_photos: does the same for the photos of a tip-off.
        """

        def work(conn: Connection) -> int:
            earlier = select(tip_off_table).where(_t.settled.is_(False), _t.day < self._today()).order_by(_t.id)
            found = conn.execute(earlier.limit(LIST_MAX).with_for_update()).mappings()
            rows = [dict(row) | {"settled": True} for row in found]
            for row in rows:
                conn.execute(delete(tip_off_table).where(_t.id == row["id"]))
                conn.execute(insert(tip_off_table).values(**row))
                renew_photos(conn, row["id"])
            return len(rows)

        return self._store.write(work)

    def _today(self) -> str:
        return from_ms(self._clock.now_ms()).date().isoformat()


def _locked(conn: Connection, tip_off_id: str) -> RowMapping:
    """The row, held until the transaction ends."""
    query = select(tip_off_table).where(_t.id == tip_off_id).with_for_update()
    for _ in range(2):  # ``settle`` may have put another row in its place while this one waited for it
        row = conn.execute(query).mappings().one_or_none()
        if row is not None:
            return row
    raise _no_tip_off()


def _waiting(conn: Connection) -> int:
    query = select(func.count()).select_from(tip_off_table).where(_t.state == TipOffState.RECEIVED.value)
    return int(conn.execute(query).scalar_one())


def _no_tip_off() -> NotFoundError:
    return NotFoundError("没有这个举报", "there is no such tip-off", code="tip_off.missing")


def _view(row: RowMapping) -> TipOff:
    columns = {name: value for name, value in row.items() if name not in ("receipt", "code_hash", "settled")}
    columns |= {"state": TipOffState(row["state"]), "reward_state": RewardState(row["reward_state"])}
    return TipOff(**columns)


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="tip_off.invalid", kept=Text("举报没有保存", "the tip-off was not kept"))


def _not_possible() -> ConflictError:
    return ConflictError(
        "现在不能这样办理", "this is not possible now", code="tip_off.state", kept=_NOTHING,
        todo=Text("请刷新后查看", "reload and look at it"),
    )  # fmt: skip
