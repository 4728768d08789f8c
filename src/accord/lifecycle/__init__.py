"""Stages, transitions, who owns each, and folds of history. Pure: facts in, moves out."""

from accord.lifecycle.derive import OVERTAKEN, Ending, History, derive, differences, endings
from accord.lifecycle.echoes import SETTLES, Writing, is_echo_of_stage, without_echo
from accord.lifecycle.folds import (
    NO_REASON,
    DealStep,
    Pass,
    Recorded,
    Stay,
    TimeInStage,
    deal_steps,
    passes,
    standing,
    state_at,
    stays,
    time_in_stages,
)
from accord.lifecycle.model import (
    Fact,
    FactKind,
    LeadState,
    ObservedHandoff,
    StageChange,
    StatedOwner,
    fold,
    is_return,
)
from accord.lifecycle.owners import owner_of_move
from accord.lifecycle.transitions import Entry, enter, moves_of

__all__ = [
    "NO_REASON",
    "OVERTAKEN",
    "SETTLES",
    "DealStep",
    "Ending",
    "Entry",
    "Fact",
    "FactKind",
    "History",
    "LeadState",
    "ObservedHandoff",
    "Pass",
    "Recorded",
    "StageChange",
    "StatedOwner",
    "Stay",
    "TimeInStage",
    "Writing",
    "deal_steps",
    "derive",
    "differences",
    "endings",
    "enter",
    "fold",
    "is_echo_of_stage",
    "is_return",
    "moves_of",
    "owner_of_move",
    "passes",
    "standing",
    "state_at",
    "stays",
    "time_in_stages",
    "without_echo",
]
