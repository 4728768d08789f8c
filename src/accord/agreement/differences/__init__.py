"""What differs between two agreements, in sentences: nothing missed, nothing said of the same.

:func:`find_differences` is the door; who of the leads is concerned is not known here.
"""

from accord.agreement.differences.compare import find_differences
from accord.agreement.differences.model import Difference

__all__ = ["Difference", "find_differences"]
