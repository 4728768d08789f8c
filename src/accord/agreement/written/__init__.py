"""The agreement as the document that both teams read and sign: in plain words, as values.

:func:`write_agreement` is the door. What the words look like (Markdown, HTML) is not known here.
"""

from accord.agreement.written.events import EVENT_WORDS, STAGE_TITLES
from accord.agreement.written.handover import say_rule
from accord.agreement.written.model import (
    Chapter,
    Grid,
    Paragraph,
    Part,
    Passage,
    Point,
    Points,
    SignatureLine,
    WrittenAgreement,
)
from accord.agreement.written.opening import say_day
from accord.agreement.written.promises import say_cadence_step, say_step
from accord.agreement.written.when import say_when
from accord.agreement.written.words import (
    say_all,
    say_count,
    say_duration,
    say_money,
    say_name,
    say_number,
    say_share,
    say_step_at,
    say_text,
)
from accord.agreement.written.write import named_lines, write_agreement

__all__ = [
    "EVENT_WORDS",
    "STAGE_TITLES",
    "Chapter",
    "Grid",
    "Paragraph",
    "Part",
    "Passage",
    "Point",
    "Points",
    "SignatureLine",
    "WrittenAgreement",
    "named_lines",
    "say_all",
    "say_cadence_step",
    "say_count",
    "say_day",
    "say_duration",
    "say_money",
    "say_name",
    "say_number",
    "say_rule",
    "say_share",
    "say_step",
    "say_step_at",
    "say_text",
    "say_when",
    "write_agreement",
]
