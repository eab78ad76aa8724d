"""Settings: what can be configured, its default, its check. ``bootstrap`` is the only caller of ``load_settings``.

Every setting is a ``CITYOPS_…`` variable or the same name in lower case in one TOML file (``cityops.toml`` in the
working folder, or the file that ``CITYOPS_CONFIG`` names). A variable wins over the file.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final

from cityops.kit import ConfigError, Text

_PREFIX: Final = "CITYOPS_"


def _setting(default: Any, zh: str, en: str, *, low: int | None = None, high: int | None = None) -> Any:
    return field(default=default, metadata={"text": Text(zh, en), "low": low, "high": high})


@dataclass(frozen=True)
class Settings:
    """All settings, checked. See ``docs/reference/settings.md``, which is generated from here."""

    data_dir: Path = _setting(Path("data"), "数据文件夹", "folder for everything the product stores")
    database_url: str = _setting(
        "",
        "关系库地址；空则用数据文件夹里的 SQLite。PostgreSQL 例：postgresql://user:secret@db/cityops",
        "relational store; empty means SQLite in the data folder. PostgreSQL: postgresql://user:secret@db/cityops",
    )
    http_host: str = _setting("127.0.0.1", "网页与接口的监听地址", "address the web interface listens on")
    http_port: int = _setting(8080, "网页与接口的端口", "port of the web interface", low=0, high=65535)
    secure_cookies: bool = _setting(False, "仅经 HTTPS 发送登录凭证", "send the session cookie over HTTPS only")
    jt808_host: str = _setting("127.0.0.1", "JT/T 808 网关监听地址", "address the JT/T 808 gateway listens on")
    jt808_port: int = _setting(7808, "JT/T 808 网关端口", "port of the JT/T 808 gateway", low=0, high=65535)
    jt808_max_connections: int = _setting(
        25000, "JT/T 808 最大连接数", "most terminals connected at once", low=1, high=1_000_000
    )
    demo: bool = _setting(True, "装入合成的演示城市与演示账号", "load the synthetic demo city and its accounts")
    demo_trucks: int = _setting(300, "演示车辆数", "trucks in the demo city", low=1, high=20_000)
    demo_interval_s: int = _setting(
        5, "演示车辆上报间隔（秒）", "seconds between a demo truck's positions", low=1, high=300
    )
    session_idle_h: int = _setting(8, "无操作多少小时后退出登录", "hours without use before sign-out", low=1, high=168)
    position_retention_days: int = _setting(
        90, "车辆位置保存天数", "days that vehicle positions are kept", low=1, high=3650
    )
    patrol_retention_days: int = _setting(
        30, "巡查轨迹保存天数", "days that the tracks of patrols are kept", low=1, high=365
    )
    report_contact_days: int = _setting(
        90,
        "办结后多少天删除上报人姓名和联系方式",
        "days after closing when names and contacts of reporters are deleted",
        low=1,
        high=3650,
    )
    public_url: str = _setting(
        "",
        "公众访问本平台的网址（写入 Open311 发现文件）；空则用监听地址",
        "where the public reaches the product (named in the Open311 discovery file); empty: the address listened on",
    )
    open311_jurisdiction: str = _setting(
        "",
        "Open311 辖区标识（jurisdiction_id），一般为城市网址；空则不检查",
        "Open311 jurisdiction_id; empty: not checked",
    )
    log_min_free_mb: int = _setting(
        200,
        "磁盘剩余低于该值（MB）时拒收并报警",
        "free disk (MB) below which intake is refused loudly",
        low=1,
        high=1_000_000,
    )
    tianditu_key: str = _setting("", "天地图密钥；空则用自有底图", "Tianditu key; empty draws the city's own base map")

    @property
    def store_url(self) -> str:
        """The relational store's URL, SQLite in the data folder unless set."""
        return self.database_url or f"sqlite:///{self.data_dir / 'cityops.db'}"


def _convert(name: str, kind: str, raw: Any, low: int | None, high: int | None) -> Any:
    wrong = ConfigError(
        f"设置 {_PREFIX}{name.upper()} 的值“{raw}”无效",
        f"the setting {_PREFIX}{name.upper()} has the invalid value {raw!r}",
        todo=Text(*_expectation(kind, low, high)),
    )
    if kind == "bool":
        if isinstance(raw, bool):
            return raw
        word = str(raw).strip().lower()
        if word not in {"1", "0", "true", "false", "yes", "no", "on", "off"}:
            raise wrong
        return word in {"1", "true", "yes", "on"}
    if kind == "int":
        try:
            number = int(str(raw))
        except ValueError:
            raise wrong from None
        if (low is not None and number < low) or (high is not None and number > high):
            raise wrong
        return number
    if not isinstance(raw, str):
        raise wrong
    return Path(raw).expanduser() if kind == "Path" else raw


def _expectation(kind: str, low: int | None, high: int | None) -> tuple[str, str]:
    if kind == "bool":
        return "请写 true 或 false", "write true or false"
    if kind == "int":
        return f"请写 {low} 到 {high} 之间的整数", f"write a whole number from {low} to {high}"
    return "请写一段文字", "write a text"


def _read_file(environment: Mapping[str, str]) -> dict[str, Any]:
    named = environment.get(f"{_PREFIX}CONFIG")
    path = Path(named) if named else Path("cityops.toml")
    if not path.exists():
        if named:
            raise ConfigError(f"找不到设置文件 {path}", f"the settings file {path} does not exist")
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"设置文件 {path} 无法读取：{error}", f"the settings file {path} cannot be read: {error}"
        ) from error


def load_settings(environment: Mapping[str, str]) -> Settings:
    """Read file and variables, check every value.

    Raises:
        ConfigError: an unknown name or a value that does not fit, with what would.
    """
    known = {item.name: item for item in fields(Settings)}
    values: dict[str, Any] = {}
    given = _read_file(environment)
    given |= {
        key.removeprefix(_PREFIX).lower(): value
        for key, value in environment.items()
        if key.startswith(_PREFIX) and key != f"{_PREFIX}CONFIG"
    }
    for name, raw in given.items():
        if name not in known:
            raise ConfigError(
                f"没有名为 {_PREFIX}{name.upper()} 的设置",
                f"there is no setting {_PREFIX}{name.upper()}",
                todo=Text(
                    "用 cityops doctor --settings 查看全部设置", "see all settings with cityops doctor --settings"
                ),
            )
        item = known[name]
        values[name] = _convert(name, str(item.type), raw, item.metadata["low"], item.metadata["high"])
    return Settings(**values)


def describe_settings(settings: Settings | None = None) -> list[tuple[str, str, Text]]:
    """Every setting as (variable, default or current value, what it means); secrets are not shown."""
    rows = []
    for item in fields(Settings):
        value = str(getattr(settings, item.name) if settings else item.default)
        if item.name == "database_url" and "@" in value:
            value = value.split("://", 1)[0] + "://…@" + value.rsplit("@", 1)[1]
        if item.name.endswith("_key") and value:
            value = "…"
        rows.append((f"{_PREFIX}{item.name.upper()}", value, item.metadata["text"]))
    return rows
