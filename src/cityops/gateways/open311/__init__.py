"""Open311 GeoReport v2 server (公众上报开放接口)."""

from cityops.gateways.open311.app import Open311Counters, open311_app
from cityops.gateways.open311.service import ApiKey, Open311Settings, ReportService

__all__ = ["ApiKey", "Open311Counters", "Open311Settings", "ReportService", "open311_app"]
