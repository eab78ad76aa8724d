"""What the HTTP interface says and hears: one place for the whole contract. Times are ISO 8601 with the zone +08:00."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

from cityops.kit import SHANGHAI


def _in_shanghai(moment: datetime) -> datetime:
    return moment.astimezone(SHANGHAI)


Moment = Annotated[AwareDatetime, AfterValidator(_in_shanghai)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Severity = Literal["notice", "warning", "serious", "critical"]
AlertState = Literal["active", "ended", "withdrawn"]
Role = Literal["administrator", "acceptor", "dispatcher", "crew", "enterprise", "district", "analyst", "auditor"]


class Model(BaseModel):
    """Base: unknown fields are an error, so that a typing slip is never swallowed."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Problem(Model):
    """An error: what happened, what was kept, what to do."""

    code: str
    message: str
    message_en: str
    kept: str | None = None
    kept_en: str | None = None
    todo: str | None = None
    todo_en: str | None = None


class FieldProblem(Model):
    """A field that does not fit, and why."""

    field: str
    message: str
    message_en: str


class InvalidInput(Problem):
    """Input that does not fit; ``fields`` names each field that is wrong, where it can be told."""

    fields: list[FieldProblem] = []


class Bilingual(Model):
    """The same words in Chinese and English."""

    zh: str
    en: str


class Page(Model):
    """Where a list stands."""

    total: int
    page: int
    page_size: int


# --- session -----------------------------------------------------------------------------------------------


class SignIn(Model):
    """Credentials (登录)."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]


class Me(Model):
    """Who is signed in, and what they may do."""

    account_id: str
    username: str
    display_name: str
    role: Role
    unit_id: str | None
    unit_name: str | None
    area_codes: list[str]
    crew_id: str | None  # of a crew's account: which crew
    permissions: list[str]
    csrf_token: str


class DemoAccount(Model):
    """An account of the demo city, shown on the sign-in page only while the demo runs."""

    username: str
    password: str
    role: Role
    display_name: str


class Product(Model):
    """What runs here."""

    name: str
    version: str
    city: str
    synthetic: bool
    demo_accounts: list[DemoAccount]
    now: Moment


# --- places and the map ------------------------------------------------------------------------------------


class Place(Model):
    """A point and the smallest places that hold it. Longitude and latitude are CGCS2000/WGS-84 degrees."""

    lon: float
    lat: float
    district_code: str | None = None
    district_name: str | None = None
    street_name: str | None = None
    community_name: str | None = None
    grid_code: str | None = None
    road_name: str | None = None


class MapBase(Model):
    """What the base map is drawn from, each layer a GeoJSON feature collection served by ``/api/map/layers/{name}``."""

    city: str
    synthetic: bool
    center: tuple[float, float]
    bounds: tuple[float, float, float, float]
    layers: list[str]  # districts, streets, grids, roads_major, roads_minor, junctions, pois
    tianditu_key: str | None


class VehicleLive(Model):
    """A vehicle's latest state on the map. ``state`` is moving, stopped, offline or alerting."""

    vehicle_id: str
    device: int
    plate: str  # masked by role
    unit_id: str | None
    lon: float
    lat: float
    speed_kmh: float
    course_deg: int
    at: Moment
    state: Literal["moving", "stopped", "offline", "alerting"]


class VehicleLiveList(Model):
    """All vehicles this person may see."""

    items: list[VehicleLive]
    at: Moment


class Vehicle(Model):
    """A registered vehicle (重点车辆)."""

    vehicle_id: str
    plate: str
    plate_color: str
    vehicle_class: str
    unit_id: str | None
    unit_name: str | None
    device: int | None
    terminal_phone: str | None
    online: bool
    last_seen: Moment | None
    place: Place | None
    speed_kmh: float | None
    counters: dict[str, int]
    active_alerts: int


# --- alerts ------------------------------------------------------------------------------------------------


class Alert(Model):
    """A finding of a detector (预警). ``identity`` is unique for the same facts, whatever order they came in."""

    alert_id: str
    identity: str
    scene: str
    detector: str
    detector_version: int
    title: Bilingual
    summary: Bilingual
    severity: Severity
    state: AlertState
    vehicle_id: str | None
    plate: str | None
    unit_id: str | None
    unit_name: str | None
    started_at: Moment
    last_at: Moment
    ended_at: Moment | None
    raised_at: Moment
    place: Place | None
    case_id: str | None
    case_number: str | None
    version: int


class AlertDetail(Alert):
    """An alert with its evidence."""

    evidence: dict[str, Any]
    rule: str  # the law or standard it rests on
    history: list[TimelineStep]


class AlertList(Model):
    """A page of alerts, newest first."""

    items: list[Alert]
    page: Page


class TrackPoint(Model):
    """One position of an alert's evidence."""

    lon: float
    lat: float
    speed_kmh: float
    at: Moment


class Track(Model):
    """The positions behind one alert or case, never a free search."""

    items: list[TrackPoint]


# --- cases -------------------------------------------------------------------------------------------------


