"""Two agreements side by side over the same leads, and how well each tells buyers from the others.

Values and their arithmetic: counts, shares with intervals, lift. Who is scored how is decided in
``scoring``; what is read, in the services.
"""

from accord.evaluation.comparison import Comparison, Group, Mover, Movers, Spread, Week
from accord.evaluation.shares import Decile, Evaluation, Share, evaluate, lift, share

__all__ = [
    "Comparison",
    "Decile",
    "Evaluation",
    "Group",
    "Mover",
    "Movers",
    "Share",
    "Spread",
    "Week",
    "evaluate",
    "lift",
    "share",
]
