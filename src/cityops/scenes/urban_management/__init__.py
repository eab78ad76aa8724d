"""Urban management: the seven stages from report to evaluation (城市管理)."""

from cityops.scenes.urban_management.entry import scene

__all__ = ["scene"]
