"""The user's words for fields and for what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from cityops.kit import Text

_FIELDS: Final[Mapping[str, Text]] = {
    "username": Text("用户名", "user name"),
    "password": Text("密码", "password"),
    "display_name": Text("姓名", "name"),
    "role": Text("角色", "role"),
    "reason": Text("原因", "reason"),
    "lon": Text("经度", "longitude"),
    "lat": Text("纬度", "latitude"),
    "from": Text("开始时间", "from"),
    "to": Text("结束时间", "to"),
    "from_at": Text("开始时间", "from"),
    "to_at": Text("结束时间", "to"),
    "plate": Text("车牌号码", "plate"),
    "vehicle_class": Text("车辆类别", "vehicle class"),
    "unit_id": Text("单位", "unit"),
    "purpose": Text("查询目的", "purpose"),
    "case_id": Text("案件", "case"),
    "version": Text("版本", "version"),
    "comment": Text("意见", "comment"),
    "form": Text("表单", "form"),
    "on": Text("上班", "on shift"),
    "page": Text("页码", "page"),
    "page_size": Text("每页条数", "page size"),
    "state": Text("状态", "state"),
    "severity": Text("等级", "severity"),
    "q": Text("查询词", "search words"),
    "body": Text("请求内容", "request body"),
    "area_codes": Text("辖区", "areas"),
    "coordinate_system": Text("坐标系", "coordinate system"),
}


def field_title(name: str) -> Text:
    """A field's title; its own name where the product has no better word."""
    return _FIELDS.get(name.rsplit(".", 1)[-1], Text(name, name))


def rule_sentence(error: Mapping[str, Any]) -> Text:
    """One of pydantic's errors as a sentence without its field."""
    kind = str(error["type"])
    context: Mapping[str, Any] = error.get("ctx") or {}
    match kind:
        case "missing":
            return Text("必须填写", "is required")
        case "extra_forbidden":
            return Text("不是可识别的字段", "is not a known field")
        case "string_too_short":
            least = context["min_length"]
            return Text(f"至少 {least} 个字符", f"needs at least {least} characters")
        case "string_too_long":
            most = context["max_length"]
            return Text(f"最多 {most} 个字符", f"may have at most {most} characters")
        case "greater_than_equal" | "greater_than":
            least = context["ge"] if "ge" in context else context["gt"]
            return Text(f"不能小于 {least}", f"must not be below {least}")
        case "less_than_equal" | "less_than":
            most = context["le"] if "le" in context else context["lt"]
            return Text(f"不能大于 {most}", f"must not be above {most}")
        case "literal_error" | "enum":
            return Text(f"只能是 {context['expected']}", f"must be {context['expected']}")
        case "json_invalid":
            return Text("不是有效的 JSON", "is not valid JSON")
        case "timezone_aware":
            return Text("必须带时区，例如 +08:00", "needs a time zone, for example +08:00")
        case "finite_number":
            return Text("必须是有限的数", "must be a finite number")
    return _type_sentence(kind, str(error["msg"]))


def _type_sentence(kind: str, message: str) -> Text:
    """The errors that only say which type was wanted."""
    if kind.startswith(("int_", "float_")):
        return Text("必须是数字", "must be a number")
    if kind.startswith("bool_"):
        return Text("只能是 true 或 false", "must be true or false")
    if kind.startswith(("datetime_", "date_")):
        return Text("必须是时间，例如 2026-05-01T08:00:00+08:00", "must be a time such as 2026-05-01T08:00:00+08:00")
    if kind.startswith("string_"):
        return Text("必须是文字", "must be text")
    return Text(f"不符合要求（{message}）", message)
