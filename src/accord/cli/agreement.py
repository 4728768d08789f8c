"""Commands about the agreement as a document: check, show, sign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import App, Parameter

from accord.cli.app import DONE, FOUND, instant, open_workspace, say, say_json, say_wrong
from accord.cli.stages import AsJson
from accord.errors import AgreementError
from accord.services.settings import Settings


def register(app: App) -> None:
    """Add the commands of this module."""
    group = App(name="agreement", help="The agreement both teams sign.")
    for command in (check, show, sign):
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
    except AgreementError as error:
        if not json:
            raise
        say_json({"faults": [_as_dict(fault) for fault in error.faults], "warnings": []})
        return FOUND + 1
    if json:
        say_json({"faults": [], "warnings": [_as_dict(found) for found in agreement.warnings]})
        return DONE
    say(f"{where}: version {agreement.version}, no fault")
    for warning in agreement.warnings:
        say(f"warning: {warning}")
    return DONE


def _as_dict(finding: object) -> dict[str, str]:
    names = ("rule", "subject", "sentence", "remedy")
    return {name: str(getattr(finding, name)) for name in names}


def show(*, json: AsJson = False) -> int:
    """Show the agreement in force: its version, who signed it, its text."""
    from accord.cli.reading import current_agreement

    agreement = current_agreement(instant(None))
    if json:
        say_json(agreement.model_dump(mode="json", by_alias=True, fallback=str))
    else:
        say(agreement.document)
    return DONE


def sign(
    *,
    side: Annotated[Literal["marketing", "sales"], Parameter(name="--as")],
    name: str,
) -> int:
    """Sign the agreement file for one side.

    Parameters
    ----------
    side
        marketing or sales
    name
        who signs
    """
    from accord.agreement import load
    from accord.records import Side
    from accord.services.agreements import sign as sign_agreement
    from accord.services.agreements import unsigned_sides

    settings = Settings()
    agreement = load(settings.agreement)
    with open_workspace(settings) as workspace:
        sign_agreement(workspace.ledger, agreement, side=Side(side), name=name, at=instant(None))
        with workspace.ledger.read() as connection:
            missing = unsigned_sides(connection, agreement)
    say(f"version {agreement.version} is signed by {side}")
    for finding in missing:
        say_wrong(str(finding))
    return DONE
