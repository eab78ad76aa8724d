"""Quick accident handling (事故快处): online, by patrol and officer, or the slow way."""

from cityops.scenes.quick_accident.entry import scene

__all__ = ["scene"]
