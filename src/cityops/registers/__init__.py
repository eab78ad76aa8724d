"""Registers of typed objects (台账)."""
