"""A company with known truth, as source files: prospects, reps with habits, deals, spend, dirt.

A touching room: it writes files and reads the CRM file that the system's adapter writes. It knows
nothing of the ledger and decides nothing for the system.
"""

from accord.simulate.company import Company, Step
from accord.simulate.dirt import Expected, Flaw
from accord.simulate.files import INBOX, TAKEN
from accord.simulate.people import Habit
from accord.simulate.prospects import Nature
from accord.simulate.truth import DirtyRow, LeadTruth, Truth, read_truth

__all__ = [
    "INBOX",
    "TAKEN",
    "Company",
    "DirtyRow",
    "Expected",
    "Flaw",
    "Habit",
    "LeadTruth",
    "Nature",
    "Step",
    "Truth",
    "read_truth",
]
