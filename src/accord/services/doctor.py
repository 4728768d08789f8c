"""Can this installation work? Each thing it needs, looked at and said in a line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from accord.agreement import Agreement, AgreementError, load
from accord.crm import look_at_crm
from accord.errors import AccordError, InputError
from accord.ledger import Ledger
from accord.ledger.clock_rows import read_reps
from accord.outbox import MailTemplates, look_at_messages
from accord.records import Channel
from accord.services.reviews import look_at_reviews
from accord.services.settings import Settings
from accord.sla import Branch
from accord.sources import read_sources, unlisted_columns, unlisted_files

_PACKAGES = ("prefect", "great-expectations", "pandas", "sqlalchemy", "duckdb", "deltalake")
_NAMED = 5  # of what is new; the rest is counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing looked at: whether it is right, and what was found."""

    what: str
    ok: bool
    found: str


def examine(settings: Settings, *, as_of: datetime, create: bool = False) -> tuple[Check, ...]:
    """Look at everything a deployment needs; nothing is changed but for a missing home folder.

    ``create`` also makes what the CRM lacks for our hand-offs, where that can be made from here.
    """
    return (
        Check(what="python", ok=True, found=sys.version.split()[0]),
        *(Check(what=name, ok=True, found=version(name)) for name in _PACKAGES),
        _look("home", lambda: _home(settings)),
        _look("ledger", lambda: _ledger(settings)),
        _look("agreement", lambda: _agreement(settings, as_of)),
        _look("sources", lambda: _sources(settings)),
        *_unlisted(settings),
        _look("crm", lambda: _crm(settings, as_of, create=create)),
        _look("messages", lambda: _messages(settings)),
        _look("mails", lambda: _mails(settings)),
        _look("reviews", lambda: _reviews(settings, as_of)),
    )


def _look(what: str, look: Callable[[], str]) -> Check:
    try:
        return Check(what=what, ok=True, found=look())
    except (AccordError, OSError) as error:
        return Check(what=what, ok=False, found=str(error).splitlines()[0])


def _home(settings: Settings) -> str:
    settings.home.mkdir(parents=True, exist_ok=True)
    if not os.access(settings.home, os.W_OK):
        raise PermissionError(f"{settings.home} cannot be written to")
    return str(settings.home)


def _ledger(settings: Settings) -> str:
    ledger = Ledger.open(settings.ledger_url)
    try:
        return ledger.engine.url.render_as_string(hide_password=True)
    finally:
        ledger.close()


def _agreement(settings: Settings, as_of: datetime) -> str:
    agreement = load(settings.agreement)
    begins = "" if agreement.effective_from <= as_of.date() else ", not in force yet"
    signed = ", ".join(signature.team for signature in agreement.signed_by) or "nobody"
    return f"version {agreement.version}, signed by {signed}{begins}"


def _sources(settings: Settings) -> str:
    sources = read_sources(settings.sources, dict(os.environ))
    return f"{len(sources.sources)} sources"


def _crm(settings: Settings, as_of: datetime, *, create: bool) -> str:
    return look_at_crm(settings.crm_settings, as_of=as_of, create=create)


def _messages(settings: Settings) -> str:
    """Look how the roles of the agreement would be told; without one that can be read, no roles."""
    roles: set[str] = set()
    with suppress(AccordError):  # which has a line of its own
        ladders = load(settings.agreement).sla.escalation.values()
        roles = {role for ladder in ladders for step in ladder for role in step.notify}
    return look_at_messages(settings.message_settings, roles=sorted(roles))


def _reviews(settings: Settings, as_of: datetime) -> str:
    """Look when each review is due and whom it reaches; a role or person left out is a fault."""
    try:
        agreement = load(settings.agreement)
        ledger = Ledger.open(settings.ledger_url)
    except (AccordError, OSError):  # which has a line of its own
        return "not looked at: the agreement or the ledger cannot be read"
    try:
        with ledger.read() as connection:
            reps = read_reps(connection)
    finally:
        ledger.close()
    said, wrong = look_at_reviews(agreement, reps, as_of=as_of)
    if not reps:
        return f"{said}; no rep is known yet"
    if wrong:
        raise InputError(where="reviews", found="; ".join(map(str, wrong)), expected=said)
    linked = "" if settings.report_url else "; links are paths: ACCORD_REPORT_URL is not set"
    return said + linked


def _mails(settings: Settings) -> str:
    """Look whether each mail of the cadence has a text, and whether all texts can be filled in."""
    templates = MailTemplates(settings.mail_templates)
    own = templates.check()
    with suppress(AgreementError):  # which has a line of its own
        for where, name in _mails_named(load(settings.agreement)):
            templates.require(name, where=where)
    said = "texts: " + ", ".join(templates.names)
    return f"{said}; own templates: {', '.join(own)}" if own else said


def _mails_named(agreement: Agreement) -> Iterator[tuple[str, str]]:
    """Yield where the cadence names the template of a mail, and which."""
    cadence = agreement.cadence
    for branch in Branch:
        steps = cadence.connected if branch is Branch.CONNECTED else cadence.not_connected
        for place, step in enumerate(steps):
            if step.channel is Channel.EMAIL and step.template is not None:
                yield f"cadence.{branch.value}[{place}].template", step.template


def _unlisted(settings: Settings) -> tuple[Check, ...]:
    """Look for files and columns that the sources say nothing of; nothing if they are at fault."""
    try:
        sources = read_sources(settings.sources, dict(os.environ))
    except AccordError:
        return ()
    columns = [f"{name}: {column}" for name, column in unlisted_columns(sources)]
    found = (("files", unlisted_files(sources)), ("columns", columns))
    return tuple(
        Check(what=what, ok=not names, found=_naming(what, names)) for what, names in found
    )


def _naming(what: str, names: Sequence[str]) -> str:
    if not names:
        return "nothing new beside the sources"
    listed = ", ".join(names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
    key = "left_out" if what == "files" else "ignored"
    return f"{len(names)} neither mapped nor under {key}: {listed}"
