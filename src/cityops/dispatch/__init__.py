"""Crews, shifts, recommendation, assignment (调度)."""
