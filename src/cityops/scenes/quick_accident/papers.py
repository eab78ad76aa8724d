"""The papers (文书): the parties' agreement (procedure regulations art. 21) and the certificate (arts. 24, 64).

They are made right after the step that asks for them, once, in the name of who took it. Numbers of telephones and
licences stand on them with their middle starred: the paper is shown around, the numbers stay in the case.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, RowMapping, select

from cityops.access import Principal, Role, mask_phone
from cityops.cases import DocumentTemplate, step_table
from cityops.cases.documents import Documents, Value
from cityops.kit import from_ms
from cityops.scenes.quick_accident.decisions import articles_of, levels_words
from cityops.scenes.quick_accident.rows import (
    SCENE,
    accident_row,
    answers_of,
    case_row,
    decision_at,
    party_rows,
    photos_of,
    rules_of,
)
from cityops.scenes.quick_accident.views import LABEL_WORDS
from cityops.store import Event, Subscriber

PAPERS: Final = {"agree": "agreement", "certify": "certificate"}
"""Which step asks for which paper."""
_WEATHER: Final = {"clear": "晴", "cloudy": "阴", "rain": "雨", "snow": "雪", "fog": "雾", "dust": "沙尘"}


class PaperDesk:
    """Makes the papers of accidents.

    Args:
        documents: the room that renders and keeps them.
        templates: the scene's templates by name.
    """

    def __init__(self, documents: Documents, templates: dict[str, DocumentTemplate]) -> None:
        self._documents = documents
        self._templates = templates

    def subscriber(self) -> Subscriber:
        """Hears of every step; each paper is made once, with the offset in the same transaction."""
        return Subscriber(f"{SCENE}.papers", ("case.changed",), self.handle)

    def handle(self, conn: Connection, event: Event) -> None:
        """Make the paper that the step asks for."""
        name = PAPERS.get(str(event.payload["action"]))
        if name is None:
            return
        case_id = str(event.payload["case_id"])
        if case_row(conn, case_id)["scene"] != SCENE:
            return
        step = _last_step(conn, case_id, str(event.payload["action"]))
        values = values_of(conn, case_id, step)
        self._documents.make_in(conn, _actor(step), case_id, name, self._templates[name], values)


def values_of(conn: Connection, case_id: str, step: RowMapping) -> dict[str, Value]:
    """What the paper of a step says: who, where, what happened, on which grounds, how much of it each bears.

    A party may have contested the decision before the paper is made: it is the one that the step was about.
    """
    case, accident, parties = case_row(conn, case_id), accident_row(conn, case_id), party_rows(conn, case_id)
    (decision, decided), rules = decision_at(conn, case_id, step), rules_of(accident)
    answers = answers_of(conn, decision["id"])
    photos = sum(len(of_party) for of_party in photos_of(conn, case_id).values())
    facts = [
        f"{LABEL_WORDS[party['label']]}" + "、".join(entry.title.zh for entry in rules.checked_situations(codes))
        for party in parties
        if (codes := decision["faults"].get(party["label"]))
    ]
    place = case["place"] or {}
    words = {
        "accident_at": _time(accident["reported_ms"]),
        "address_words": accident["address"] or place.get("road_name") or place.get("district_name"),
        "weather_words": _WEATHER.get(accident["weather"] or ""),
        "parties_words": "\n".join(_party(party) for party in parties),
        "facts_words": "；".join([*facts, f"当事人上传现场照片{photos}张"]),
        "basis_words": "；".join(articles_of(decision, rules)),
        "levels_words": levels_words(decision, parties),
        "answers_words": "\n".join(
            f"{LABEL_WORDS[party['label']]}于{_time(round(answer.at.timestamp() * 1000))}确认"
            for party in parties
            if (answer := answers.get(party["id"])) is not None
        ),
        "decided_by": decided["actor_name"],
        "rules_words": rules.notice.zh,
        "case_number": case["number"],
        "unit": case["unit_name"],
        "maker": decided["actor_name"],
        "maker_unit": decided["unit_name"],
    }
    return {name: Value(said) for name, said in words.items()}


def _time(at_ms: int) -> str:
    at = from_ms(at_ms)
    return f"{at.year}年{at.month}月{at.day}日{at.hour}时{at.minute:02d}分"


def _party(party: RowMapping) -> str:
    licence = party["licence_no"]
    known = (
        ("姓名", party["name"]),
        ("联系方式", mask_phone(party["phone"])),
        ("驾驶证号", mask_phone(licence) if licence else None),
        ("号牌号码", party["plate"]),
        ("保险公司", party["insurer"]),
        ("保险凭证号", party["policy_no"]),
    )
    return f"{LABEL_WORDS[party['label']]}：" + "，".join(f"{name}{value or '／'}" for name, value in known)


def _last_step(conn: Connection, case_id: str, action: str) -> RowMapping:
    wanted = (step_table.c.case_id == case_id) & (step_table.c.action == action)
    query = select(step_table).where(wanted).order_by(step_table.c.sequence.desc()).limit(1)
    return conn.execute(query).mappings().one()


def _actor(step: RowMapping) -> Principal:
    """Who took the step, as the paper and the audit name them."""
    role = Role(step["actor_role"]) if step["actor_role"] else Role.ADMINISTRATOR
    return Principal(step["actor_id"], step["actor_name"], step["actor_name"], role, step["unit_id"], step["unit_name"])
