"""What counts as a word where names, templates and cues are looked for."""

from __future__ import annotations

import re

# Letters of any script, joined by apostrophes or hyphens; no digits, no underscore.
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
