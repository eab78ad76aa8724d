"""Case steps a second through the real HTTP interface with 16 users, on SQLite and PostgreSQL.

Run: ``python -m bench.case_steps [--seconds 15] [--users 16] [--on sqlite postgresql]``. ``cityops serve`` runs as a
process of its own over a fresh data folder; each user is a dispatcher signed in by name who dispatches and recalls
cases of the user's own, one step after the other over one kept connection, each guarded by the case's version. The
baseline, in the same run on the same database: raw SQLAlchemy Core transactions that write the same rows as those steps
do (recorded from one real dispatch and one real recall: every INSERT and UPDATE, table by table), from as many threads,
each committed by itself, without HTTP, sessions, permissions, rules, deadlines or an answer.
The result is printed and kept in ``bench/results/case_steps.json``.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import platform
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from bench.databases import DATABASES
from sqlalchemy import Connection, Engine, Insert, Table, Update, event, insert, update
from sqlalchemy.exc import DBAPIError

from cityops.access import SYSTEM, Principal, Role
from cityops.bootstrap.product import Product
from cityops.bootstrap.rooms import Rooms, open_rooms
from cityops.cases import NewCase, Reporter, Step
from cityops.kit import IdMaker, SystemClock, Text
from cityops.settings import load_settings
from cityops.store.engines import open_engines

RESULT = Path(__file__).parent / "results" / "case_steps.json"
PASSWORD = "a long sentence is a good password"
START_LIMIT_S = 240.0
IDLE_SHARE = 0.2
CASES_A_USER = 12
WARM_S = 2.0
STANDARD = "other"
STEPS = ("dispatch", "recall")


@dataclass
class Prepared:
    """The installation that the server will find: who signs in, whose cases, and what a step writes."""

    users: list[str]
    cases: list[str]
    version: int
    unit: str
    plans: dict[str, list[tuple[type, Table, list[dict[str, Any]]]]] = field(default_factory=dict)

    def form(self, action: str) -> dict[str, Any]:
        """What the step's form is filled with."""
        return {"unit": self.unit} if action == "dispatch" else {"reason": "派错单位"}


# -- the installation --------------------------------------------------------------------------------------


def prepare(environment: Mapping[str, str], users: int) -> Prepared:
    """Accounts, filed cases, and the record of one dispatch and one recall."""
    with open_rooms(Product(load_settings(environment), SystemClock(), environment)) as rooms:
        people = [f"bench{number}" for number in range(users)]
        for name in people:
            rooms.context.accounts.create(
                SYSTEM, username=name, password=PASSWORD, display_name=name, role=Role.DISPATCHER
            )
        opened = [filed_case(rooms, number) for number in range(users * CASES_A_USER + 1)]
        unit = rooms.context.units.find("UM-LAMPS")
        assert unit is not None
        prepared = Prepared(people, [case_id for case_id, _ in opened], opened[0][1], unit.id)
        record(rooms, prepared, prepared.cases.pop())
        return prepared


def person(rooms: Rooms, username: str) -> Principal:
    """Somebody of the installation, as the engine sees them."""
    found = rooms.context.accounts.find(username)
    assert found is not None
    return Principal(found.id, username, found.display_name, found.role, found.unit_id, found.unit_name)


def filed_case(rooms: Rooms, number: int) -> tuple[str, int]:
    """A case that waits to be dispatched: its id and version."""
    acceptor = person(rooms, "acceptor")
    title = Text(f"路灯不亮 {number}", f"Lamp out {number}")
    reporter = Reporter("hotline", name="市民", contact="13800000000")
    new = NewCase("urban_management", "urban_case", title, 2, area_code="140105001", reporter=reporter)
    case = rooms.context.cases.open(acceptor, new)
    step = Step(case.version, None, {"standard": STANDARD})
    return case.case_id, rooms.context.cases.act(acceptor, case.case_id, "file", step).version


