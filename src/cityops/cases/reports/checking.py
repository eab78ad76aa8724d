"""Checks of a report (上报校验): every fault is found at once and named."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Final

from cityops.cases.reports.values import (
    DESCRIPTION_MAX,
    LINE_MAX,
    URL_MAX,
    Attribute,
    DataType,
    NewReport,
    Service,
)
from cityops.kit import Text

ATTRIBUTES_MAX: Final = 50
VALUES_MAX: Final = 50
Bounds = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

_CLIENT_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean(words: str | None) -> str | None:
    """Words without outer blanks; what neither XML 1.0 nor a database can hold becomes U+FFFD; None when empty."""
    if words is None:
        return None
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", words).replace("\r\n", "\n").strip() or None


def faults_of(new: NewReport, service: Service, bounds: Bounds | None) -> tuple[Text, ...]:
    """Everything that is wrong; empty when the report can be taken."""
    contact = new.contact
    lines = {
        "address_string": (new.address, LINE_MAX),
        "address_id": (new.address_id, 100),
        "media_url": (new.media_url, URL_MAX),
        "first_name": (contact.first_name, 100),
        "last_name": (contact.last_name, 100),
        "phone": (contact.phone, 40),
        "email": (contact.email, 200),
        "description": (new.description, DESCRIPTION_MAX),
    }
    faults = [_too_long(name, most) for name, (words, most) in lines.items() if words and len(words) > most]
    if new.client_id is not None and not _CLIENT_ID.fullmatch(new.client_id):
        faults.append(
            Text("重复提交编号需为 8 至 64 位字母、数字、- 或 _", "the client id has 8 to 64 letters, digits, - or _")
        )
    return (*faults, *_place_faults(new, bounds), *_attribute_faults(new.attributes, service.attributes))


def _place_faults(new: NewReport, bounds: Bounds | None) -> list[Text]:
    lon, lat = new.lon, new.lat
    if lon is None and lat is None:
        if new.address or new.address_id:
            return []
        return [
            Text(
                "缺少位置：请给出 lat 和 long，或 address_string，或 address_id",
                "the location is missing: give lat and long, or address_string, or address_id",
            )
        ]
    if lon is None or lat is None:
        return [Text("lat 和 long 必须同时给出", "lat and long must both be given")]
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):  # NaN too
        return [Text("lat 或 long 不是 WGS-84 经纬度", "lat or long is not in WGS-84 degrees")]
    if bounds and not (bounds[0] <= lon <= bounds[2] and bounds[1] <= lat <= bounds[3]):
        return [Text("位置不在本市范围内", "the location is outside this city")]
    return []


def _attribute_faults(given: Mapping[str, tuple[str, ...]], asked: tuple[Attribute, ...]) -> list[Text]:
    if len(given) > ATTRIBUTES_MAX or any(len(values) > VALUES_MAX for values in given.values()):
        return [Text("属性过多", "too many attributes")]
    known = {attribute.code: attribute for attribute in asked if attribute.variable}
    faults = [
        Text(f"本服务没有属性 {code[:40]}", f"the service has no attribute {code[:40]}")
        for code in given
        if code not in known
    ]
    for code, attribute in known.items():
        values = given.get(code, ())
        if attribute.required and not values:
            faults.append(Text(f"缺少必填属性 {code}", f"the required attribute {code} is missing"))
        if len(values) > 1 and attribute.datatype is not DataType.MULTI:
            faults.append(Text(f"属性 {code} 只能有一个值", f"the attribute {code} takes one value"))
        faults += [
            Text(
                f"属性 {code} 的值不合要求", f"a value of the attribute {code} does not fit {attribute.datatype.value}"
            )
            for value in values
            if not _FITS[attribute.datatype](value, attribute)
        ]
    return faults


def _is_number(value: str, _: Attribute) -> bool:
    try:
        return len(value) <= 40 and math.isfinite(float(value))
    except ValueError:
        return False


def _is_moment(value: str, _: Attribute) -> bool:
    try:
        datetime.fromisoformat(value[:40])
    except ValueError:
        return False
    return True


def _is_choice(value: str, attribute: Attribute) -> bool:
    return any(choice.key == value for choice in attribute.choices)


_FITS: Final[Mapping[DataType, Callable[[str, Attribute], bool]]] = {
    DataType.STRING: lambda value, _: len(value) <= LINE_MAX and "\n" not in value,
    DataType.TEXT: lambda value, _: len(value) <= DESCRIPTION_MAX,
    DataType.NUMBER: _is_number,
    DataType.DATETIME: _is_moment,
    DataType.SINGLE: _is_choice,
    DataType.MULTI: _is_choice,
}


def _too_long(name: str, most: int) -> Text:
    return Text(f"{name} 超过 {most} 个字", f"{name} is longer than {most} characters")
