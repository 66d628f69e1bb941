"""What REAPER calls later: its failures end as one message, never as REAPER's box with a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable


def told(call: Callable[[], None]) -> Callable[[], None]:
    """Return a call whose failures are shown by the start-up file of the actions, as those of the actions are."""

    def calling() -> None:
        try:
            call()
        except Exception as error:
            start = sys.modules.get("automix_start")
            if start is None:
                raise
            start.show_failure(error)

    return calling
