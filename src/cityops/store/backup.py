"""Backup and restore (备份与恢复) while the product runs.

A backup is a folder::

    store.db         every table, as one SQLite file, also when the store is PostgreSQL
    data/files/…     the files, and other folders of the data folder if asked for
    manifest.json    counts and checksums of all that, the schema's revision, and the seals

The tables are copied first: a file is on the disk before a row speaks of it, so the copy of the files holds all that
the rows need. A *seal* is a function that looks at the tables and returns facts worth comparing, for example the
length and last hash of the audit chain.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from cityops.kit import ConflictError, InvalidError, Text, UnavailableError
from cityops.store.backupfile import (
    TableSum,
    check_known,
    copy_sqlite,
    copy_tables,
    defer_references,
    delete_all,
    read_sequences,
    restore_references,
    row_count,
    table_sums,
    write_sequences,
)
from cityops.store.copytree import CopiedFile, copy_folder, digest_of, folder_files, sync_file
from cityops.store.engines import open_engines, plain_engine
from cityops.store.files import Files, sync_folder
from cityops.store.revisions import current_revision
from cityops.store.schema import metadata
from cityops.store.store import Store

Seal = Callable[[Connection], Mapping[str, Any]]

FORMAT: Final = 1
FILES: Final = "files"
_DATABASE: Final = "store.db"
_MANIFEST: Final = "manifest.json"
_DATA: Final = "data"
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    format: int
    created_ms: int
    dialect: str
    revision: str | None
    tables: dict[str, TableSum]
    sequences: dict[str, int]
    seals: dict[str, Any]
    folders: list[str]
    files: list[CopiedFile]
    vanished: int


def backup(
    store: Store, data_dir: Path, target: Path, *, extra: Sequence[str] = (), seal: Seal | None = None
) -> Manifest:
    """Copy the store, ``data_dir/files`` and the ``extra`` folders into the new folder ``target``.

    ``target`` appears only when everything in it is on the disk. ``extra`` folders are copied in the given order.

    Raises:
        ConflictError: there is a ``target`` already.
        ConfigError: the database has tables this product does not know.
        UnavailableError: the disk is full or cannot be written; no backup was kept.
    """
    if target.exists():
        raise _target_exists(target)
    partial = target.with_name(f"{target.name}.partial")
    with _disk_errors():
        shutil.rmtree(partial, ignore_errors=True)
        (partial / _DATA).mkdir(parents=True)
        try:
            manifest = _fill(store, data_dir, partial, (FILES, *extra), seal)
            _write_manifest(partial, manifest)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
        sync_folder(target.parent)
    return manifest


def read_manifest(source: Path) -> Manifest:
    """The manifest of a backup; ``InvalidError`` when the folder holds none this product understands."""
    try:
        raw = json.loads((source / _MANIFEST).read_text(encoding="utf-8"))
        tables = {name: TableSum(**each) for name, each in raw["tables"].items()}
        manifest = Manifest(**{**raw, "tables": tables, "files": [CopiedFile(**file) for file in raw["files"]]})
    except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, KeyError, TypeError) as error:
        raise _no_backup(source) from error
    outside = [name for name in manifest.folders if Path(name).is_absolute() or ".." in Path(name).parts]
    if manifest.format != FORMAT or outside:
        raise _no_backup(source)
    return manifest


def verify_backup(source: Path) -> Manifest:
    """Read everything in a backup again and compare it with its manifest; ``InvalidError`` names what differs."""
    manifest = read_manifest(source)
    for file in manifest.files:
        path = source / _DATA / file.path
        if not path.is_file() or digest_of(path) != (file.size, file.sha256):
            raise _damaged(file.path)
    if not (source / _DATABASE).is_file():
        raise _damaged(_DATABASE)
    return manifest


def restore(
    source: Path, store: Store, data_dir: Path, *, overwrite: bool = False, seal: Seal | None = None
) -> Manifest:
    """Bring a backup back into a migrated store and its data folder; the product must not run meanwhile.

    The tables come back in one transaction, compared row by row with the backup before it is committed. A backup of an
    older version is migrated on the way.

    Raises:
        InvalidError: the backup is damaged; nothing was changed.
        ConflictError: store or folders are not empty, and ``overwrite`` was not given; nothing was changed.
        ConfigError: the backup is from a newer version; nothing was changed.
    """
    manifest = verify_backup(source)
    if not overwrite:
        _check_empty(store, data_dir, manifest.folders)
    others = [name for name in manifest.folders if name != FILES and (source / _DATA / name).is_dir()]
    with _disk_errors(), tempfile.TemporaryDirectory(dir=data_dir, prefix="restore-") as folder:
        work = Path(folder)
        shutil.copyfile(source / _DATABASE, work / _DATABASE)
        expected = _prepare_copy(work / _DATABASE, manifest)
        _add_files(source / _DATA / FILES, data_dir / FILES)
        for name in others:
            copy_folder(source / _DATA, name, work / "new")
        engine = plain_engine(work / _DATABASE)
        with engine.connect() as rows:
            store.write(lambda conn: _replace_rows(rows, conn, manifest, expected, seal))
        engine.dispose()
        for name in others:
            _replace_folder(work, data_dir, name)
    return manifest


def _fill(store: Store, data_dir: Path, partial: Path, folders: Sequence[str], seal: Seal | None) -> Manifest:
    copy = partial / _DATABASE
    with store.read() as conn:
        check_known(conn)
        revision = current_revision(conn)
        if store.dialect == "sqlite":
            copy_sqlite(conn, copy)
        else:
            _copy_postgresql(conn, copy, revision)
    engine = plain_engine(copy)
    with engine.connect() as conn:
        tables, sequences = table_sums(conn), read_sequences(conn)
        seals = dict(seal(conn)) if seal is not None else {}
    engine.dispose()
    sync_file(copy)
    files: list[CopiedFile] = []
    vanished = 0
    for name in folders:
        copied, gone = copy_folder(data_dir, name, partial / _DATA)
        files += copied
        vanished += gone
    return Manifest(
        FORMAT, store.now_ms(), store.dialect, revision, tables, sequences, seals, list(folders), files, vanished
    )


def _copy_postgresql(conn: Connection, copy: Path, revision: str | None) -> None:
    """``conn`` is in one REPEATABLE READ transaction: every table is read as of the same moment."""
    engine = plain_engine(copy)
    with engine.begin() as target:
        metadata.create_all(target)
        copy_tables(conn, target)
        write_sequences(target, read_sequences(conn))
        if revision is not None:
            from cityops.store.migrate import stamp  # as in Store.migrate

            stamp(target, revision)
    engine.dispose()


def _prepare_copy(copy: Path, manifest: Manifest) -> dict[str, TableSum]:
    """Check the copied tables against the manifest, bring them to today's schema, and return what they hold then."""
    engine = plain_engine(copy)
    with engine.connect() as conn:
        integrity = conn.exec_driver_sql("PRAGMA integrity_check").scalar_one()
        if integrity != "ok":
            raise _damaged(_DATABASE)
    if manifest.revision is not None:
        from cityops.store.migrate import upgrade  # as in Store.migrate

        engines = open_engines(f"sqlite:///{copy}", readers=1)
        upgrade(engines)
        engines.dispose()
    with engine.connect() as conn:
        check_known(conn)
        sums = table_sums(conn)
        unchanged = current_revision(conn) == manifest.revision
    engine.dispose()
    if unchanged and sums != manifest.tables:
        raise _damaged(_DATABASE)
    return sums


