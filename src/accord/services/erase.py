"""Erasing a person: everything personal of all their records, out of every store, for good.

Plan first (who, what they are recognised by, what will go), then store after store, then a
certificate. The plan stands in the ledger, so that an erasure that was killed goes on where anybody
asks for it again; each step may be done twice. From the plan on the person does not come back:
batches set their rows aside without content, no stage works on their leads, nothing is sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from sqlalchemy import Connection, select

from accord.errors import InputError
from accord.killpoints import reach
from accord.ledger import erase_person as person_rows
from accord.ledger import erase_rows as rows
from accord.ledger.batch_rows import read_taken
from accord.ledger.personal import PRIVACY
from accord.ledger.tables import lead
from accord.ledger.vacuuming import write_anew
from accord.records import to_text
from accord.services import erase_files as files
from accord.services.erase_certificate import (
    Certificate,
    certificate_in,
    certificate_of,
    read_certificates,
)
from accord.services.erase_crm import count_in_crm, erase_in_crm, records_left
from accord.services.erase_person import Person, Recognition, read_person
from accord.services.erase_spellings import needles_of
from accord.services.erased import (
    REASON,
    digest_of,
    erased_among,
    pseudonym_of,
)
from accord.services.workspace import Workspace

__all__ = [
    "Certificate",
    "erase_leads",
    "erased_among",
    "find_needles",
    "finish_begun",
    "read_certificates",
    "run_erase",
]

_LEASES = ("ingest", "score", "handoff", "lifecycle", "sla", "tell", "deliver")
_PATIENCE_SECONDS = 60.0

PLANNED = "planned"
"""The state of a certificate that only says what would go."""


def run_erase(  # noqa: PLR0913  a request is told by all of these
    workspace: Workspace,
    lead_id: str,
    *,
    as_of: datetime,
    why: str = "asked",
    request: str = "",
    also: Sequence[str] = (),
    dry_run: bool = False,
) -> Certificate:
    """Erase the person behind a lead, with every record merged with it; return the certificate.

    ``why`` is asked or retention; ``request`` names the request, without personal data; ``also``
    are more e-mails, names or phones to look for. A lead that is erased already gives its
    certificate again, and an erasure that was interrupted is brought to its end. ``dry_run``
    counts what would go and changes nothing. InputError if nobody knows the lead; LeaseHeldError
    if a stage is at work; DeliveryError if the CRM's tables cannot be used.
    """
    with _leases(workspace):
        known = certificate_of(workspace, lead_id)
        if known is not None:
            return known if dry_run else _go_on(workspace, known)
        _refuse_unknown(workspace, lead_id)
        planned = _plan(
            workspace, [lead_id], as_of=as_of, why=why, request=request, also=also, dry_run=dry_run
        )
        return planned if dry_run else _go_on(workspace, planned)


def erase_leads(
    workspace: Workspace, lead_ids: Sequence[str], *, as_of: datetime, why: str
) -> Certificate | None:
    """Erase several people under one certificate; None if there is nobody to erase."""
    if not lead_ids:
        return None
    with _leases(workspace):
        planned = _plan(workspace, lead_ids, as_of=as_of, why=why)
        return _go_on(workspace, planned)


def finish_begun(workspace: Workspace) -> int:
    """Bring erasures that were interrupted to their end; how many."""
    with workspace.ledger.read() as connection:
        if not rows.read_unfinished(connection):
            return 0
    with _leases(workspace):
        with workspace.ledger.read() as connection:
            begun = [certificate_in(row) for row in rows.read_unfinished(connection)]
        for certificate in begun:
            _go_on(workspace, certificate)
    return len(begun)


def find_needles(workspace: Workspace, lead_id: str) -> tuple[str, ...]:
    """Return by what the person behind a lead can be looked for; nothing once they are erased."""
    with workspace.ledger.read() as connection:
        everyone = person_rows.read_people(connection, [lead_id])
        return read_person(connection, everyone).values


@contextmanager
def _leases(workspace: Workspace) -> Iterator[None]:
    """Hold the leases of all stages that touch what is personal, in the pipeline's order."""
    with ExitStack() as stack:
        for name in _LEASES:
            stack.enter_context(workspace.ledger.lease(name, wait_seconds=_PATIENCE_SECONDS))
        yield


def _refuse_unknown(workspace: Workspace, lead_id: str) -> None:
    with workspace.ledger.read() as connection:
        query = select(lead.c.lead_id).where(lead.c.lead_id == lead_id)
        if connection.execute(query).first() or person_rows.read_fact_ids(connection, [lead_id]):
            return
    if not workspace.log.count_of([lead_id]):
        raise InputError(
            where=f"lead {lead_id}",
            found="nobody knows such a lead",
            remedy="write its id with the source's name before it, such as crm:17",
        )


