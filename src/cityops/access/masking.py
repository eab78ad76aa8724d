"""Masking (脱敏): what somebody sees who may not read the whole of a plate or a telephone number."""

from __future__ import annotations

from cityops.access.principal import Principal
from cityops.access.roles import Permission


def mask_plate(plate: str, principal: Principal) -> str:
    """The plate for a role with ``plates.read``, else ``晋A·***12``: only the place and the last two characters."""
    if principal.can(Permission.PLATES_READ):
        return plate
    text = plate.replace("·", "").replace(" ", "")
    if len(text) < 6:
        return "*" * len(text)
    return f"{text[:2]}·{'*' * (len(text) - 4)}{text[-2:]}"


def mask_phone(phone: str) -> str:
    """``138****5678``: a telephone number with its middle starred; short numbers are starred wholly."""
    digits = phone.strip()
    if len(digits) < 8:
        return "*" * len(digits)
    return f"{digits[:3]}{'*' * (len(digits) - 7)}{digits[-4:]}"
