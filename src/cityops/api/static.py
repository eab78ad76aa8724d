"""The built user interface: files from one folder, every other address is the application itself (history fallback)."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException

_YEAR_S: Final = 31_536_000
_RESERVED: Final = ("api/", "metrics/")

_NOT_BUILT: Final = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><title>CityOps</title>
<meta name="viewport" content="width=device-width">
<style>body{font:16px/1.7 system-ui,sans-serif;max-width:40rem;margin:12vh auto;padding:0 1rem;color:#1d2939}
code{background:#f2f4f7;padding:.1em .4em;border-radius:4px}</style></head><body>
<h1>界面尚未构建 <small>The interface is not built</small></h1>
<p>接口正在运行；网页文件还没有生成。
请在项目文件夹运行 <code>make web</code>，然后刷新本页。接口说明见 <a href="/api/docs">/api/docs</a>。</p>
<p lang="en">The HTTP interface runs, but the web files are not there. Run <code>make web</code> in the project folder
and load this page again. The interface is described at <a href="/api/docs">/api/docs</a>.</p>
</body></html>
"""


def find_asset(folder: Path, path: str) -> Path | None:
    """The file below ``folder`` that ``path`` names; ``None`` when there is none or it points outside."""
    if "\x00" in path:
        return None
    root = folder.resolve()
    candidate = (root / path).resolve()
    if not candidate.is_relative_to(root) or not candidate.is_file():
        return None
    return candidate


def web_router(folder: Path | None) -> APIRouter:
    """Serves the built interface below ``/``; hashed assets for a year, the pages themselves always asked again.

    The phone's app (外业) is a page of its own, ``/field``.
    """
    router = APIRouter(include_in_schema=False)

    def serve(request: Request) -> Response:
        path = str(request.path_params["path"])
        if f"{path}/".startswith(_RESERVED):
            raise HTTPException(404)
        name = "field.html" if f"{path}/".startswith("field/") else "index.html"
        page = find_asset(folder, name) if folder else None
        if folder is None or page is None:
            return HTMLResponse(_NOT_BUILT, 503, {"Cache-Control": "no-store"})
        asset = find_asset(folder, path) if path else page
        if asset is not None and path.startswith("assets/"):
            return FileResponse(asset, headers={"Cache-Control": f"public, max-age={_YEAR_S}, immutable"})
        if asset is None and path.startswith("assets/"):
            raise HTTPException(
                404
            )  # a page of an older build asks for a file that is gone: an HTML answer would hide it
        return FileResponse(asset or page, headers={"Cache-Control": "no-cache"})

    router.add_api_route("/{path:path}", serve, methods=["GET", "HEAD"])
    return router
