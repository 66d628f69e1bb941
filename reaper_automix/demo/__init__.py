"""The demo session: a short song that our own code performs, and a REAPER project around it."""

from reaper_automix.demo.writing import DEFAULT_SEED, PROJECT_NAME, write_demo_session

__all__ = ["DEFAULT_SEED", "PROJECT_NAME", "write_demo_session"]
