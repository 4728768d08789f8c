"""The command that erases a person, lists certificates, and looks whether anything is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from cyclopts import App, Parameter

from accord.cli.app import (
    DONE,
    FOUND,
    instant,
    open_workspace,
    say,
    say_json,
    say_table,
    say_wrong,
)
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError, LeaseHeldError

_COLUMNS = ["certificate_id", "erased_at", "why", "request", "state", "leads"]


def register(app: App) -> None:
    """Add the command of this module."""
    app.command(erase)


def erase(  # noqa: PLR0913  the options of one command
    lead: str | None = None,
    /,
    *,
    list_: Annotated[bool, Parameter(name="--list", negative="")] = False,
    check: Annotated[bool, Parameter(negative="")] = False,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    request: str = "",
    also: tuple[str, ...] = (),
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Erase a person: all that is personal of all their records; print the certificate.

    Parameters
    ----------
    lead
        one of the person's leads, such as crm:17
    list_
        list the certificates instead
    check
        look through every file and table before and after; exit with 1 if anything is left
    dry_run
        say what would go, change nothing
    request
        the number of the request, for the certificate; nothing personal
    also
        another e-mail, name or phone of the person to look for; may be given again
    """
    with open_workspace() as workspace:
        if list_:
            return _list(workspace, json=json)
        if lead is None:
            raise InputError(where="accord erase", found="no lead named", expected="LEAD or --list")
        terms = {"as_of": instant(as_of), "request": request, "also": also, "dry_run": dry_run}
        return _erase(workspace, lead, terms, check=check, json=json)


def _list(workspace: Any, *, json: bool) -> int:
    from accord.services.erase import read_certificates

    contents = [certificate.content() for certificate in read_certificates(workspace)]
    if json:
        say_json(contents)
    else:
        say_table([{**one, "leads": len(one["leads"])} for one in contents], _COLUMNS)
    return DONE


def _erase(workspace: Any, lead: str, terms: Mapping[str, Any], *, check: bool, json: bool) -> int:
    from accord.services.erase import find_needles, run_erase
    from accord.services.erase_check import find_traces

    needles = [*find_needles(workspace, lead), *terms["also"]] if check else []
    before = find_traces(workspace, needles)
    try:
        certificate = run_erase(workspace, lead, **terms)
    except LeaseHeldError as error:  # nothing is lost: asked again, it goes on
        say_wrong(f"{error}; the person is not erased, run it again")
        return FOUND
    after = before if terms["dry_run"] else find_traces(workspace, needles)
    if json:
        checked = {"traces_before": len(before), "traces_after": len(after)} if check else {}
        say_json({**certificate.content(), **checked})
    else:
        _tell(certificate.content())
        if check:
            say(f"traces before: {len(before)}, after: {len(after)}")
    for finding in after:
        say_wrong(str(finding))
    return FOUND if after else DONE


def _tell(content: Mapping[str, Any]) -> None:
    say(f"certificate {content['certificate_id']}: {content['state']}, {content['erased_at']}")
    say(f"leads: {', '.join(content['leads'])}")
    for title in ("removed", "kept"):
        counted = (f"{count} {name}" for name, count in content[title].items() if count)
        say(f"{title}: {', '.join(counted) or 'nothing'}")
    if content["shared_with"]:
        say(f"told apart, and not erased: {', '.join(content['shared_with'])}")
    for place in content["left"]:
        say_wrong(f"{place}: holds the person and is not Accord's to change")
    for record in content["crm_records"]:
        say(f"to be deleted in the CRM: {record}")
    say(f"not reached: {'; '.join(content['outside'])}")
