"""``python -m cityops`` is the ``cityops`` command."""

from cityops.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
