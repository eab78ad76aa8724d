"""The installation: settings, clock and folders, made ready once before any process of the product works in them."""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cityops.kit import Clock, ConfigError, SystemClock, Text
from cityops.settings import Settings, load_settings
from cityops.supervisor import LIFELINE_VARIABLE

LOG_WRITER: Final = "jt808"
METRICS_FILE: Final = "gateway.json"
_TRY_S: Final = 0.1


@dataclass(frozen=True)
class Product:
    """What every command starts from."""

    settings: Settings
    clock: Clock
    environment: Mapping[str, str]

    @property
    def is_child(self) -> bool:
        """Whether ``cityops run`` started this process."""
        return LIFELINE_VARIABLE in self.environment

    def folder(self, name: str) -> Path:
        """A folder of the data folder, made if need be."""
        path = self.settings.data_dir / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    @property
    def log_folder(self) -> Path:
        """The folder of the gateway's log."""
        return self.folder("log") / LOG_WRITER


def product(environment: Mapping[str, str]) -> Product:
    """Read the settings; the only place where that happens."""
    return Product(load_settings(environment), SystemClock(), environment)


def check_data_folder(folder: Path) -> None:
    """Make the data folder and write a file into it.

    Raises:
        ConfigError: it cannot be written, with what to do.
    """
    probe = folder / f".write-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"数据文件夹 {folder} 无法写入：{error.strerror}",
            f"the data folder {folder} cannot be written: {error.strerror}",
            code="config.data_dir",
            todo=Text(
                "修改权限，或把 CITYOPS_DATA_DIR 指向别处",
                "change its permissions, or point CITYOPS_DATA_DIR elsewhere",
            ),
        ) from error


def check_port(host: str, port: int, variable: str, *, patience_s: float = 0.0) -> None:
    """Find out now, or after ``patience_s``, in one sentence, that a port is taken.

    Raises:
        ConfigError: somebody listens there, or the address is not this machine's.
    """
    error = _busy(host, port)
    for _ in range(int(patience_s / _TRY_S)):
        if error is None:
            break
        time.sleep(_TRY_S)
        error = _busy(host, port)
    if error is not None:
        raise ConfigError(
            f"无法监听 {host}:{port}：{error.strerror}",
            f"cannot listen on {host}:{port}: {error.strerror}",
            code="config.port",
            todo=Text(
                f"停掉占用它的程序，或用 {variable} 换一个端口",
                f"stop what holds it, or choose another port with {variable}",
            ),
        ) from error


def _busy(host: str, port: int) -> OSError | None:
    """Why nobody can listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error
    return None


@contextmanager
def exclusive(path: Path, *, wait: bool) -> Iterator[None]:
    """Hold the lock file at ``path``.

    Raises:
        ConfigError: another process holds it and ``wait`` is false.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            raise ConfigError(
                f"CityOps 已经在这个数据文件夹里运行：{path.parent}",
                f"CityOps already runs in this data folder: {path.parent}",
                code="config.running",
                todo=Text(
                    "先停掉它，或用 CITYOPS_DATA_DIR 指定别的文件夹",
                    "stop it first, or choose another folder with CITYOPS_DATA_DIR",
                ),
            ) from None
        yield


def web_address(product: Product) -> str:
    """Where a browser on this machine finds the product."""
    return f"http://{reachable_host(product.settings.http_host)}:{product.settings.http_port}"


def reachable_host(host: str) -> str:
    """Where to reach on this machine what listens on ``host``."""
    return "127.0.0.1" if host in {"0.0.0.0", "::"} else host


def web_folder() -> Path:
    """The built user interface: in the package when installed from a wheel, else in the checkout."""
    packaged = Path(__file__).resolve().parents[1] / "web"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parents[3] / "web" / "dist"
