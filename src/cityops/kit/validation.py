"""What pydantic finds wrong, in Chinese and English; and the errors of our own models, which bring both."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from pydantic_core import PydanticCustomError

from cityops.kit.errors import Text

_OWN: Final = "declared"


def refusal(zh: str, en: str) -> PydanticCustomError:
    """What a validator of a declared model raises: one fault in two languages."""
    return PydanticCustomError(_OWN, "{en}", {"zh": zh, "en": en})


def rule_sentence(error: Mapping[str, Any]) -> Text:
    """One of pydantic's errors as a sentence without its field."""
    kind = str(error["type"])
    context: Mapping[str, Any] = error.get("ctx") or {}
    match kind:
        case "declared":
            return Text(context["zh"], context["en"])
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
        case "string_pattern_mismatch":
            pattern = context["pattern"]
            return Text(f"格式不符，应匹配 {pattern}", f"does not have the form {pattern}")
        case "too_short":
            least = context["min_length"]
            return Text(f"至少 {least} 项", f"needs at least {least} entries")
        case "too_long":
            most = context["max_length"]
            return Text(f"最多 {most} 项", f"may have at most {most} entries")
        case "literal_error" | "enum":
            wanted = str(context["expected"])
            return Text(f"只能是 {wanted.replace(' or ', ' 或 ')}", f"must be {wanted}")
        case "json_invalid":
            return Text("不是有效的 JSON", "is not valid JSON")
        case "timezone_aware":
            return Text("必须带时区，例如 +08:00", "needs a time zone, for example +08:00")
        case "finite_number":
            return Text("必须是有限的数", "must be a finite number")
    return _bound_sentence(kind, context) or _type_sentence(kind, str(error["msg"]))


def _bound_sentence(kind: str, context: Mapping[str, Any]) -> Text | None:
    match kind:
        case "greater_than_equal" | "greater_than":
            least = context["ge"] if "ge" in context else context["gt"]
            return Text(f"不能小于 {least}", f"must not be below {least}")
        case "less_than_equal" | "less_than":
            most = context["le"] if "le" in context else context["lt"]
            return Text(f"不能大于 {most}", f"must not be above {most}")
    return None


def _type_sentence(kind: str, message: str) -> Text:
    """The errors that only say which type was wanted."""
    if kind == "int_from_float":
        return Text("必须是整数", "must be a whole number")
    if kind.startswith(("int_", "float_")):
        return Text("必须是数字", "must be a number")
    if kind.startswith("bool_"):
        return Text("只能是 true 或 false", "must be true or false")
    if kind.startswith("date_from") or kind in ("date_type", "date_parsing"):
        return Text("必须是日期，例如 2026-05-01", "must be a date such as 2026-05-01")
    if kind.startswith(("datetime_", "date_")):
        return Text("必须是时间，例如 2026-05-01T08:00:00+08:00", "must be a time such as 2026-05-01T08:00:00+08:00")
    if kind.startswith("string_"):
        return Text("必须是文字", "must be text")
    if kind in ("tuple_type", "list_type", "set_type"):
        return Text("必须是列表（每项一行，以“- ”开头）", "must be a list (one entry a line, each begins with '- ')")
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return Text("必须是若干“键: 值”", "must be entries of the form 'key: value'")
    return Text(f"不符合要求（{message}）", message)
