"""The written agreement as Markdown and as one HTML file that needs no network."""

from accord.report.written.markdown import to_markdown
from accord.report.written.page import to_html

__all__ = ["to_html", "to_markdown"]
