"""What a rescoring found: the values of :mod:`accord.scoring.comparison`, which pages may import."""

from __future__ import annotations

from accord.scoring.comparison import Comparison, Group, Mover, Spread, Week

__all__ = ["Comparison", "Group", "Mover", "Spread", "Week"]
