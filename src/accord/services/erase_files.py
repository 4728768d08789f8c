"""Taking a person out of the files of the home folder: what was sent, reports, what waits.

Each step may be killed anywhere and is then done again. ``dry_run`` counts and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from accord.crm import FileCrm
from accord.errors import InputError
from accord.ledger.batch_rows import read_taken
from accord.outbox import MESSAGES_FILE
from accord.services.erase_check import readings_of
from accord.services.erase_person import Recognition
from accord.services.erase_spellings import Needles
from accord.services.workspace import Workspace
from accord.sources.pulling import spool_folders

CERTIFICATES = "certificates"
"""The folder of certificates under the home folder."""

_CRM = "crm.jsonl"


def erase_sent(
    workspace: Workspace, theirs: Recognition, keys: frozenset[str], *, dry_run: bool = False
) -> int:
    """Take the person out of the file of what was sent; how many lines hold them.

    The person's own entries are emptied; out of what was sent about others they are cut.
    """

    def anew(key: str, payload: bytes) -> bytes | None:
        if key in keys:
            return b"{}" if payload.strip() != b"{}" or dry_run else None
        if not theirs.needles.found_in(payload):
            return None
        return _without(theirs, payload, is_ours=bool(key))

    path = workspace.settings.outbox_path / _CRM
    return FileCrm(path).erase(anew, dry_run=dry_run)


def _without(theirs: Recognition, payload: bytes, *, is_ours: bool) -> bytes | None:
    """Return a payload about somebody else without the person; None if a namesake alone is told.

    It is always shorter than it was: the blanks that follow tell that it is not what was sent.
    """
    if not is_ours:
        return b""
    try:
        told = json.loads(payload)
    except ValueError:  # torn by a kill: it is emptied
        return b"{}"
    fresh = json.dumps(theirs.cut_payload(told), ensure_ascii=False).encode()
    if fresh == payload.strip():
        return None
    return fresh if len(fresh) < len(payload) else b"{}"


def erase_told(workspace: Workspace, needles: Needles, *, dry_run: bool = False) -> int:
    """Cut the person out of the file of messages to people; how many files hold them.

    Messages tell ids of leads, and a source's id may be a mailbox.
    """
    return _cut_all([workspace.settings.outbox_path / MESSAGES_FILE], needles, dry_run=dry_run)


def erase_reports(workspace: Workspace, needles: Needles, *, dry_run: bool = False) -> int:
    """Cut the person out of reports and their tables; how many files hold them.

    A file that is no plain text, or still tells the person, is deleted: it can be rendered again.
    """
    return _cut_all(_files(workspace.settings.report_path), needles, dry_run=dry_run)


def _cut_all(paths: Iterable[Path], needles: Needles, *, dry_run: bool) -> int:
    """Cut the person out of those of the files that hold them; how many do."""
    theirs = [path for path in paths if path.is_file() and _holds(path, needles)]
    if not dry_run:
        for path in theirs:
            _cut(path, needles)
    return len(theirs)


def _cut(path: Path, needles: Needles) -> None:
    content = needles.cut_from(path.read_bytes())
    aside = path.with_name(f"{path.name}.part")
    aside.write_bytes(content)
    aside.chmod(path.stat().st_mode)
    if _holds(aside, needles):
        aside.unlink()
        path.unlink()
    else:
        aside.replace(path)


def erase_waiting(workspace: Workspace, theirs: Recognition, *, dry_run: bool = False) -> int:
    """Take the person's rows out of what was pulled and waits; how many rows.

    A file without them is another batch, so an interrupted ingestion must have come to its end:
    InputError otherwise.
    """
    found = 0
    for folder in spool_folders(workspace.settings.spool_path):
        for path in sorted(folder.glob("*.jsonl")):
            lines = path.read_bytes().splitlines(keepends=True)
            kept = [line for line in lines if not _is_line_theirs(theirs, folder.name, line)]
            found += len(lines) - len(kept)
            if len(kept) < len(lines) and not dry_run:
                _spool_again(workspace, path, b"".join(kept))
    return found


def _is_line_theirs(theirs: Recognition, source: str, line: bytes) -> bool:
    try:
        row: Any = json.loads(line)
    except ValueError:
        row = None
    if isinstance(row, dict):
        return theirs.is_theirs(source, row)
    return bool(theirs.needles.found_in(line))


def _spool_again(workspace: Workspace, path: Path, content: bytes) -> None:
    """Replace a spooled file by one of other content and so of another name; the old goes last."""
    _refuse_interrupted(workspace)
    number = path.stem.partition("-")[0]
    fresh = path.with_name(f"{number}-{hashlib.sha256(content).hexdigest()}.jsonl")
    aside = path.with_name(f"{number}.part")
    if content:
        shutil.copyfile(path.with_suffix(".json"), fresh.with_suffix(".json"))
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(fresh)
    path.unlink()
    path.with_suffix(".json").unlink(missing_ok=True)


def _refuse_interrupted(workspace: Workspace) -> None:
    in_log = list(workspace.log.count_by_batch())
    with workspace.ledger.read() as connection:
        known = read_taken(connection, in_log)
    if set(in_log) - known:
        raise InputError(
            where="activity log",
            found="an ingestion was interrupted and has not been brought to its end",
            remedy="run accord ingest, then erase again",
        )


def clear_staging(workspace: Workspace) -> None:
    """Remove what a killed ingestion left on its way into the log; it stages again."""
    shutil.rmtree(workspace.settings.staging_path, ignore_errors=True)


def files_left(workspace: Workspace, needles: Needles) -> tuple[str, ...]:
    """Name the files of the home folder that hold the person and are none of ours to change."""
    settings = workspace.settings
    ours = (
        *(settings.log_path, settings.report_path, settings.outbox_path),
        *(settings.spool_path, settings.staging_path),
    )
    return tuple(
        str(path.relative_to(settings.home))
        for path in _files(settings.home)
        if not any(path.is_relative_to(folder) for folder in ours)
        and not path.name.startswith("ledger.db")
        and _holds(path, needles)
    )


def write_certificate_file(workspace: Workspace, name: str, content: dict[str, Any]) -> Path:
    """Write a certificate as JSON into the home folder; it replaces one of the same name whole."""
    folder = workspace.settings.home / CERTIFICATES
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    aside = path.with_suffix(".part")
    aside.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return aside.replace(path)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(path for path in folder.rglob("*") if path.is_file())


def _holds(path: Path, needles: Needles) -> bool:
    return any(needles.found_in(data) for data in readings_of(path))
