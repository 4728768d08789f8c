"""Commands that read an agreement: as the document both teams sign, and beside another one."""

from __future__ import annotations

import json as json_text
import re
import webbrowser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from accord.cli.app import DONE, instant, open_workspace, say, say_json
from accord.cli.stages import AsJson, AsOf
from accord.errors import InputError
from accord.services.settings import Settings

if TYPE_CHECKING:
    from accord.agreement import Agreement
    from accord.agreement.written import SignatureLine

Form = Literal["html", "markdown", "yaml", "json"]

_ENDINGS: dict[str, Form] = {
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "json",
}
_UNSAFE = re.compile(r"[^\w.-]+", re.ASCII)


def show(
    path: Path | None = None,
    /,
    *,
    version: str | None = None,
    form: Annotated[Form | None, Parameter(name="--as")] = None,
    out: Path | None = None,
    open_it: Annotated[bool, Parameter(name="--open", negative="")] = False,
    json: AsJson = False,
) -> int:
    """Show the whole agreement in plain words, as both teams read and sign it.

    Parameters
    ----------
    path
        a file; the agreement in force if not given
    version
        a version that the ledger keeps, in place of a file
    form
        html, markdown, yaml or json; by the ending of --out, else markdown
    out
        the file to write, ending in .html, .md, .yaml or .json; printed if not given
    open_it
        open it in the browser, as HTML
    """
    from accord.services.agreement_written import save

    wanted = _form(form, out, open_it=open_it, json=json)
    agreement, signatures = _read(path, version)
    text = _text(agreement, signatures, wanted)
    if out is None and not open_it:
        say(text.rstrip("\n"))
        return DONE
    name = _UNSAFE.sub("-", agreement.version).strip(".-") or "agreement"
    written = save(text, out or Settings().report_path / f"agreement-{name}.html")
    say(str(written))
    if open_it:
        webbrowser.open(written.resolve().as_uri())
    return DONE


def _form(form: Form | None, out: Path | None, *, open_it: bool, json: bool) -> Form:
    if json and form not in (None, "json"):
        raise InputError(where="--json", found=f"and --as {form}", expected="one of them")
    chosen = _of_ending(out, "json" if json else form)
    if open_it and chosen not in (None, "html"):
        raise InputError(where="--open", found=f"and {chosen}", expected="html, or nothing")
    return chosen or ("html" if open_it else "markdown")


def _of_ending(out: Path | None, form: Form | None) -> Form | None:
    """Return the form that a file's ending means; it may not be another than was asked for."""
    if out is None or (not out.suffix and form is not None):
        return form
    by_ending = _ENDINGS.get(out.suffix.lower())
    if by_ending is None or form not in (None, by_ending):
        known = [ending for ending, one in _ENDINGS.items() if form in (None, one)]
        found = f"{out} ends in {out.suffix or 'nothing'}"
        raise InputError(
            where="--out",
            found=found if form is None else f"{found}, and the form is {form}",
            expected=f"an ending among {', '.join(known)}",
        )
    return by_ending


def _read(
    path: Path | None, version: str | None
) -> tuple[Agreement, tuple[SignatureLine, ...] | None]:
    from accord.agreement import load
    from accord.services.agreement_versions import read_signature_lines, read_version
    from accord.services.agreements import agreement_then

    if path is not None and version is not None:
        raise InputError(where="--version", found="and a file", expected="one of them")
    file, now = Settings().agreement, instant(None)
    with workspace_if_any() as workspace:
        if version is not None:
            agreement = read_version(_ledger_of(workspace), version, path=file, as_of=now)
        elif path is not None or workspace is None:
            agreement = load(path or file)
        else:  # to show a new file is not to have seen it: that would sign it
            agreement = agreement_then(workspace.ledger, file, as_of=now, known_at=now)
        if workspace is None:
            return agreement, None
        with workspace.ledger.read() as connection:
            return agreement, read_signature_lines(connection, agreement, as_of=now)


def _text(agreement: Agreement, signatures: tuple[SignatureLine, ...] | None, form: Form) -> str:
    from accord.agreement.written import named_lines
    from accord.services.agreement_written import render

    if form != "json":
        return render(agreement, form, signatures=signatures)
    lines = named_lines(agreement) if signatures is None else signatures
    content = agreement.model_dump(mode="json", by_alias=True, fallback=str)
    about = {
        "fingerprint": agreement.fingerprint,
        "signatures": {
            line.side.value: {"state": line.state, "name": line.name or None, "on": line.on}
            for line in lines
        },
    }
    return json_text.dumps({**content, **about}, default=str, indent=2, ensure_ascii=False)


@contextmanager
def workspace_if_any() -> Iterator[Any]:
    """Open the stores if they are there; before ``init`` there is None."""
    settings = Settings()
    if not settings.database_url and not (settings.home / "ledger.db").exists():
        yield None
        return
    with open_workspace(settings) as workspace:
        yield workspace


def _ledger_of(workspace: Any) -> Any:
    if workspace is None:
        raise InputError(
            where="--version",
            found="there is no ledger here yet",
            expected="a file",
            remedy="run accord init, or name the agreement's file",
        )
    return workspace.ledger


def diff(
    old: str | None = None,
    new: str | None = None,
    /,
    *,
    leads: bool = True,
    as_of: AsOf = None,
    json: AsJson = False,
) -> int:
    """Say how two agreements differ, and what that would change for the leads there are now.

    Each is a file or a version in the ledger. With one name it is set against what both sides last
    signed, else against agreement.yaml; with none, agreement.yaml is. A version says what both
    sides have signed of it. Nothing is written.

    Parameters
    ----------
    old
        a file or a version
    new
        a file or a version
    leads
        say what it would change for leads, queue and clocks
    """
    from accord.services.agreement_diff import compare_agreements, diff_lines
    from accord.services.agreement_effect import find_effect
    from accord.services.agreement_names import find_doubtful_names

    at = instant(as_of)
    with workspace_if_any() as workspace:
        before, after = _sides(workspace, old, new, at)
        has_effect = leads and workspace is not None
        effect = find_effect(workspace, before, after, as_of=at) if has_effect else None
        warnings = () if workspace is None else find_doubtful_names(workspace.ledger, after)
    found = compare_agreements(before, after, effect=effect, warnings=warnings)
    if json:
        say_json(found.values)
        return DONE
    for line in diff_lines(found):
        say(line)
    return DONE


def _sides(
    workspace: Any, old: str | None, new: str | None, at: Any
) -> tuple[Agreement, Agreement]:
    from accord.agreement import load
    from accord.services.agreement_versions import find_agreement
    from accord.services.agreements import agreement_signed

    ledger, file = None if workspace is None else workspace.ledger, Settings().agreement

    def find(reference: str) -> Agreement:
        return find_agreement(ledger, reference, path=file, as_of=at)

    if old is not None and new is not None:
        return find(old), find(new)
    agreed = None if ledger is None else agreement_signed(ledger, as_of=at)
    if old is None and agreed is None:
        raise InputError(
            where="diff",
            found=f"no signed agreement is known here that {file} could be set against",
            expected="a file or a version",
            remedy="name one, or two: accord agreement diff OLD NEW",
        )
    return agreed or load(file), find(old or str(file))
