"""Workflow, tasks, deadlines, timeline (案件)."""
