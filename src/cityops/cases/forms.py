"""Forms: what a person filled in, checked against what the transition asks for."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from cityops.cases.workflow import FormField, Option, Transition
from cityops.kit import InvalidError, Text

MAX_TEXT: Final = 200
MAX_LONG_TEXT: Final = 4000
MAX_UNITS: Final = 20
"""Units that one step may name for a joint handling (联合处置)."""
REASON: Final = "reason"
"""The name under which a return path asks for its reason; the step's comment serves as well."""

REASON_TITLE: Final = Text("理由", "Reason")

_UNCHANGED: Final = Text("案件没有变化", "the case was not changed")


def read_form(
    transition: Transition,
    form: Mapping[str, Any],
    comment: str | None,
    options: Callable[[FormField], Collection[Option]],
) -> tuple[dict[str, Any], str | None]:
    """The checked values and the comment (the reason, where one is needed).

    ``options`` gives the choices of a field, which may depend on the case.

    Raises:
        InvalidError: a field is missing, unknown or of the wrong kind, or a return has no reason.
    """
    given = dict(form)
    reason = given.pop(REASON, None) if transition.needs_reason else None
    values = read_fields(transition.form, given, options)
    words = _read_comment(comment if reason is None else reason)
    if transition.needs_reason and words is None:
        raise _invalid(
            f"“{transition.title.zh}”必须写明理由", f"{transition.title.en!r} needs a reason", "case.reason_missing"
        )
    return values, words


def read_fields(
    fields: Sequence[FormField], given: Mapping[str, Any], options: Callable[[FormField], Collection[Option]]
) -> dict[str, Any]:
    """The checked values of the fields that are filled in; raises as ``read_form``."""
    known = {field.name: field for field in fields}
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise _invalid(
            f"表单没有字段：{'、'.join(unknown)}", f"the form has no field {', '.join(unknown)}", "case.form_unknown"
        )
    return {
        name: value
        for name, field in known.items()
        if (value := _read(field, given.get(name), options(field))) is not None
    }


def _read_comment(comment: object) -> str | None:
    if comment is None:
        return None
    if not isinstance(comment, str):
        raise _invalid("说明应为文字", "the comment must be text", "case.form_kind")
    words = comment.strip()
    if len(words) > MAX_LONG_TEXT:
        raise _invalid(
            f"说明超过{MAX_LONG_TEXT}字", f"the comment has more than {MAX_LONG_TEXT} characters", "case.form_long"
        )
    return words or None


def _read(field: FormField, value: object, options: Collection[Option]) -> Any:
    if isinstance(value, str):
        value = value.strip()
    if value is None or value == "" or value == []:
        if field.required:
            raise _invalid(f"请填写“{field.title.zh}”", f"{field.title.en!r} is missing", "case.form_missing")
        return None
    if _fits(field, value, options):
        return value
    raise _invalid(f"“{field.title.zh}”填写不正确", f"{field.title.en!r} is not a valid {field.kind}", "case.form_kind")


def _fits(field: FormField, value: object, options: Collection[Option]) -> bool:
    match field.kind:
        case "text" | "crew" | "unit" | "person" | "case":
            return isinstance(value, str) and len(value) <= MAX_TEXT
        case "long_text":
            return isinstance(value, str) and len(value) <= MAX_LONG_TEXT
        case "number":
            return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
        case "choice" | "standard" | "closing":
            return any(option.value == value for option in options)
        case "units":
            return _are_names(value)
        case "datetime":
            return _is_moment(value)
        case "boolean":
            return isinstance(value, bool)


def _are_names(value: object) -> bool:
    if not isinstance(value, list) or len(value) > MAX_UNITS:
        return False
    short = all(isinstance(name, str) and 0 < len(name) <= MAX_TEXT for name in value)
    return short and len(set(value)) == len(value)


def _is_moment(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False


def _invalid(zh: str, en: str, code: str) -> InvalidError:
    return InvalidError(zh, en, code=code, kept=_UNCHANGED, todo=Text("改正后重新提交", "correct it and submit again"))
