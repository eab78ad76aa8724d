from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from cityops.api.problems import install_problems
from cityops.api.static import web_router


def get(folder: Path | None, *paths: str, method: str = "GET") -> list[httpx.Response]:
    app = FastAPI(openapi_url=None)
    install_problems(app)
    app.include_router(web_router(folder))

    async def run() -> list[httpx.Response]:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return [await client.request(method, path) for path in paths]

    return asyncio.run(run())


@pytest.fixture
def web(tmp_path: Path) -> Path:
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>CityOps</title>", encoding="utf-8")
    (folder / "assets" / "main-4f2a91.js").write_text("export {}", encoding="utf-8")
    (folder / "favicon.svg").write_text("<svg/>", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    return folder


def test_the_page_answers_every_address_of_the_application(web: Path) -> None:
    for answer in get(web, "/", "/alerts", "/cases/01JV0?tab=2", "/apiary"):
        assert (answer.status_code, answer.text) == (200, "<title>CityOps</title>")
        assert answer.headers["cache-control"] == "no-cache"
        assert answer.headers["content-type"].startswith("text/html")


def test_the_phones_app_is_a_page_of_its_own(web: Path) -> None:
    (web / "field.html").write_text("<title>Field</title>", encoding="utf-8")
    (web / "field-sw.js").write_text("const FILES = [];", encoding="utf-8")
    *pages, desk, worker = get(web, "/field", "/field/", "/field/queue", "/fields", "/field-sw.js")
    assert {page.text for page in pages} == {"<title>Field</title>"}
    assert desk.text == "<title>CityOps</title>"
    assert (worker.text, worker.headers["cache-control"]) == ("const FILES = [];", "no-cache")
    assert "javascript" in worker.headers["content-type"]


def test_hashed_assets_are_kept_for_a_year(web: Path) -> None:
    asset, icon, gone = get(web, "/assets/main-4f2a91.js", "/favicon.svg", "/assets/main-old.js")
    assert asset.text == "export {}"
    assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert icon.text == "<svg/>"
    assert icon.headers["cache-control"] == "no-cache"
    assert gone.status_code == 404


def test_an_unknown_api_address_is_never_the_page(web: Path) -> None:
    for answer in get(web, "/api", "/api/", "/api/nothing", "/metrics/x"):
        assert answer.status_code == 404
        assert answer.json()["code"] == "route.unknown"


@pytest.mark.parametrize("path", ["/..%2fsecret.txt", "/assets/..%2f..%2fsecret.txt", "/%2e%2e/secret.txt", "/%00"])
def test_nothing_outside_the_folder_is_served(web: Path, path: str) -> None:
    (answer,) = get(web, path)
    assert "secret" not in answer.text


def test_a_link_out_of_the_folder_is_not_followed(web: Path) -> None:
    (web / "assets" / "link.txt").symlink_to(web.parent / "secret.txt")
    (answer,) = get(web, "/assets/link.txt")
    assert answer.status_code == 404


def test_head_has_no_body(web: Path) -> None:
    (answer,) = get(web, "/alerts", method="HEAD")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("built", [None, "empty"])
def test_without_a_build_one_page_says_what_to_do(tmp_path: Path, built: str | None) -> None:
    folder = None if built is None else tmp_path / "dist"
    for answer in get(folder, "/", "/alerts"):
        assert answer.status_code == 503
        assert "make web" in answer.text
        assert "界面尚未构建" in answer.text