class TimelineStep(Model):
    """A step (办理过程): what, who, when."""

    at: Moment
    action: str
    title: Bilingual
    actor: str
    actor_role: str | None
    unit_name: str | None
    comment: str | None
    data: dict[str, Any]


class FormField(Model):
    """A field of the form that a transition asks for."""

    name: str
    title: Bilingual
    kind: Literal["text", "long_text", "number", "choice", "crew", "datetime", "boolean"]
    required: bool
    options: list[dict[str, Any]] = []


class Action(Model):
    """A transition that this person may take now."""

    name: str
    title: Bilingual
    confirm: Bilingual | None
    danger: bool
    task_id: str | None
    fields: list[FormField]
    needs_reason: bool = False  # the step's comment must say why


class Deadline(Model):
    """When something is due, and how that was found."""

    due_at: Moment
    explanation: Bilingual
    provisional: bool
    elapsed_share: float
    overdue: bool


class Task(Model):
    """A piece of a case that one unit, crew or person owes (任务)."""

    task_id: str
    case_id: str
    case_number: str
    kind: str  # rectification, field, police_notice …
    title: Bilingual
    state: str
    state_title: Bilingual
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    crew_name: str | None
    deadline: Deadline | None
    created_at: Moment
    done_at: Moment | None
    data: dict[str, Any]
    place: Place | None
    case_version: int  # what a Step on this task sends as its version
    actions: list[Action]


class Case(Model):
    """A case (案件) in a list."""

    case_id: str
    number: str
    scene: str
    kind: str
    title: Bilingual
    state: str
    state_title: Bilingual
    stage: str
    severity: Severity
    place: Place | None
    vehicle_id: str | None
    plate: str | None
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    crew_name: str | None
    deadline: Deadline | None
    opened_at: Moment
    closed_at: Moment | None
    alert_id: str | None
    version: int


class Notice(Model):
    """A notice to one unit or crew (通知): when it was sent, read and acknowledged."""

    notice_id: str
    case_id: str
    kind: str
    title: Bilingual
    body: Bilingual
    unit_id: str | None
    unit_name: str | None
    crew_id: str | None
    sent_at: Moment
    read_at: Moment | None
    acknowledged_at: Moment | None


class CaseDetail(Case):
    """A case with everything a person may see and do."""

    tasks: list[Task]
    timeline: list[TimelineStep]
    actions: list[Action]
    notices: list[Notice]
    workflow: list[dict[str, Any]]  # the states in order with title and whether passed, for the progress bar


class CaseList(Model):
    """A page of cases."""

    items: list[Case]
    page: Page
    counts: dict[str, int]  # by state, under the other filters


class TaskList(Model):
    """What this person or unit owes, most urgent first."""

    items: list[Task]
    page: Page


class Step(Model):
    """A transition asked for: ``version`` is the case's version the person saw; a stale one gets 409."""

    version: int
    task_id: str | None = None
    form: dict[str, Any] = {}
    comment: str | None = None


class OpenCase(Model):
    """Open a case from an alert by hand."""

    comment: str | None = None


# --- dispatch ----------------------------------------------------------------------------------------------


class Crew(Model):
    """A crew (处置力量) that can be sent. Off duty, ``shift_ends`` tells when the last shift ran out, if it did."""

    crew_id: str
    name: str
    unit_id: str
    unit_name: str
    capabilities: list[str]
    state: Literal["off_duty", "free", "assigned", "on_scene"]
    lon: float | None
    lat: float | None
    base_lon: float
    base_lat: float
    at: Moment | None
    on_shift_since: Moment | None
    shift_ends: Moment | None
    task_id: str | None
    case_number: str | None


class CrewList(Model):
    """Crews this person may see."""

    items: list[Crew]


class CrewPosition(Model):
    """Where a crew is, from its phone (WGS-84 unless said otherwise)."""

    lon: Longitude
    lat: Latitude
    coordinate_system: Literal["wgs84", "gcj02", "bd09"] = "wgs84"


class CrewShift(Model):
    """A crew begins (``on``) or ends its shift (上班、下班)."""

    on: bool


class Recommendation(Model):
    """One crew in the ranking. ``meet`` is where it would act: the case's place, or an exit ahead of a moving truck."""

    rank: int
    crew: Crew
    travel_time_s: float
    distance_m: float
    meet: Place
    meet_name: str | None
    vehicle_eta_s: float | None
    margin_s: float | None
    on_shift_s: float | None
    stays_covered: bool
    reason: Bilingual
    route: list[tuple[float, float]]


class Recommendations(Model):
    """The ranking for a case; the machine proposes, the dispatcher decides."""

    items: list[Recommendation]
    unable: list[dict[str, Any]]  # crews left out, with the reason in two languages
    computed_at: Moment
    took_ms: float


class CrewRoute(Model):
    """A crew's way to where it is needed, over open roads. ``line`` is empty when no open road leads there."""

    task_id: str
    from_lon: float
    from_lat: float
    to: Place
    to_name: str | None  # the meeting point; without one the crew goes to the case's place
    line: list[tuple[float, float]]
    length_m: float | None
    duration_s: float | None
    computed_at: Moment


