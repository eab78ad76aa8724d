"""Writes a new revision from the difference between the last one and the rooms' tables.

``python -m cityops.store.migrations.new "what changes"``
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import tempfile
from pathlib import Path

from alembic import command

import cityops
from cityops.kit import SystemClock
from cityops.store.engines import migration_engine, open_engines
from cityops.store.migrate import migration_config
from cityops.store.revisions import head_revision
from cityops.store.store import Store


def import_all_tables() -> list[str]:
    """Import every ``tables.py`` of the product, so that ``metadata`` is whole; returns their module names."""
    root = Path(cityops.__file__).parent
    modules = [
        ".".join(("cityops", *path.relative_to(root).with_suffix("").parts)) for path in sorted(root.rglob("tables.py"))
    ]
    for module in modules:
        importlib.import_module(module)
    return modules


def new_revision(message: str) -> Path:
    """Write the next revision; returns its file."""
    import_all_tables()
    number = int(head_revision() or "0") + 1
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/head.db"
        with Store.open(url, clock=SystemClock()) as store:
            store.migrate()
        engine = migration_engine(open_engines(url, readers=1))
        with engine.connect() as connection:
            written = command.revision(
                migration_config(connection), message=message, autogenerate=True, rev_id=f"{number:04d}"
            )
        engine.dispose()
    if written is None or isinstance(written, list):
        raise RuntimeError("alembic did not write exactly one revision")
    subprocess.run([sys.executable, "-m", "ruff", "format", "--quiet", written.path], check=True)
    return Path(written.path)


def main() -> None:
    """The command."""
    if len(sys.argv) != 2:
        sys.exit('usage: python -m cityops.store.migrations.new "what changes"')
    sys.stdout.write(f"{new_revision(sys.argv[1])}\n")


if __name__ == "__main__":
    main()
