"""Templates and values -> pages; what a page runs or embeds is made safe here."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from toolkit.pages.documents import escape_markdown
from toolkit.pages.formatting import format_interval, format_p, format_percent, format_score, format_signed

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def own_markup(text: str) -> Markup:
    """Keep templates from escaping markup of our own making, in which foreign text is escaped already."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704 - the one place that says so


def script(name: str) -> dict[str, Any]:
    """Return a script of ``templates/`` and the hash by which a page's policy lets it run.

    Returns
    -------
    dict
        ``source``, the content of a ``script`` element, and ``hash``, in the form of a
        Content-Security-Policy.
    """
    source = (files("toolkit.pages") / "templates" / name).read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(source.encode("utf-8")).digest()).decode("ascii")
    return {"source": own_markup(source), "hash": f"sha256-{digest}"}


def script_json(value: Any) -> str:
    """Write JSON for a ``script`` element: nothing in it ends the script, opens a comment or ends a line."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return re.sub("[<>&\u2028\u2029\ud800-\udfff]", lambda match: f"\\u{ord(match[0]):04x}", text)


def render_page(template: str, **values: Any) -> str:
    """Render one of the toolkit's templates; all values are escaped."""
    return _environment().get_template(template).render(**values)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

    environment = Environment(
        loader=PackageLoader("toolkit.pages", "templates"),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters.update(
        score=format_score,
        range=format_interval,
        range_signed=lambda difference: format_interval(difference, format_signed),
        signed=format_signed,
        p=format_p,
        percent=format_percent,
        dots=lambda text: text.replace(" ", "·"),
        markdown=escape_markdown,
    )
    return environment
