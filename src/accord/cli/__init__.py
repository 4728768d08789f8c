"""The command line. It reads the clock once, calls one service, prints what came of it.

Exit codes: 0 done, 1 found something wrong, 2 wrong usage or input (one line naming file, place,
what was expected and the remedy; no traceback).
"""

from accord.cli.app import main

__all__ = ["main"]
