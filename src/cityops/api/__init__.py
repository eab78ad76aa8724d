"""The HTTP interface (接口): routes, sessions at the edge, live events, OpenAPI, the built user interface."""

from cityops.api.app import create_app, openapi_document
from cityops.api.context import ApiContext, ApiSettings, DemoSignIn, HealthPart, SceneCard
from cityops.api.declare import spec
from cityops.api.excel import XLSX, sheet_response, write_sheet
from cityops.api.live_hub import LiveLimits
from cityops.api.metrics import Sample
from cityops.api.middleware import RequestLimits
from cityops.api.reading import Code, PageNumber, PageSize, Period, SearchWords, audit_read, show
from cityops.api.rule_sheets import sheet_of
from cityops.api.rules_answer import changes_answer, version_row
from cityops.api.schemas import Bilingual, Latitude, Longitude, Model, Moment
from cityops.api.schemas.intake import ImportRowError
from cityops.api.schemas.rules import RuleChanges, RuleVersionRow
from cityops.api.security import OwnParts, Person, Services
from cityops.api.server import ApiServer, make_server

__all__ = [
    "XLSX",
    "ApiContext",
    "ApiServer",
    "ApiSettings",
    "Bilingual",
    "Code",
    "DemoSignIn",
    "HealthPart",
    "ImportRowError",
    "Latitude",
    "LiveLimits",
    "Longitude",
    "Model",
    "Moment",
    "OwnParts",
    "PageNumber",
    "PageSize",
    "Period",
    "Person",
    "RequestLimits",
    "RuleChanges",
    "RuleVersionRow",
    "Sample",
    "SceneCard",
    "SearchWords",
    "Services",
    "audit_read",
    "changes_answer",
    "create_app",
    "make_server",
    "openapi_document",
    "sheet_of",
    "sheet_response",
    "show",
    "spec",
    "version_row",
    "write_sheet",
]
