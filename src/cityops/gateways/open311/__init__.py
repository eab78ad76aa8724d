"""Open311 GeoReport v2 server (公众上报开放接口)."""

from cityops.gateways.open311.app import Open311Counters, open311_app
from cityops.gateways.open311.service import Doors, Open311Settings, ReportService, SenderDesk

__all__ = ["Doors", "Open311Counters", "Open311Settings", "ReportService", "SenderDesk", "open311_app"]
