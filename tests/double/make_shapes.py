"""Write shapes.json from a description of all ReaScript functions.

Run it as ``python tests/double/make_shapes.py REASCRIPT_API.json``.

The description names, per function, the kind of its result and of its arguments. Kept are the functions that the
double has, as ``{"ret": kind, "args": [kinds]}``: ``int``, ``double``, ``bool``, ``str`` (in), ``text`` (in and out),
``size`` (of the text before it), ``int*``, ``double*``, ``bool*`` (in and out), and pointers by their C type.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent


def main(source: Path) -> None:
    """Write the file."""
    sys.path[:0] = [str(HERE.parent), str(HERE.parent.parent)]
    from double.handlers import HANDLERS

    known = json.loads(source.read_text("utf-8"))
    shapes = {name: shape(known[name]) for name in sorted(HANDLERS)}
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in shapes.items()]
    (HERE / "shapes.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")


def shape(entry: dict[str, Any]) -> dict[str, Any]:
    """Return one function's shape."""
    kinds = [
        argument_kind(kind, c_type, name) for kind, (c_type, name) in zip(entry["kinds"], entry["args"], strict=True)
    ]
    result = {"const char*": "str", "unsigned int": "int"}.get(entry["ret"], entry["ret"])
    return {"ret": result, "args": kinds}


def argument_kind(kind: str, c_type: str, name: str) -> str:
    """Return the kind of one argument."""
    if kind == "ptr":
        return c_type.removeprefix("const ")
    if kind == "strbuf":
        return "text"
    return "size" if kind == "int" and name.endswith("_sz") else kind


if __name__ == "__main__":
    main(Path(sys.argv[1]))
