#!/bin/sh
# Installs uv beside the project, with nothing but the system's python3.
set -eu
cd "$(dirname "$0")/.."
fail() { echo "CityOps: $1" >&2; exit 1; }
command -v python3 >/dev/null 2>&1 || fail "python3 is missing. Install Python 3.11 or newer (Debian: apt-get install python3 python3-venv), then run make again. 缺少 python3，请先安装。"
python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || fail "python3 is older than 3.11. Install Python 3.11 or newer, then run make again. Python 版本低于 3.11。"
UV_VERSION=0.13.9
python3 -m venv .tools 2>/dev/null || {
  rm -rf .tools
  # Debian keeps venv and pip in packages of their own: pip alone also does.
  python3 -m pip --version >/dev/null 2>&1 || fail "python3-venv is missing (Debian: apt-get install python3-venv), then run make again. 缺少 python3-venv，请先安装。"
  mkdir -p .tools/bin
  python3 -m pip install --quiet --target .tools/lib "uv==$UV_VERSION"
  ln -s ../lib/bin/uv .tools/bin/uv
  exit 0
}
.tools/bin/python -m pip install --quiet --disable-pip-version-check "uv==$UV_VERSION"
