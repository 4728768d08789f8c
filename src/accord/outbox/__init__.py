"""The queue of what must reach the world: entries, when they are tried again, and messengers.

The queue's rows stand in the ledger; sending to the CRM is an adapter's in ``accord.crm``, telling
people a messenger's, here, with the templates of what they are told, and of the mails that a rep
drafts from them.
"""

from accord.outbox.entry import (
    TO_CRM,
    Entry,
    Kind,
    Status,
    handoff_key,
    message_key,
    task_key,
)
from accord.outbox.mails import MAIL_SAMPLE, MailTemplates, MailWording
from accord.outbox.message_file import MESSAGES_FILE, FileMessenger
from accord.outbox.message_opening import MessageSettings, look_at_messages, open_messenger
from accord.outbox.messenger import Addressee, Delivery, Message, Messenger, Told
from accord.outbox.retry import MAX_ATTEMPTS, retry_pause
from accord.outbox.templating import WordingError, one_line
from accord.outbox.wording import REVIEW_SAMPLE, SAMPLE, Templates, Wording
from accord.records import payload_hash

__all__ = [
    "MAIL_SAMPLE",
    "MAX_ATTEMPTS",
    "MESSAGES_FILE",
    "REVIEW_SAMPLE",
    "SAMPLE",
    "TO_CRM",
    "Addressee",
    "Delivery",
    "Entry",
    "FileMessenger",
    "Kind",
    "MailTemplates",
    "MailWording",
    "Message",
    "MessageSettings",
    "Messenger",
    "Status",
    "Templates",
    "Told",
    "Wording",
    "WordingError",
    "handoff_key",
    "look_at_messages",
    "message_key",
    "one_line",
    "open_messenger",
    "payload_hash",
    "retry_pause",
    "task_key",
]
