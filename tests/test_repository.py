"""Promises about the tree itself: nothing undocumented, nothing that belongs to one machine."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from cityops.settings import describe_settings

ROOT = Path(__file__).resolve().parents[1]


def tracked_files() -> list[Path]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: the tracked files are unknown")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


def test_no_registry_host_or_private_path_is_tracked() -> None:
    words = [
        "files.pythonhosted" + ".org",
        "pypi" + ".org",
        "registry.npmjs" + ".org",
        "/opt/" + "pypi",
        "/root/" + ".",
    ]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in tracked_files()
        if path.is_file()
        for word in words
        if word.encode() in path.read_bytes()
    ]
    assert found == []


def test_lock_pins_every_direct_dependency_with_hashes() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    names = {re.split(r"[\[<>=~! ]", line, maxsplit=1)[0].lower() for line in wanted}
    lock = (ROOT / "requirements.lock").read_text()
    blocks = re.findall(
        r"^([a-z0-9._-]+)(?:\[[^]]*\])?==[^\n]*\\\n(?:    --hash=sha256:[0-9a-f]{64}[^\n]*\n)+", lock, re.MULTILINE
    )
    assert names <= set(blocks)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    for variable, default, text in describe_settings():
        assert f"`{variable}`" in page, f"docs/reference/settings.md lacks {variable}"
        assert text.en in page
        assert text.zh in page
        assert (f"`{default}`" if default else "empty") in page
