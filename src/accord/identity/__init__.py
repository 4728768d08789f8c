"""Who is who: people, companies, merges, what may be told of a lead from its company's others.

Decides, touches nothing.
"""

from accord.identity.attributes import (
    FIRMOGRAPHICS,
    FIRST_SAID,
    Said,
    combine,
    infer_missing,
    majorities,
)
from accord.identity.candidates import ALIKE, Candidate, Named, find_candidates, fold_name
from accord.identity.companies import (
    company_domain_of,
    company_domains_of,
    company_key_of,
    company_keys_of,
)
from accord.identity.mailboxes import mailbox_of, mailboxes_of
from accord.identity.people import Pair, Part, Record, Why, join_people
from accord.identity.segments import segment_fields, segments_of, segments_of_rows

__all__ = [
    "ALIKE",
    "FIRMOGRAPHICS",
    "FIRST_SAID",
    "Candidate",
    "Named",
    "Pair",
    "Part",
    "Record",
    "Said",
    "Why",
    "combine",
    "company_domain_of",
    "company_domains_of",
    "company_key_of",
    "company_keys_of",
    "find_candidates",
    "fold_name",
    "infer_missing",
    "join_people",
    "mailbox_of",
    "mailboxes_of",
    "majorities",
    "segment_fields",
    "segments_of",
    "segments_of_rows",
]