def _replace_rows(
    rows: Connection, conn: Connection, manifest: Manifest, expected: dict[str, TableSum], seal: Seal | None
) -> None:
    check_known(conn)
    defer_references(conn)
    delete_all(conn)
    copy_tables(rows, conn)
    restore_references(conn)
    write_sequences(conn, manifest.sequences)
    if table_sums(conn) != expected:
        raise _damaged(_DATABASE)
    if seal is not None and json.loads(json.dumps(dict(seal(conn)))) != manifest.seals:
        raise _damaged("seals")


def _check_empty(store: Store, data_dir: Path, folders: Sequence[str]) -> None:
    with store.read() as conn:
        check_known(conn)
        filled = [] if row_count(conn) == 0 else ["store"]
    filled += [name for name in folders if any(folder_files(data_dir / name))]
    if filled:
        raise ConflictError(
            f"目标不是空的：{'、'.join(filled)}",
            f"the target is not empty: {', '.join(filled)}",
            code="restore.not_empty",
            kept=Text("没有改变任何内容", "nothing was changed"),
            todo=Text("请恢复到空的数据目录，或明确要求覆盖", "restore into an empty data folder, or ask to overwrite"),
        )


def _add_files(source: Path, target: Path) -> None:
    """Files only come in addition: their names are their content."""
    files = Files(target)
    for path in folder_files(source):
        with path.open("rb") as content:
            if files.put(iter(lambda: content.read(_CHUNK), b"")).sha256 != path.name:
                raise _damaged(f"{FILES}/{path.name}")


def _replace_folder(work: Path, data_dir: Path, name: str) -> None:
    if (data_dir / name).exists():
        (work / "old" / name).parent.mkdir(parents=True, exist_ok=True)
        (data_dir / name).rename(work / "old" / name)
    (data_dir / name).parent.mkdir(parents=True, exist_ok=True)
    (work / "new" / name).rename(data_dir / name)
    sync_folder(data_dir)


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    path = folder / _MANIFEST
    path.write_text(json.dumps(asdict(manifest), ensure_ascii=False, indent=1), encoding="utf-8")
    sync_file(path)
    sync_folder(folder)


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnavailableError(
            f"备份无法读写磁盘：{error.strerror}：{error.filename}",
            f"the backup cannot read or write the disk: {error.strerror}: {error.filename}",
            code="backup.disk",
            kept=Text("没有留下备份，原有数据未变", "no backup was kept; the data is as it was"),
            todo=Text("请检查磁盘空间和目录权限后重试", "check disk space and permissions, then try again"),
        ) from error


def _target_exists(target: Path) -> ConflictError:
    return ConflictError(
        f"备份目标已存在：{target}",
        f"the backup's target is there already: {target}",
        code="backup.exists",
        kept=Text("没有改变任何内容", "nothing was changed"),
        todo=Text("请换一个目录名", "choose another name"),
    )


def _no_backup(source: Path) -> InvalidError:
    return InvalidError(
        f"{source} 不是本程序能读的备份",
        f"{source} is not a backup this product can read",
        code="backup.unknown",
        kept=Text("没有改变任何内容", "nothing was changed"),
        todo=Text("请选择由 cityops backup 生成的目录", "choose a folder that cityops backup made"),
    )


def _damaged(what: str) -> InvalidError:
    return InvalidError(
        f"备份已损坏：{what} 与清单不符",
        f"the backup is damaged: {what} does not fit its manifest",
        code="backup.damaged",
        kept=Text("没有改变数据库", "the database was not changed"),
        todo=Text("请使用另一份备份", "use another backup"),
    )
