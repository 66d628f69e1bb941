"""Pages that need nothing but themselves: one HTML file with its style, its pictures, its sounds and its one script."""

from __future__ import annotations

import base64
import hashlib
import re

from jinja2 import Environment, PackageLoader, StrictUndefined

from reaper_automix import __version__

_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
"""Control characters and halves of surrogate pairs: HTML cannot hold them, names of files and tracks can."""


def self_contained_page(package: str, template: str, script: str, **content: object) -> str:
    """Return a page as text.

    Parameters
    ----------
    package : str
        Of ours, that holds the template.
    template : str
        It finds the script as ``script``, and as ``script_hash`` what its policy names: no other script may run.
    script : str
        JavaScript.
    **content : object
        What else the template shows; text in it is escaped.
    """
    environment = Environment(
        loader=PackageLoader("reaper_automix", package),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    text = environment.get_template(template).render(
        **content, script=script, script_hash=script_hash, version=__version__
    )
    return _NOT_TEXT.sub("\ufffd", text)