def _plan(  # noqa: PLR0913  a request is told by all of these
    workspace: Workspace,
    lead_ids: Sequence[str],
    *,
    as_of: datetime,
    why: str,
    request: str = "",
    also: Sequence[str] = (),
    dry_run: bool = False,
) -> Certificate:
    """Write down who goes and what will, and end the work for them; all in one transaction."""
    words = _words_of_agreement(workspace, as_of)
    in_crm = count_in_crm(workspace, lead_ids, also=also)
    with workspace.ledger.begin() as connection:
        everyone = person_rows.read_people(connection, lead_ids)
        person = read_person(connection, everyone, also=also)
        _refuse_personal(request, person)
        key = rows.make_key(connection)
        digests = {}
        if why == "asked":  # whom only time has erased may become a lead again
            digests = {digest_of(one, key=key): of for one, of in person.mailboxes.items()}
        certificate = _counted(
            workspace,
            connection,
            person,
            Certificate(
                certificate_id=_name(everyone, as_of, key=key),
                erased_at=as_of,
                why=why,
                request=request,
                leads=everyone,
                removed=in_crm,
                shared_with=person_rows.read_namesakes(connection, everyone),
                crm_records=records_left(connection, workspace, person),
            ),
        )
        keys = sorted(person_rows.read_sent_keys(connection, everyone))
        rows.write_erased(
            connection,
            everyone,
            certificate_id=certificate.certificate_id,
            digests=digests,
            at=as_of,
            why=why,
        )
        ended = person_rows.stop_work(connection, everyone, at=as_of)
        certificate = replace(certificate, removed={**certificate.removed, **ended})
        plan = {"values": list(person.values), "keys": keys, "mailboxes": dict(person.mailboxes)}
        content = {**certificate.content(), "plan": plan}
        rows.write_certificate(connection, certificate.certificate_id, at=as_of, content=content)
        if dry_run:
            certificate = _emptied(workspace, connection, certificate, person, words=words)
            certificate = replace(certificate, state=PLANNED)
            connection.rollback()
    reach("erase.after_plan")
    return certificate


def _name(lead_ids: Sequence[str], as_of: datetime, *, key: bytes) -> str:
    told = "\x1f".join((to_text(as_of), *lead_ids))
    return f"E{as_of:%Y%m%d}-{blake2b(told.encode(), key=key, digest_size=8).hexdigest()}"


def _refuse_personal(request: str, person: Person) -> None:
    if person.needles.found_in(request.encode()):
        raise InputError(
            where="--request",
            found="names the person",
            expected="the number of the request: it stays in the certificate",
        )


def _counted(
    workspace: Workspace, connection: Connection, person: Person, certificate: Certificate
) -> Certificate:
    """Count what will go from the log and the files, so that a kill between loses no count."""
    counted = workspace.log.count_of(person.lead_ids)
    taken = read_taken(connection, list(counted))
    theirs = Recognition.of(workspace, person)
    keys = frozenset(person_rows.read_sent_keys(connection, person.lead_ids))
    removed = {
        **certificate.removed,
        "activities": sum(counted.values()),
        "activity_details_of_others": workspace.log.count_quoting(
            person.values, besides=person.lead_ids
        ),
        "sent_entries": files.erase_sent(workspace, theirs, keys, dry_run=True),
        "message_files": files.erase_told(workspace, theirs.needles, dry_run=True),
        "report_files": files.erase_reports(workspace, theirs.needles, dry_run=True),
        "rows_waiting_in_spool": files.erase_waiting(workspace, theirs, dry_run=True),
    }
    by_batch = {name: counted[name] for name in sorted(taken)}
    return replace(certificate, removed=removed, activities_by_batch=by_batch)


def _go_on(workspace: Workspace, certificate: Certificate) -> Certificate:
    """Do what is left of an erasure."""
    if certificate.state == rows.BEGUN:
        certificate = _clear(workspace, certificate)
    if certificate.state == rows.CLEARED:
        certificate = _finish(workspace, certificate)
    return certificate


