"""What a party does on the phone (当事人手机端), without an account: say who it is, send photos, confirm or contest.

A party sees its own plate in full and the others' masked, no name and no number of anybody else. Whatever is wrong with
a link - unknown, expired, taken back, locked - is answered with the same words.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, RowMapping, insert, select, update

from cityops.access import SYSTEM
from cityops.cases import Step, task_table
from cityops.cases.evidence import Content, EvidenceRole, NewEvidence, Rendition
from cityops.kit import ConflictError, ForbiddenError, InvalidError, NotFoundError, Text, from_ms
from cityops.scenes.quick_accident.links import TOKEN_BYTES, hashed
from cityops.scenes.quick_accident.pages import page_of
from cityops.scenes.quick_accident.rows import MAX_WRONG, case_row, decision_row, held_case, party_rows
from cityops.scenes.quick_accident.rules import UNCHANGED
from cityops.scenes.quick_accident.tables import answer_table, link_table, party_table, photo_table
from cityops.scenes.quick_accident.views import LABEL_WORDS, PartyGreeting, PartyKey, PartyPage, PhotoView
from cityops.scenes.registry import SceneContext

PLATE_END: Final = 3
PHONE_END: Final = 4
MAX_WORDS: Final = 1000
ANSWERING: Final = ("offered", "certified")
_CLEARING: Final = ("reported", "collected", "offered", "certified", "contested", "settled", "ordinary")
_t = link_table.c


@dataclass(frozen=True, slots=True)
class PartyFacts:
    """What a party says about itself and the accident; ``None`` leaves what was said before."""

    name: str | None = None
    licence_no: str | None = None
    insurer: str | None = None
    policy_no: str | None = None
    statement: str | None = None


_LENGTHS: Final = {"name": 60, "licence_no": 30, "insurer": 60, "policy_no": 40, "statement": MAX_WORDS}


class PartyPhones:
    """The parties' side of an accident. Each call names the link's token; all but two also this phone's key."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    # --- who is it -------------------------------------------------------------------------------------------

    def greet(self, token: str) -> PartyGreeting:
        """What the page may say before anybody said who they are; ``NotFoundError`` when the link does not work."""
        with self._context.store.read() as conn:
            link = self._link(conn, token)
            party = _party(conn, link)
        return PartyGreeting(
            city=self._context.city.name, asks_plate=party["plate"] is not None, expires_at=from_ms(link["expires_ms"])
        )

    def identify(self, token: str, plate_end: str, phone_end: str, *, consents: bool) -> PartyKey:
        """Let this phone in (核对身份): a key for it, which replaces the one of any other phone.

        Args:
            token: the link's.
            plate_end: the last three letters of the own plate; ignored for a party without one.
            phone_end: the last four digits of the telephone number that was given at the report.
            consents: whether the person agrees to be handled quickly and online.

        Raises:
            NotFoundError: the link does not work. InvalidError: no consent.
            ForbiddenError: a wrong answer; after five the link is locked.
        """
        if not consents:
            raise _invalid("请先阅读并同意快处须知", "read the terms and agree to them first")
        key, now_ms = secrets.token_urlsafe(TOKEN_BYTES), self._context.clock.now_ms()

        def work(conn: Connection) -> int | None:
            link = self._link(conn, token, lock=True)
            party = _party(conn, link)
            if _is(party, plate_end, phone_end):
                values = {"key_hash": hashed(key), "identified_ms": now_ms, "wrong": 0}
                conn.execute(update(link_table).where(_t.id == link["id"]).values(**values))
                self._note(conn, party, "party.identified", Text("核对身份并同意快处", "identified itself and agreed"))
                return None
            wrong: int = link["wrong"] + 1
            locked = {"revoked_ms": now_ms, "revoked_why": "locked"} if wrong >= MAX_WRONG else {}
            conn.execute(update(link_table).where(_t.id == link["id"]).values(wrong=wrong, **locked))
            if locked:
                self._note(conn, party, "party.locked", Text("链接因多次核对失败被锁定", "link locked: wrong answers"))
            return MAX_WRONG - wrong

        left = self._context.store.write(work)  # a wrong answer is counted before it is refused
        if left is not None:
            raise _not_you(left)
        return PartyKey(key=key)

    # --- what it sees and sends ------------------------------------------------------------------------------

    def page(self, token: str, key: str) -> PartyPage:
        """All that this party may see; ``NotFoundError`` for a wrong link, ``ForbiddenError`` for a wrong key."""
        with self._context.store.read() as conn:
            link, party = self._known(conn, token, key)
            return page_of(conn, link, party)

    def tell(self, token: str, key: str, facts: PartyFacts) -> None:
        """Keep what the party says; ``ConflictError`` once the liability is settled."""
        given: dict[str, Any] = {}
        for name, limit in _LENGTHS.items():
            value = getattr(facts, name)
            if value is not None:
                if len(value.strip()) > limit:
                    raise _invalid(f"最多 {limit} 字", f"at most {limit} characters")
                given[name] = value.strip() or None
        if "statement" in given:
            given["stated_ms"] = self._context.clock.now_ms()

        def work(conn: Connection) -> None:
            _, party = self._known(conn, token, key)
            _ensure_running(held_case(conn, party["case_id"]))
            if given:
                conn.execute(update(party_table).where(party_table.c.id == party["id"]).values(**given))
                self._note(conn, party, "party.told", Text("填写了事故情况", "said what happened"))

        self._context.store.write(work)

    def add_photo(self, token: str, key: str, view: PhotoView, client_id: str, chunks: Iterable[bytes]) -> None:
        """Keep a photo of the scene as evidence of the case; the same ``client_id`` again is the same photo.

        Raises:
            As ``EvidenceBook.add_to_report``; ``ConflictError`` once the liability is settled.
        """
        with self._context.store.read() as conn:
            _, party = self._known(conn, token, key)
            _ensure_running(case_row(conn, party["case_id"]))
        new = NewEvidence(client_id=client_id, role=EvidenceRole.REPORT, name=view)
        kept = self._context.evidence.add_to_report(party["id"], new, chunks)

        def work(conn: Connection) -> None:
            self._context.evidence.attach_report(conn, party["id"], party["case_id"])
            if conn.execute(select(photo_table).where(photo_table.c.evidence_id == kept.id)).first() is None:
                conn.execute(insert(photo_table).values(evidence_id=kept.id, party_id=party["id"], view=view))
                done = {"asked": None, "asked_ms": None}
                conn.execute(update(party_table).where(party_table.c.id == party["id"]).values(**done))
                self._note(conn, party, "party.photo", Text("上传了现场照片", "sent a photo of the scene"))

        self._context.store.write(work)

    def photo(self, token: str, key: str, evidence_id: str) -> Content:
        """A photo of this party's own, as a copy without EXIF; ``NotFoundError`` for any other."""
        with self._context.store.read() as conn:
            _, party = self._known(conn, token, key)
            own = (photo_table.c.evidence_id == evidence_id) & (photo_table.c.party_id == party["id"])
            if conn.execute(select(photo_table.c.view).where(own)).scalar() is None:
                raise NotFoundError("没有这张照片", "there is no such photo", code="accident.no_photo")
        return self._context.evidence.content(SYSTEM, evidence_id, Rendition.VIEW)

    def moved(self, token: str, key: str) -> None:
        """Note that the party's vehicle is out of the way; when all say so the road counts as cleared."""
        now_ms = self._context.clock.now_ms()

        def work(conn: Connection) -> None:
            _, party = self._known(conn, token, key)
            held_case(conn, party["case_id"])
            first = (party_table.c.id == party["id"]) & party_table.c.moved_ms.is_(None)
            if conn.execute(update(party_table).where(first).values(moved_ms=now_ms)).rowcount == 0:
                return
            self._note(conn, party, "party.moved", Text("报告车辆已撤离", "says the vehicle is out of the way"))
            case = case_row(conn, party["case_id"])
            others = [row["moved_ms"] for row in party_rows(conn, party["case_id"])]
            if None not in others and case["state"] in _CLEARING and _is_blocked(conn, party["case_id"]):
                self._context.cases.act_in(conn, SYSTEM, party["case_id"], "clear", Step(case["version"]))

        self._context.store.write(work)

    def answer(self, token: str, key: str, decision_id: str, *, agrees: bool, words: str | None) -> None:
        """Confirm or contest the decision (确认或异议), once; when all have confirmed the liability is settled.

        Raises:
            ConflictError: another decision is in force, it was answered already, or there is nothing to answer.
            InvalidError: contested without words.
        """
        said = (words or "").strip() or None
        if said is not None and len(said) > MAX_WORDS:
            raise _invalid(f"最多 {MAX_WORDS} 字", f"at most {MAX_WORDS} characters")
        if not agrees and said is None:
            raise _invalid("有异议请写明理由", "say why you contest it")
        now_ms = self._context.clock.now_ms()

        def work(conn: Connection) -> None:
            _, party = self._known(conn, token, key)
            title = Text("确认责任认定", "confirmed") if agrees else Text("对责任有异议", "contested")
            self._note(conn, party, "party.answered", title)  # locks the case: two answers come one after the other
            decision, case = decision_row(conn, party["case_id"]), case_row(conn, party["case_id"])
            if decision is None or decision["id"] != decision_id or case["state"] not in ANSWERING:
                raise _nothing_to_answer()
            answered = {row.party_id for row in conn.execute(_answers(decision_id))}
            if party["id"] in answered:
                raise _nothing_to_answer()
            values = {"decision_id": decision_id, "party_id": party["id"], "agrees": agrees, "words": said}
            conn.execute(insert(answer_table).values(**values, at_ms=now_ms))
            everybody = {row["id"] for row in party_rows(conn, party["case_id"])}
            if not agrees:
                self._machine_step(conn, case, "contest", f"{LABEL_WORDS[party['label']]}：{said}")
            elif answered | {party["id"]} == everybody:
                self._machine_step(conn, case, "agree" if case["state"] == "offered" else "sign", None)

        self._context.store.write(work)

    # --- inside ----------------------------------------------------------------------------------------------

    def _machine_step(self, conn: Connection, case: RowMapping, action: str, comment: str | None) -> None:
        step = Step(case["version"], comment=comment)
        self._context.cases.act_in(conn, SYSTEM, case["id"], action, step)

    def _note(self, conn: Connection, party: RowMapping, action: str, what: Text) -> None:
        title = Text(f"{LABEL_WORDS[party['label']]}{what.zh}", f"Party {party['label']} {what.en}")
        self._context.cases.note_in(conn, SYSTEM, party["case_id"], action, title, {})

    def _link(self, conn: Connection, token: str, *, lock: bool = False) -> RowMapping:
        query = select(link_table).where(_t.token_hash == hashed(token))
        link = conn.execute(query.with_for_update() if lock else query).mappings().one_or_none()
        usable = link is not None and link["revoked_ms"] is None and link["expires_ms"] > self._context.clock.now_ms()
        if link is None or not usable:
            raise NotFoundError(
                "链接无效或已过期",
                "this link does not work, or no longer",
                code="accident.link",
                todo=Text("请联系指挥中心重新发送", "ask the command centre for a new one"),
            )
        return link

    def _known(self, conn: Connection, token: str, key: str) -> tuple[RowMapping, RowMapping]:
        link = self._link(conn, token)
        if link["key_hash"] is None or not hmac.compare_digest(link["key_hash"], hashed(key)):
            raise ForbiddenError(
                "请先核对身份",
                "say who you are first",
                code="accident.key",
                kept=UNCHANGED,
                todo=Text("输入号牌和电话的末位", "type the last letters of plate and telephone number"),
            )
        return link, _party(conn, link)


