"""Taking over earlier files (历史案卷补录): all or the valid rows, sums checked, doubts flagged with their reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, select

from cityops.access import Permission, Principal
from cityops.cases import NewCase, Reporter, Step
from cityops.cases.catalogue import Import, RowError
from cityops.kit import DivisionLevel, InvalidError, Text
from cityops.scenes.registry import SceneContext
from cityops.scenes.road_excavation.matters import keep_matter
from cityops.scenes.road_excavation.sheet import COLUMNS, EarlierFile, read_files
from cityops.scenes.road_excavation.tables import matter_table
from cityops.store import hold

SCENE: Final = "road_excavation"


@dataclass(frozen=True, slots=True)
class Flagged:
    """A row whose dates contradict each other: its number in the sheet, its case, why."""

    row: int
    file_number: str
    case_id: str
    reasons: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """What an import did. ``errors``: rows that were left out; sums over the rows that were taken."""

    rows: int
    imported: int
    area_m2: float
    fine_yuan: float
    flagged: list[Flagged]
    errors: list[RowError]


class EarlierFiles:
    """Reads a sheet and opens a case for every row, in one transaction."""

    def __init__(self, context: SceneContext) -> None:
        self._context = context

    def take(
        self,
        principal: Principal,
        content: bytes,
        *,
        valid_only: bool = False,
        expected_yuan: float | None = None,
        expected_rows: int | None = None,
    ) -> Taken:
        """Import the sheet.

        Args:
            principal: who imports.
            content: the xlsx.
            valid_only: leave out rows with errors instead of importing nothing.
            expected_yuan: the sum of the fines, if it is known from elsewhere.
            expected_rows: how many rows there should be, likewise.

        Raises:
            ForbiddenError: without ``cases.open``.
            InvalidError: no such sheet, rows with errors, or a sum that differs; nothing was imported.
        """
        principal.require(Permission.CASES_OPEN)
        districts = {one.name: one.code for one in self._context.city.level(DivisionLevel.DISTRICT)}
        found = read_files(content, districts, self._context.clock.now().date())
        return self._context.store.write(
            lambda conn: self._take(conn, principal, found, valid_only, expected_yuan, expected_rows)
        )

    def known(self) -> bool:
        """Whether any file was taken over yet."""
        with self._context.store.read() as conn:
            query = select(matter_table.c.case_id).where(matter_table.c.file_number.is_not(None)).limit(1)
            return conn.execute(query).scalar() is not None

    def _take(
        self,
        conn: Connection,
        principal: Principal,
        found: Import[EarlierFile],
        valid_only: bool,
        expected_yuan: float | None,
        expected_rows: int | None,
    ) -> Taken:
        hold(conn, "excavation.files")
        fresh = _without_known(conn, found)
        files = fresh.accept(valid_only=valid_only)
        yuan = sum(file.fine_yuan for file in files)
        _check_sum("罚款合计", "the sum of the fines", yuan, expected_yuan)
        _check_sum("行数", "the number of rows", len(files), expected_rows)
        case_ids = [self._open(conn, principal, file) for file in files]
        flagged = [
            Flagged(file.row, file.file_number, case_id, file.flags)
            for file, case_id in zip(files, case_ids, strict=True)
            if file.flags
        ]
        area_m2 = round(sum(file.area_m2 for file in files), 6)
        return Taken(fresh.rows, len(files), area_m2, yuan, flagged, fresh.errors)

    def _open(self, conn: Connection, principal: Principal, file: EarlierFile) -> str:
        cases, work = self._context.cases, f"埋设{file.buried}" if file.buried else ""
        new = NewCase(
            scene=SCENE,
            kind="imported_case",
            title=Text(f"{file.party}擅自挖掘城市道路{work}", f"{file.party} dug up a road without a permit"),
            severity=1,
            area_code=file.district_code,
            place={"address": file.address, "district_code": file.district_code, "district_name": file.district},
            data=file.told,
            reporter=Reporter("import", reference=file.file_number, account_id=principal.account_id),
        )
        case_id = cases.open_in(conn, principal, new)
        shown = ("file_number", "party", "party_kind", "party_code", "area_m2", "fine_yuan")
        days = {name: file.days[name].isoformat() for name in ("found_on", "decided_on")}
        flags = [{"zh": text.zh, "en": text.en} for text in file.flags]
        keep_matter(conn, case_id, {**{name: getattr(file, name) for name in shown}, **days, "flags": flags})
        if file.flags:
            reason = "；".join(text.zh for text in file.flags)
            cases.act_in(conn, principal, case_id, "flag", Step(version=1, comment=reason))
        return case_id


def _without_known(conn: Connection, found: Import[EarlierFile]) -> Import[EarlierFile]:
    """The import with files that were taken over before as errors."""
    wanted = [file.file_number for file in found.valid]
    known = set(
        conn.execute(select(matter_table.c.file_number).where(matter_table.c.file_number.in_(wanted))).scalars()
    )
    heading = COLUMNS[0].heading
    again = [
        RowError(
            file.row, heading, Text(f"案卷 {file.file_number} 已导入", f"file {file.file_number} was imported before")
        )
        for file in found.valid
        if file.file_number in known
    ]
    valid = [file for file in found.valid if file.file_number not in known]
    return Import(valid, sorted([*found.errors, *again], key=lambda error: error.row), found.rows)


def _check_sum(zh: str, en: str, found: float, expected: float | None) -> None:
    if expected is not None and found != expected:
        raise InvalidError(
            f"{zh}为 {found:g}，应为 {expected:g}",
            f"{en} is {found:g}, expected {expected:g}",
            code="excavation.sum",
            kept=Text("未导入任何内容。", "Nothing was imported."),
            todo=Text("请核对表格与来源。", "Compare the sheet with its source."),
        )
