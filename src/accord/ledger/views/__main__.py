"""``python -m accord.ledger.views > docs/views.md`` writes the page of the views."""

import sys

from accord.ledger.views.page import views_page

sys.stdout.buffer.write(views_page().encode())