def record(rooms: Rooms, prepared: Prepared, case_id: str) -> None:
    """Every row that a dispatch and a recall write, by listening to the statements of one of each."""
    heard: list[tuple[type, Table, list[dict[str, Any]]]] = []

    def listen(conn: Connection, clause: Any, many: Any, one: Any, options: Any) -> None:
        if isinstance(clause, (Insert, Update)) and isinstance(clause.table, Table):
            rows = [dict(row) for row in many] or [dict(one) or dict(clause.compile().params)]
            table = clause.table
            heard.append((type(clause), table, [{n: v for n, v in row.items() if n in table.c} for row in rows]))

    dispatcher, version = person(rooms, "dispatcher"), prepared.version
    event.listen(Engine, "before_execute", listen)
    try:
        for action in STEPS:
            heard.clear()
            step = Step(version, None, prepared.form(action))
            version = rooms.context.cases.act(dispatcher, case_id, action, step).version
            prepared.plans[action] = list(heard)
    finally:
        event.remove(Engine, "before_execute", listen)


# -- the product -------------------------------------------------------------------------------------------


class User:
    """One dispatcher with a session and a connection that is kept."""

    def __init__(self, port: int, username: str, prepared: Prepared, cases: list[str]) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        answer = self._send("POST", "/api/session", {"username": username, "password": PASSWORD}, {})
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        self._connection.close()  # the others sign in meanwhile; the first step opens it again
        self._headers = {"Cookie": cookie, "X-CSRF-Token": answer.body["csrf_token"]}
        self._prepared = prepared
        self._turns = itertools.cycle(cases)
        self._state = dict.fromkeys(cases, (0, prepared.version))

    def step(self) -> None:
        """Take the next step of the next case."""
        case_id = next(self._turns)
        turn, version = self._state[case_id]
        action = STEPS[turn % 2]
        body = {"version": version, "form": self._prepared.form(action)}
        answer = self._send("POST", f"/api/cases/{case_id}/steps/{action}", body, self._headers)
        self._state[case_id] = turn + 1, answer.body["version"]

    def _send(self, method: str, path: str, body: dict[str, Any], headers: Mapping[str, str]) -> Answer:
        self._connection.request(method, path, json.dumps(body), {"Content-Type": "application/json", **headers})
        response = self._connection.getresponse()
        text = response.read()
        if response.status != http.client.OK:
            raise SystemExit(f"{method} {path}: {response.status} {text.decode()}")
        return Answer(response.headers, json.loads(text))


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    headers: http.client.HTTPMessage
    body: dict[str, Any]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_idle(pid: int) -> bool:
    """Whether the server has done next to nothing for a second: in its first minute it compiles the detectors."""

    def busy_s() -> float:
        user, system = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    before_s = busy_s()
    time.sleep(1.0)
    return busy_s() - before_s < IDLE_SHARE


