"""Road-digging enforcement (违章掘路): permits, findings, transfer with a receipt, decisions, earlier files."""

from cityops.scenes.road_excavation.entry import scene

__all__ = ["scene"]