def _ensure_running(case: RowMapping) -> None:
    if case["state"] in ("settled", "closed", "void"):
        raise ConflictError("责任已定，不能再补充", "the liability is settled", code="accident.over", kept=UNCHANGED)


def _party(conn: Connection, link: RowMapping) -> RowMapping:
    query = select(party_table).where(party_table.c.id == link["party_id"])
    return conn.execute(query).mappings().one()


def _is(party: RowMapping, plate_end: str, phone_end: str) -> bool:
    """Whether both answers are right; compared in constant time, and both always."""
    phone = hmac.compare_digest(party["phone"][-PHONE_END:].encode(), phone_end.strip().encode())
    wanted = (party["plate"] or "")[-PLATE_END:]
    given = plate_end.strip().upper() if party["plate"] else ""
    plate = hmac.compare_digest(wanted.encode(), given.encode())
    return phone and plate


def _is_blocked(conn: Connection, case_id: str) -> bool:
    task = task_table.c
    open_one = (task.case_id == case_id) & (task.kind == "clearance") & task.ended.is_(False)
    return conn.execute(select(task.id).where(open_one)).first() is not None


def _answers(decision_id: str) -> Any:
    return select(answer_table.c.party_id).where(answer_table.c.decision_id == decision_id)


def _not_you(left: int) -> ForbiddenError:
    if left <= 0:
        todo = Text("链接已锁定，请联系指挥中心重新发送", "the link is locked: ask the command centre for a new one")
    else:
        todo = Text(f"请核对后重试，还可尝试 {left} 次", f"check and try again; {left} tries are left")
    return ForbiddenError(
        "号牌或电话末位不符", "the plate or the telephone number does not fit", code="accident.not_you", todo=todo
    )


def _nothing_to_answer() -> ConflictError:
    return ConflictError(
        "没有待您确认的认定，或认定已变更",
        "there is nothing for you to answer, or the decision has changed",
        code="accident.no_answer",
        kept=UNCHANGED,
        todo=Text("请刷新页面", "load the page again"),
    )


def _invalid(zh: str, en: str) -> InvalidError:
    return InvalidError(zh, en, code="accident.invalid", kept=UNCHANGED)