@contextmanager
def server(environment: Mapping[str, str]) -> Iterator[int]:
    """``cityops serve``; its port once it answers and has become idle."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "cityops", "serve"], env={**environment, "CITYOPS_HTTP_PORT": str(port)}
    )
    try:
        due_s = time.monotonic() + START_LIMIT_S
        while True:
            with suppress(OSError, http.client.HTTPException):
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                connection.request("GET", "/api/product")
                if connection.getresponse().status == http.client.OK and is_idle(process.pid):
                    break
            if process.poll() is not None or time.monotonic() > due_s:
                raise SystemExit("the product did not come up")
            time.sleep(0.2)
        yield port
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


# -- the baseline ------------------------------------------------------------------------------------------


class RawWriter:
    """Writes the rows of a step again and again with Core, for cases of its own."""

    def __init__(self, prepared: Prepared, cases: list[str], ids: IdMaker, lines: Iterator[int]) -> None:
        self._plans = itertools.cycle([prepared.plans[action] for action in STEPS])
        self._cases = itertools.cycle(cases)
        self._ids = ids
        self._lines = lines
        self._newest: dict[str, Any] = {}

    def write(self, conn: Connection) -> None:
        """The rows of the next step."""
        self._newest["case_file"] = next(self._cases)
        for kind, table, rows in next(self._plans):
            if kind is Insert:
                conn.execute(insert(table), [self._fresh(table, values) for values in rows])
            else:
                (key,) = table.primary_key.columns
                mine = 1 if table.name == "audit_head" else self._newest.get(table.name)
                conn.execute(update(table).where(key == mine).values(**{**rows[0], key.name: mine}))

    def _fresh(self, table: Table, values: dict[str, Any]) -> dict[str, Any]:
        row = dict(values)
        if "id" in row:
            row["id"] = self._newest[table.name] = self._ids.next()
        if row.get("case_id") is not None:
            row["case_id"] = self._newest["case_file"]
        if row.get("task_id") is not None:
            row["task_id"] = self._newest.get("case_task", row["task_id"])
        for name in ("sequence", "stage"):
            if name in table.c:
                row[name] = next(self._lines)
        return row


def raw_steps(url: str, prepared: Prepared, users: int, seconds: float) -> float:
    """Transactions a second; SQLite has one writer, so its threads take turns."""
    engines = open_engines(url, readers=users)
    ids, lines, one_writer = IdMaker(SystemClock()), itertools.count(1_000_000), threading.Lock()

    def make(number: int) -> Callable[[], None]:
        writer = RawWriter(prepared, prepared.cases[number::users], ids, lines)

        def one() -> None:
            if engines.dialect == "sqlite":
                with one_writer, engines.writer.begin() as conn:
                    writer.write(conn)
                return
            while True:
                try:
                    with engines.writer.begin() as conn:
                        writer.write(conn)
                    return
                except DBAPIError as error:
                    if "deadlock" not in str(error):
                        raise

        return one

    rate, _ = run_threads([make(number) for number in range(users)], seconds)
    engines.dispose()
    return rate


def run_threads(works: list[Callable[[], None]], seconds: float) -> tuple[float, list[float]]:
    """Each work again and again on a thread of its own; how many a second, and how long each took in ms."""
    took: list[list[float]] = [[] for _ in works]
    begin_s = time.perf_counter() + WARM_S
    end_s = begin_s + seconds

    def body(number: int) -> None:
        while (start_s := time.perf_counter()) < end_s:
            works[number]()
            if start_s >= begin_s:
                took[number].append((time.perf_counter() - start_s) * 1000)

    with ThreadPoolExecutor(len(works)) as pool:
        for running in [pool.submit(body, number) for number in range(len(works))]:
            running.result()
    done = [ms for each in took for ms in each]
    return len(done) / (time.perf_counter() - begin_s), done


# -- both --------------------------------------------------------------------------------------------------


def run(database: str, users: int, seconds: float) -> dict[str, Any]:
    with DATABASES[database]() as url, tempfile.TemporaryDirectory() as folder:
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("CITYOPS_")},
            "CITYOPS_DATA_DIR": folder,
            "CITYOPS_DATABASE_URL": "" if database == "sqlite" else url,
            "CITYOPS_DEMO_TRUCKS": "1",
        }
        store_url = load_settings(environment).store_url
        prepared = prepare(environment, users)
        with server(environment) as port:
            shares = [prepared.cases[number::users] for number in range(users)]
            people = [User(port, name, prepared, share) for name, share in zip(prepared.users, shares, strict=True)]
            rate, took = run_threads([user.step for user in people], seconds)
        raw = raw_steps(store_url, prepared, users, seconds)
    writes = {
        action: dict(Counter(f"{kind.__name__.upper()} {table.name}" for kind, table, rows in plan for _ in rows))
        for action, plan in prepared.plans.items()
    }
    p50, p95 = np.percentile(took, [50, 95])
    result = {
        "steps_per_s": round(rate, 1),
        "raw_transactions_per_s": round(raw, 1),
        "ratio": round(rate / raw, 3),
        "step_p50_ms": round(float(p50), 1),
        "step_p95_ms": round(float(p95), 1),
        "writes": writes,
    }
    print(f"{database}: {rate:.0f} steps/s by HTTP, raw {raw:.0f}/s, ratio {rate / raw:.2f} (aim 0.3)")
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=15.0)
    parser.add_argument("--users", type=int, default=16)
    parser.add_argument("--on", nargs="+", choices=sorted(DATABASES), default=sorted(DATABASES, reverse=True))
    arguments = parser.parse_args()
    result: dict[str, Any] = {
        "command": f"python -m bench.case_steps --seconds {arguments.seconds:g} --users {arguments.users}",
        "users": arguments.users,
        "cores": os.cpu_count(),
        "load_1min_before": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "databases": {name: run(name, arguments.users, arguments.seconds) for name in arguments.on},
    }
    result["load_1min_after"] = round(os.getloadavg()[0], 1)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