def _clear(workspace: Workspace, certificate: Certificate) -> Certificate:
    """Take the person out of the log, the CRM, the files and the ledger, in this order."""
    person, keys = _planned_person(workspace, certificate)
    workspace.log.erase(person.lead_ids, quoted=person.values)
    reach("erase.after_log")
    theirs = Recognition.of(workspace, person)
    erase_in_crm(workspace, theirs, keys)
    files.erase_sent(workspace, theirs, keys)
    files.erase_told(workspace, theirs.needles)
    reach("erase.within_files")
    files.erase_reports(workspace, theirs.needles)
    files.erase_waiting(workspace, theirs)
    files.clear_staging(workspace)
    reach("erase.after_files")
    words = _words_of_agreement(workspace, certificate.erased_at)
    with workspace.ledger.begin() as connection:
        certificate = _emptied(workspace, connection, certificate, person, words=words)
        reach("erase.before_commit")
    reach("erase.after_ledger")
    return certificate


def _planned_person(
    workspace: Workspace, certificate: Certificate
) -> tuple[Person, frozenset[str]]:
    """Read back from the plan whom it is about: the stores may know less of them by now."""
    with workspace.ledger.read() as connection:
        row = rows.read_certificate_of(connection, certificate.leads[0])
        fact_ids = person_rows.read_fact_ids(connection, certificate.leads)
    plan = (row or {})["content"]["plan"]
    person = Person(
        lead_ids=certificate.leads,
        values=tuple(plan["values"]),
        mailboxes=plan["mailboxes"],
        fact_ids=frozenset(fact_ids),
    )
    return person, frozenset(plan["keys"])


def _emptied(
    workspace: Workspace,
    connection: Connection,
    certificate: Certificate,
    person: Person,
    *,
    words: Sequence[str],
) -> Certificate:
    """Empty what is personal in the ledger, the plan too, and write down what that was."""
    theirs = Recognition.of(workspace, person)
    at = certificate.erased_at
    emptied: Counter[str] = Counter()
    aside = person_rows.empty_quarantine(connection, theirs.is_aside, at=at, reason=REASON)
    emptied["quarantine"] = aside
    emptied["flag"] = person_rows.empty_flags(connection, theirs.is_flagged, reason=REASON)
    emptied.update(person_rows.empty_rows(connection, person.lead_ids, words=words))
    emptied.update(person_rows.cut_quotations(connection, theirs.cut_column))
    renamed = _rename(connection, person)
    leads = tuple(sorted(renamed.get(one, one) for one in person.lead_ids))
    gone = {name: count for name, count in sorted(emptied.items()) if count}
    certificate = replace(
        certificate,
        state=rows.CLEARED,
        leads=leads,
        removed={**certificate.removed, **{f"ledger.{name}": n for name, n in gone.items()}},
        kept=person_rows.count_kept(connection, leads),
        renamed_ids=len(renamed),
        shared_with=tuple(renamed.get(one, one) for one in certificate.shared_with),
        left=files.files_left(workspace, theirs.needles),
    )
    rows.write_certificate(
        connection, certificate.certificate_id, at=at, content=certificate.content()
    )
    return certificate


def _rename(connection: Connection, person: Person) -> dict[str, str]:
    """Replace ids that tell who the person was by digests; what each is called now."""
    key = rows.make_key(connection)
    needles = needles_of(person.values)
    names = {
        one: pseudonym_of(one, key=key)
        for one in sorted({*person.fact_ids, *person.lead_ids})
        if needles.found_in(one.encode())
    }
    person_rows.rename_ids(connection, names)
    return names


def _words_of_agreement(workspace: Workspace, at: datetime) -> tuple[str, ...]:
    """Return the agreement's own reasons: as words of ours they tell nothing of a person.

    Asked outside a transaction: a version of the agreement that is new is written down.
    """
    reasons = workspace.agreement(at).sla.reasons
    return tuple(sorted({str(word) for words in reasons.values() for word in words}))


def _finish(workspace: Workspace, certificate: Certificate) -> Certificate:
    """Leave no byte of it in the ledger's files, then say that it is done."""
    write_anew(workspace.ledger.engine, _touched())
    reach("erase.after_vacuum")
    certificate = replace(certificate, state=rows.DONE)
    files.write_certificate_file(workspace, certificate.certificate_id, certificate.content())
    with workspace.ledger.begin() as connection:
        rows.write_certificate(
            connection,
            certificate.certificate_id,
            at=certificate.erased_at,
            content=certificate.content(),
        )
    reach("erase.after_certificate")
    return certificate


def _touched() -> list[str]:
    """Name the tables in which something personal may have stood, or an id that told it."""
    told = [
        name
        for name, columns in PRIVACY.items()
        if columns.lead or columns.personal or columns.words or columns.quoting
    ]
    return [*told, "certificate"]
