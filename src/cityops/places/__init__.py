"""Divisions, unit grids, road network, travel time (空间)."""
