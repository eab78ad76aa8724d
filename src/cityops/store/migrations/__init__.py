"""Alembic's revisions and the tool that writes a new one."""