class Closure(Model):
    """A closed stretch of road (封路)."""

    closure_id: str
    road_name: str
    reason: str
    line: list[tuple[float, float]]
    from_at: Moment
    to_at: Moment | None


class ClosureList(Model):
    """Closures in force or planned."""

    items: list[Closure]


class NewClosure(Model):
    """Close the road nearest to a point."""

    lon: Longitude
    lat: Latitude
    reason: Annotated[str, Field(min_length=1, max_length=200)]
    from_at: Moment | None = None
    to_at: Moment | None = None


# --- units, devices, accounts ------------------------------------------------------------------------------


class Unit(Model):
    """A unit (单位): police, enterprise or district office."""

    unit_id: str
    name: str
    kind: str
    area_code: str | None
    credit_code: str | None
    vehicles: int
    open_cases: int


class UnitList(Model):
    """Units this person may see."""

    items: list[Unit]


class Device(Model):
    """A terminal (终端) and its connection."""

    device: int
    terminal_phone: str
    protocol: str
    plate: str | None
    vehicle_id: str | None
    unit_name: str | None
    online: bool
    last_seen: Moment | None
    counters: dict[str, int]


class DeviceList(Model):
    """A page of terminals."""

    items: list[Device]
    page: Page


class PendingDevice(Model):
    """A terminal that asked to register and is not known: refused until a person approves it."""

    pending_id: int
    terminal_phone: str
    plate: str | None
    maker: str | None
    model: str | None
    attempts: int
    first_seen: Moment
    last_seen: Moment


class PendingDeviceList(Model):
    """Terminals that wait for approval."""

    items: list[PendingDevice]
    page: Page


class ApproveDevice(Model):
    """Approve a waiting terminal for a vehicle."""

    plate: Annotated[str, Field(min_length=7, max_length=8)]
    vehicle_class: str
    unit_id: str
    driving_limit_h: float | None = None


class AccountRow(Model):
    """An account in the administrator's list."""

    account_id: str
    username: str
    display_name: str
    role: Role
    unit_name: str | None
    area_codes: list[str]
    active: bool
    last_sign_in: Moment | None


class AccountList(Model):
    """All accounts."""

    items: list[AccountRow]


class NewAccount(Model):
    """An account to create. Which of unit, areas and crew are needed depends on the role."""

    username: Annotated[str, Field(min_length=1, max_length=64)]
    password: Annotated[str, Field(min_length=1, max_length=256)]
    display_name: Annotated[str, Field(min_length=1, max_length=64)]
    role: Role
    unit_id: str | None = None
    area_codes: list[str] = []
    crew_id: str | None = None


class NewPassword(Model):
    """A new password for an account."""

    password: Annotated[str, Field(min_length=1, max_length=256)]


class AuditRow(Model):
    """A line of the audit chain (审计)."""

    sequence: int
    at: Moment
    actor: str
    action: str
    object_type: str
    object_id: str | None
    purpose: str | None
    detail: dict[str, Any]
    hash: str


class AuditList(Model):
    """A page of the audit chain, newest first, and whether the whole chain verifies."""

    items: list[AuditRow]
    page: Page


# --- learn -------------------------------------------------------------------------------------------------


class Share(Model):
    """A count with its name."""

    key: str
    title: Bilingual
    count: int


class ResponseTimes(Model):
    """Seconds between the steps of today's cases; ``None`` where no case got there."""

    step: str
    title: Bilingual
    count: int
    p50_s: float | None
    p90_s: float | None


class LearnToday(Model):
    """Today in Asia/Shanghai (今日研判)."""

    date: str
    alerts_total: int
    alerts_active: int
    cases_open: int
    cases_closed: int
    on_time_share: float | None
    by_detector: list[Share]
    by_hour: list[int]
    by_unit: list[Share]
    response_times: list[ResponseTimes]


class YearRate(Model):
    """A year of one enterprise: events per 10,000 vehicle-km, and the change on the year before."""

    year: int
    vehicle_km: float
    fatigue_events: int
    speeding_events: int
    fatigue_rate: float | None
    speeding_rate: float | None
    fatigue_change: float | None
    speeding_change: float | None


class UnitRates(Model):
    """The yearly fatigue and speeding rate of an enterprise (企业年度疲劳、超速发生率)."""

    unit_id: str
    unit_name: str
    years: list[YearRate]


class LearnRates(Model):
    """All enterprises this person may see, and the whole."""

    items: list[UnitRates]
    overall: list[YearRate]
    mean_yearly_change: float | None
    synthetic: bool


# --- health ------------------------------------------------------------------------------------------------


class Part(Model):
    """One part of the product: is it well, and in words."""

    name: str
    ok: bool
    detail: Bilingual
    figures: dict[str, float]


class Health(Model):
    """The whole product."""

    ok: bool
    version: str
    parts: list[Part]


AlertDetail.model_rebuild()
