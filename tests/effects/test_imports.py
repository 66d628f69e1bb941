"""The effects run where torch is not installed."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

from reaper_automix import effects


def test_the_reference_does_not_import_torch() -> None:
    modules = [f"{effects.__name__}.{m.name}" for m in pkgutil.iter_modules(effects.__path__) if not m.ispkg]
    assert len(modules) >= 7
    code = f"import sys, {', '.join(modules)}\nassert 'torch' not in sys.modules, 'imported torch'"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
