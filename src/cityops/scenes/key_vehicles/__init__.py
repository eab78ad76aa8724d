"""Key vehicles: fatigue, speeding, three-level management (重点车辆)."""
