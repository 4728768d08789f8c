"""Who is who: people, companies, merges, what may be told of a lead from its company's others.

Decides, touches nothing.
"""

from accord.identity.companies import (
    company_domain_of,
    company_domains_of,
    company_key_of,
    company_keys_of,
)
from accord.identity.mailboxes import mailbox_of, mailboxes_of
from accord.identity.people import Pair, Part, Record, Why, join_people
from accord.identity.segments import segments_of

__all__ = [
    "Pair",
    "Part",
    "Record",
    "Why",
    "company_domain_of",
    "company_domains_of",
    "company_key_of",
    "company_keys_of",
    "join_people",
    "mailbox_of",
    "mailboxes_of",
    "segments_of",
]
