# @description Automix watcher: the other Automix actions start it, there is no need to run it
# @version 0.1.0
# @author reaper_automix
# @noindex
# @about
#   Follows a running Automix job without holding up REAPER, and writes the result into the project.
"""Follow the running job."""

import sys

sys.dont_write_bytecode = True
from automix_start import start  # noqa: E402

start("watch")
