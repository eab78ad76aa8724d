"""Filing what the public sent (受理立案): the report or tip-off, its photos and the case in one transaction."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection

from cityops.access import Principal
from cityops.cases.catalogue import ItemKey
from cityops.cases.evidence import EvidenceBook
from cityops.cases.intake import Filed, Intake, NewCaseReport
from cityops.cases.reports.following import ReportDesk
from cityops.cases.reports.tipoffs import TipOffs
from cityops.kit import InvalidError, Text
from cityops.store import Store


@dataclass(frozen=True, slots=True)
class FileAs:
    """What the desk decides: the matter, and a place in WGS-84 degrees where the sender gave none.

    ``join_case_id``: an open case about the same thing; None opens a new one.
    """

    key: ItemKey
    title: str | None = None
    severity: int = 1
    lon: float | None = None
    lat: float | None = None
    join_case_id: str | None = None


class ReportFiling:
    """Files reports and tip-offs through the intake.

    Args:
        store: the relational store.
        intake: opens or joins the case.
        desk: the reports.
        tip_offs: the tip-offs.
        evidence: their photos.
    """

    def __init__(
        self, store: Store, intake: Intake, desk: ReportDesk, tip_offs: TipOffs, evidence: EvidenceBook
    ) -> None:
        self._store = store
        self._intake = intake
        self._desk = desk
        self._tip_offs = tip_offs
        self._evidence = evidence

    def file(self, principal: Principal, report_id: str, how: FileAs) -> Filed:
        """File a report, or join it to an open case; its sender is told.

        The contact stays with the report, where reading it needs a purpose.

        Raises:
            NotFoundError: no such report, matter or case.
            ConflictError: it was filed or refused meanwhile, or the case has ended.
            InvalidError: no place, or no scene takes the matter.
        """
        report = self._desk.detail(principal, report_id)
        new = _case_report(
            how,
            source=report.source.split(":", 1)[0],
            description=report.description,
            address=report.address,
            place=(report.lon, report.lat),
            client_id=f"{report_id}-{report.not_fixed_count}",
            reference=report_id,
        )

        def work(conn: Connection) -> Filed:
            filed = self._intake.file_in(conn, principal, new)
            self._desk.file(conn, principal, report_id, filed.case_id)
            self._evidence.attach_report(conn, report_id, filed.case_id)
            return filed

        return self._store.write(work)

    def file_tip_off(self, principal: Principal, tip_off_id: str, how: FileAs) -> Filed:
        """File a tip-off: the case says what was told, and the time on it is that of the filing. Raises as ``file``."""
        tip_off = self._tip_offs.get(principal, tip_off_id)
        new = _case_report(
            how,
            source="tip_off",
            description=tip_off.description,
            address=tip_off.address,
            place=(tip_off.lon, tip_off.lat),
            client_id=tip_off_id,
            reference=None,
        )

        def work(conn: Connection) -> Filed:
            filed = self._intake.file_in(conn, principal, new)
            self._tip_offs.file(conn, principal, tip_off_id, filed.case_id)
            self._evidence.attach_report(conn, tip_off_id, filed.case_id)
            return filed

        return self._store.write(work)


def _case_report(
    how: FileAs,
    *,
    source: str,
    description: str,
    address: str | None,
    place: tuple[float | None, float | None],
    client_id: str,
    reference: str | None,
) -> NewCaseReport:
    lon, lat = (how.lon, how.lat) if how.lon is not None and how.lat is not None else place
    if lon is None or lat is None:
        raise InvalidError(
            "请在地图上标出位置",
            "mark the place on the map",
            code="report.no_place",
            kept=Text("没有改变任何内容", "nothing was changed"),
            todo=Text("上报人只写了地址，请标出位置后再立案", "the sender gave an address only: mark it, then file"),
        )
    return NewCaseReport(
        source=source,
        key=how.key,
        lon=lon,
        lat=lat,
        description=description,
        title=Text(how.title, how.title) if how.title else None,
        address=address[:200] if address else None,
        severity=how.severity,
        client_id=client_id,
        reference=reference,
        join_case_id=how.join_case_id,
    )
