"""Settings: a wrong one stops the product with a sentence that says what would fit."""

from pathlib import Path

import pytest

from cityops.kit import ConfigError
from cityops.settings import describe_settings, load_settings


def test_defaults_are_the_embedded_product() -> None:
    settings = load_settings({})
    assert settings.store_url == "sqlite:///data/cityops.db"
    assert (settings.http_host, settings.http_port) == ("127.0.0.1", 8080)
    assert settings.demo


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "city.toml"
    file.write_text('http_port = 9000\ndemo = false\ndata_dir = "/srv/city"\n')
    settings = load_settings({"CITYOPS_CONFIG": str(file), "CITYOPS_HTTP_PORT": "9001"})
    assert settings.http_port == 9001
    assert not settings.demo
    assert settings.data_dir == Path("/srv/city")


@pytest.mark.parametrize(
    ("name", "value", "todo"),
    [
        ("CITYOPS_HTTP_PORT", "eighty", "write a whole number from 0 to 65535"),
        ("CITYOPS_HTTP_PORT", "70000", "write a whole number from 0 to 65535"),
        ("CITYOPS_DEMO", "perhaps", "write true or false"),
        ("CITYOPS_HTTP_PROT", "8080", "see all settings with cityops doctor --settings"),
    ],
)
def test_a_wrong_setting_says_what_would_fit(name: str, value: str, todo: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings({name: value})
    assert name in caught.value.text.en
    assert name in caught.value.text.zh
    assert caught.value.todo is not None
    assert caught.value.todo.en == todo


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml does not exist"):
        load_settings({"CITYOPS_CONFIG": str(tmp_path / "nowhere.toml")})
    broken = tmp_path / "broken.toml"
    broken.write_text("http_port = = 1")
    with pytest.raises(ConfigError, match=r"broken\.toml cannot be read"):
        load_settings({"CITYOPS_CONFIG": str(broken)})


def test_secrets_are_not_shown() -> None:
    settings = load_settings(
        {"CITYOPS_DATABASE_URL": "postgresql://user:hunter2@db/city", "CITYOPS_TIANDITU_KEY": "abc"}
    )
    shown = str(describe_settings(settings))
    assert "hunter2" not in shown
    assert "abc" not in shown
