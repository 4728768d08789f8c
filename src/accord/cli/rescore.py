"""The command that says what another agreement would change, before anybody signs it."""

from __future__ import annotations

import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from accord.cli.app import DONE, instant, open_workspace, say, say_json, say_table
from accord.cli.lead_file import read_lead_ids
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError, LeaseHeldError

if TYPE_CHECKING:  # frames take a second to import
    from accord.evaluation import Comparison


def register(app: App) -> None:
    """Add the command of this module."""
    app.command(rescore)


def rescore(  # noqa: PLR0913  the options of one command
    *,
    agreement: Path | None = None,
    segment: Annotated[tuple[str, ...], Parameter(negative="")] = (),
    leads: Path | None = None,
    apply: Annotated[bool, Parameter(negative="")] = False,
    page: Path | None = None,
    open_it: Annotated[bool, Parameter(name="--open", negative="")] = False,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Say who would come over or fall below the MQL threshold under another agreement, as a page.

    A dry run unless --apply is given.

    Parameters
    ----------
    agreement
        the candidate's file; the agreement in force if not given
    segment
        only the leads of this segment; may be given again
    leads
        only these leads: a file with an id a line, or a CSV with a column lead_id
    apply
        store the scores of all leads; only under the agreement in force, signed by both sides
    page
        the HTML file to write; one in the reports of the home folder if not given
    open_it
        open the page in the browser
    """
    from accord.services.rescore import run_rescore
    from accord.services.rescore_apply import refuse_to_come
    from accord.services.rescore_page import check_page, comparison_path, write_comparison

    if page is not None:
        check_page(page, where="--page")
    at = instant(as_of)
    if apply:
        refuse_to_come(at, now=instant(None))
    lead_ids = None if leads is None else read_lead_ids(leads)
    with open_workspace() as workspace:
        try:
            found = run_rescore(
                workspace,
                as_of=at,
                candidate=agreement,
                segments=segment,
                lead_ids=lead_ids,
                apply=apply,
            )
        except LeaseHeldError as error:  # a stage would be run again by its schedule; this is not
            remedy = "run it again: nothing was stored"
            raise InputError(where="--apply", found=str(error), remedy=remedy) from None
        written = write_comparison(found, page or comparison_path(workspace.settings, found))
    _say(found, written, json=json)
    if open_it:
        webbrowser.open(written.resolve().as_uri())
    return DONE


def _say(found: Comparison, page: Path, *, json: bool) -> None:
    from accord.report import to_headline
    from accord.services.rescore_page import comparison_tables, comparison_values

    if json:
        say_json({**comparison_values(found), "page": str(page)})
        return
    say(f"{to_headline(found)}.")
    for rows in comparison_tables(found).values():
        if rows:
            say_table(rows, list(rows[0]))
    say(f"page: {page}")
