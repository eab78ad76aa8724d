"""What is said when an item is not taken or not shown."""

from __future__ import annotations

from typing import Final

from cityops.kit import BusyError, ConflictError, ForbiddenError, InvalidError, NotFoundError, Text

NOT_KEPT: Final = Text("文件没有保存", "the file was not kept")


def wrong(zh: str, en: str) -> InvalidError:
    """A field is wrong."""
    return InvalidError(zh, en, code="evidence.field", kept=NOT_KEPT)


def may_not_add() -> ForbiddenError:
    """The role may not add evidence."""
    return ForbiddenError(
        "您的角色不能上传证据",
        "your role may not add evidence",
        code="access.forbidden",
        kept=NOT_KEPT,
        todo=Text("请联系管理员", "ask the administrator"),
    )


def only_photos() -> InvalidError:
    """Anonymous, and not a photo."""
    return InvalidError(
        "匿名举报只接受照片：录音、视频和文书可能暴露您的身份",
        "an anonymous tip-off takes photos only: sound, film and documents may give you away",
        code="evidence.anonymous",
        kept=NOT_KEPT,
        todo=Text("请上传照片，或用文字说明", "upload a photo, or say it in words"),
    )


def no_item() -> NotFoundError:
    """No such item, or not for this person."""
    return NotFoundError("没有这份证据", "there is no such evidence", code="evidence.missing")


def other_case() -> ConflictError:
    """The item is another case's."""
    return ConflictError(
        "这份证据已属于另一个案件",
        "this evidence belongs to another case",
        code="evidence.case",
        kept=Text("没有改变任何内容", "nothing was changed"),
    )


def filed() -> ConflictError:
    """The item is a case's or a report's."""
    return ConflictError(
        "这份证据已归入案件，不能撤下",
        "this evidence belongs to a case and cannot be taken back",
        code="evidence.filed",
        kept=Text("没有改变任何内容", "nothing was changed"),
    )


def compared() -> ConflictError:
    """Another item names this one as the photo from before."""
    return ConflictError(
        "有整改后的照片与它对比，不能撤下",
        "a photo from afterwards is compared with this one, so it cannot be taken back",
        code="evidence.compared",
        kept=Text("没有改变任何内容", "nothing was changed"),
        todo=Text("请先撤下整改后的照片", "take the photo from afterwards back first"),
    )


def may_not_open_original() -> ForbiddenError:
    """The original of a photo, for somebody who may see the copy only."""
    return ForbiddenError(
        "原始照片含有拍摄位置等信息，您的角色只能查看副本",
        "the original photo holds where it was taken: your role sees the copy only",
        code="evidence.original",
        todo=Text("请查看副本，或请受理员调阅", "look at the copy, or ask the desk"),
    )


def full(bound: int) -> BusyError:
    """A bound of items is reached."""
    return BusyError(
        f"附件数量已达上限 {bound}",
        f"the bound of {bound} items is reached",
        code="evidence.full",
        kept=NOT_KEPT,
        todo=Text(
            "请先立案或联系受理员；手机上的原件请勿删除", "file the case first or ask the desk; keep it on the phone"
        ),
    )
