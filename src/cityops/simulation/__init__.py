"""A city that speaks the real protocols (仿真)."""
