"""The few colours of a page, light and dark. Charts are drawn in the light ones.

In the dark a style rule repaints each light colour of a chart by its value, so one picture serves
both. Kept and missed differ in hue, lightness and mark: colour alone never tells.
"""

from __future__ import annotations

from collections.abc import Iterator

INK = "#1d1c1a"
MUTED = "#69655c"
GRID = "#e3dfd5"
MARKETING = "#17666b"
MARKETING_MID = "#5c9a9d"
MARKETING_SOFT = "#a9cccd"
SALES = "#a84f16"
SALES_SOFT = "#c58450"
MISSED = "#b3261e"

DARK = {
    INK: "#eeebe4",
    MUTED: "#a8a297",
    GRID: "#37352f",
    MARKETING: "#5cc0c4",
    MARKETING_MID: "#3c8c90",
    MARKETING_SOFT: "#275a5d",
    SALES: "#eb9457",
    SALES_SOFT: "#b5713f",
    MISSED: "#ff8a80",
}


def dark_rules() -> Iterator[str]:
    """Yield the style rules that repaint a chart in the dark."""
    for light, dark in DARK.items():
        yield f'.chart [fill="{light}"]{{fill:{dark}}}'
        yield f'.chart [stroke="{light}"]{{stroke:{dark}}}'
