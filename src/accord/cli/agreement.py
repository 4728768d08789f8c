"""Commands about the agreement: check, sign, versions, schema; reading it stands beside."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import App, Parameter

from accord.cli.agreement_reading import diff, show, workspace_if_any
from accord.cli.app import (
    DONE,
    FOUND,
    instant,
    open_workspace,
    say,
    say_json,
    say_rows,
    say_wrong,
)
from accord.cli.stages import AsJson, AsOf
from accord.errors import AgreementError
from accord.services.settings import Settings

if TYPE_CHECKING:
    from accord.agreement import Agreement
    from accord.agreement.written import SignatureLine
    from accord.findings import Finding
    from accord.services.agreement_versions import Version

_SHORT = 12


def register(app: App) -> None:
    """Add the commands of this module."""
    group = App(name="agreement", help="The agreement both teams sign.")
    for command in (check, show, diff, sign, versions, schema):
        group.command(command)
    app.command(group)


def check(path: Path | None = None, /, *, json: AsJson = False) -> int:
    """Check an agreement: every fault at once, each with its path and remedy.

    Parameters
    ----------
    path
        the file; agreement.yaml of the working folder if not given
    """
    from accord.agreement import load

    where = path or Settings().agreement
    try:
        agreement = load(where)
        warnings = (*agreement.warnings, *_doubtful_names(agreement))
    except AgreementError as error:
        if not json:
            raise
        say_json({"faults": [_as_dict(fault) for fault in error.faults], "warnings": []})
        return FOUND + 1
    if json:
        say_json({"faults": [], "warnings": [_as_dict(found) for found in warnings]})
        return DONE
    say(f"{where}: version {agreement.version}, no fault")
    for warning in warnings:
        say(f"warning: {warning}")
    return DONE


def _doubtful_names(agreement: Agreement) -> tuple[Finding, ...]:
    """Ask the ledger, if there is one, whether the names under ``signed_by`` are another's."""
    from accord.services.agreement_names import find_doubtful_names

    if not agreement.signed_by:
        return ()
    with workspace_if_any() as workspace:
        return () if workspace is None else find_doubtful_names(workspace.ledger, agreement)


def _as_dict(finding: object) -> dict[str, str]:
    names = ("rule", "subject", "sentence", "remedy")
    return {name: str(getattr(finding, name)) for name in names}


def sign(
    path: Path | None = None,
    /,
    *,
    side: Annotated[Literal["marketing", "sales"], Parameter(name="--as")],
    name: str,
    json: AsJson = False,
) -> int:
    """Sign an agreement as it stands, for one side; a signature that is there stays as it is.

    What the file names under signed_by is not taken over: each side signs by this command, unless
    a stage has seen the version before.

    Parameters
    ----------
    path
        the file; agreement.yaml of the working folder if not given
    side
        marketing or sales
    name
        who signs
    """
    from accord.agreement import load
    from accord.records import Side
    from accord.services.agreement_versions import read_signature_lines
    from accord.services.agreements import sign as sign_agreement
    from accord.services.agreements import unsigned_sides

    settings = Settings()
    agreement, at = load(path or settings.agreement), instant(None)
    with open_workspace(settings) as workspace:
        sign_agreement(workspace.ledger, agreement, side=Side(side), name=name, at=at)
        with workspace.ledger.read() as connection:
            missing = unsigned_sides(connection, agreement, as_of=at)
            lines = read_signature_lines(connection, agreement, as_of=at) or ()
    signed = next(line for line in lines if line.side == side)
    _say_signed(agreement, signed, missing, json=json)
    return DONE


def _say_signed(
    agreement: Agreement, line: SignatureLine, missing: tuple[Finding, ...], *, json: bool
) -> None:
    if json:
        say_json(
            {
                "version": agreement.version,
                "fingerprint": agreement.fingerprint,
                "effective_from": agreement.effective_from,
                "side": line.side,
                "name": line.name,
                "on": line.on,
                "missing": [_as_dict(one) for one in missing],
            }
        )
        return
    say(
        f"version {agreement.version} is signed by {line.side.value} ({line.name}, {line.on}):"
        f" content {agreement.fingerprint[:_SHORT]}, in effect from {agreement.effective_from}"
    )
    for finding in missing:
        say_wrong(str(finding))
    if not missing:
        say("both sides have signed it")


def versions(*, as_of: AsOf = None, json: AsJson = False) -> int:
    """List every version and content of the agreement: who signed it, how much was handed over."""
    from accord.services.agreement_versions import list_versions, only_version

    file, at = Settings().agreement, instant(as_of)
    with workspace_if_any() as workspace:
        if workspace is None:
            found = [only_version(file, as_of=at)]
        else:
            found = list(list_versions(workspace.ledger, file, as_of=at))
    if json:
        say_json([_version_values(one) for one in found])
    else:
        say_rows([_version_row(one) for one in found])
    return DONE


def _version_values(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "fingerprint": version.fingerprint,
        "effective_from": version.effective_from,
        "seen_at": version.seen_at,
        "in_force": version.is_in_force,
        "signatures": {
            line.side.value: {"state": line.state, "name": line.name or None, "on": line.on}
            for line in version.signatures
        },
        "handoffs": version.handoffs,
    }


def _version_row(version: Version) -> dict[str, Any]:
    return {
        "version": version.version,
        "content": version.fingerprint[:_SHORT],
        "effective from": version.effective_from,
        "seen": "not yet" if version.seen_at is None else version.seen_at,
        "in force": "yes" if version.is_in_force else "",
        **{
            line.side.value: f"{line.state} ({line.name}, {line.on})" if line.name else line.state
            for line in version.signatures
        },
        "hand-offs": version.handoffs,
    }


def schema(*, out: Path | None = None) -> int:
    """Print the JSON schema of agreement.yaml, for editors that complete and check.

    Parameters
    ----------
    out
        the file to write; printed if not given
    """
    from accord.agreement import agreement_schema
    from accord.services.agreement_written import save

    text = json_text.dumps(agreement_schema(), indent=2, ensure_ascii=False) + "\n"
    if out is None:
        say(text.rstrip("\n"))
    else:
        say(str(save(text, out)))
    return DONE
