"""The HTTP interface (接口): routes, sessions at the edge, live events, OpenAPI, the built user interface."""

from cityops.api.app import create_app, openapi_document
from cityops.api.context import ApiContext, ApiSettings, DemoSignIn, HealthPart
from cityops.api.live_hub import LiveLimits
from cityops.api.metrics import Sample
from cityops.api.middleware import RequestLimits
from cityops.api.server import ApiServer, make_server

__all__ = [
    "ApiContext",
    "ApiServer",
    "ApiSettings",
    "DemoSignIn",
    "HealthPart",
    "LiveLimits",
    "RequestLimits",
    "Sample",
    "create_app",
    "make_server",
    "openapi_document",
]
