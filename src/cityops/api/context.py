"""What the HTTP room is given, and what it makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from starlette.types import ASGIApp

from cityops.access import Accounts, Principal, Sessions, Units
from cityops.analysis import Analysis
from cityops.analysis.evaluation import Evaluations
from cityops.analysis.figures import Figures
from cityops.api.door import PublicDoor
from cityops.api.field_catalogue import FieldCatalogue
from cityops.api.layers import Layers
from cityops.api.live_feed import LiveFeed
from cityops.api.live_hub import LiveHub, LiveLimits
from cityops.api.live_vehicles import LiveVehicles
from cityops.api.metrics import HttpCounters, Sample
from cityops.api.middleware import RequestLimits
from cityops.api.register_imports import ImportJobs
from cityops.api.uploads import Uploads
from cityops.cases import CaseDetailView, Cases, Registrations, Rulebook
from cityops.cases.catalogue import RuleTables
from cityops.cases.documents import Documents
from cityops.cases.evidence import EvidenceBook
from cityops.cases.fieldwork import FieldAnswers
from cityops.cases.intake import CallBacks, Intake
from cityops.cases.reports import CaseReports, ReportDesk, ReportFiling, TipOffs
from cityops.detection import AlertBook
from cityops.dispatch import Dispatch
from cityops.inspections import Inspections
from cityops.kit import Clock, Text
from cityops.observations import DeviceRegister, HistoryView, LatestPositions
from cityops.places import City
from cityops.plans import Drills
from cityops.registers import Registers
from cityops.store import Store


@dataclass(frozen=True)
class DemoSignIn:
    """A demo account that the sign-in page shows."""

    username: str
    password: str
    role: str
    display_name: str


@dataclass(frozen=True)
class ApiSettings:
    """What may differ between installations.

    Args:
        version: of the product.
        web_folder: the built user interface; ``None`` or an empty folder shows a page that says what to do.
        secure_cookies: send the session cookie over HTTPS only, and tell browsers to stay on HTTPS.
        demo_accounts: shown on the sign-in page; empty outside the demo.
        scenes: titles of the scenes in use, by name.
        tianditu_key: base map tiles of Tianditu; empty uses the city's own layers.
        report_contact_days: days after closing when contacts of reporters are deleted; told to them.
        metrics_token: lets other machines read ``/metrics``; empty lets this machine only.
        requests: bounds on requests.
        live: bounds on the live stream.
        public_url: where phones reach the product, written into QR codes; empty: as it was asked for.
    """

    version: str
    web_folder: Path | None = None
    secure_cookies: bool = False
    demo_accounts: Sequence[DemoSignIn] = ()
    scenes: Mapping[str, Text] = field(default_factory=dict)
    tianditu_key: str = ""
    report_contact_days: int = 90
    metrics_token: str = ""
    requests: RequestLimits = field(default_factory=RequestLimits)
    live: LiveLimits = field(default_factory=LiveLimits)
    public_url: str = ""


@dataclass(frozen=True)
class SceneCard:
    """A scene that is installed: its name, its title, the registers it declares."""

    name: str
    title: Text
    registers: Sequence[str]


@dataclass(frozen=True)
class HealthPart:
    """One part of the product: is it well, in words and figures."""

    name: str
    ok: bool
    detail: Text
    figures: Mapping[str, float] = field(default_factory=dict)


_LIVE_DOWN: Final = Text("实时推送已停止，请重启服务", "the live stream has stopped: restart the server")


def _nothing_more() -> Sequence[Any]:
    return ()


@dataclass(frozen=True)
class ApiContext:
    """The rooms' services, handed in by the composition root. Nothing is read from settings or files here.

    Args:
        open_case: opens a case from an alert (principal, alert id, comment).
        scenes: the installed scenes with their registers.
        samples: sources of counters for ``/metrics``, asked at each reading.
        health: the state of the parts outside this room.
        mounts: other interfaces by path (Open311), each with its own bounds.
    """

    settings: ApiSettings
    clock: Clock
    store: Store
    sessions: Sessions
    accounts: Accounts
    units: Units
    registers: Registers
    devices: DeviceRegister
    history: HistoryView
    latest: LatestPositions
    city: City
    alerts: AlertBook
    cases: Cases
    registrations: Registrations
    dispatch: Dispatch
    analysis: Analysis
    evidence: EvidenceBook
    reports: CaseReports
    report_desk: ReportDesk
    tip_offs: TipOffs
    rules: RuleTables
    rulebook: Rulebook
    intake: Intake
    call_backs: CallBacks
    evaluations: Evaluations
    documents: Documents
    inspections: Inspections
    drills: Drills
    figures: Figures
    open_case: Callable[[Principal, str, str | None], CaseDetailView]
    scenes: Sequence[SceneCard] = ()
    samples: Sequence[Callable[[], Iterable[Sample]]] = ()
    health: Callable[[], Sequence[HealthPart]] = _nothing_more
    mounts: Mapping[str, ASGIApp] = field(default_factory=dict)


@dataclass(frozen=True)
class ApiParts:
    """What this room makes for itself, one set an application."""

    counters: HttpCounters
    layers: Layers
    vehicles: LiveVehicles
    hub: LiveHub
    feed: LiveFeed
    uploads: Uploads
    door: PublicDoor
    filing: ReportFiling
    catalogue: FieldCatalogue
    answers: FieldAnswers
    imports: ImportJobs

    def samples(self) -> list[Sample]:
        """The counters of this room."""
        sources = (self.counters, self.hub, self.feed, self.uploads, self.door, self.imports)
        return [sample for source in sources for sample in source.samples()]

    def health(self) -> HealthPart:
        """Whether the live stream runs."""
        words = Text("实时推送运行正常", "the live stream runs") if self.feed.running else _LIVE_DOWN
        return HealthPart(
            "live", self.feed.running, words, {sample.name: sample.value for sample in self.hub.samples()}
        )
