"""The text of an article -> its sentences with exact offsets.

nupunkt proposes where sentences end. The rules here divide the text into paragraphs and
correct what a segmenter trained on legal text gets wrong in news: titles before names,
quoted questions followed by their speaker. ``docs/segmentation.md`` lists the rules and
compares the result with other segmenters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from itertools import pairwise

# Lines shorter than this are not wrapped prose; longer ones are whole paragraphs.
WRAPPED_WIDTHS = range(50, 121)
_LINE = re.compile(r"[^\r\n\v\f\x85\u2028\u2029]+")
_DATE_LINE = re.compile(r"\s*date:?\s+\d{4}-\d{2}-\d{2}\s*", re.IGNORECASE)
_ENDED = re.compile(r"[.!?:;…][\"”’')\]]*\s*$")
# nupunkt is to see as white space what Python does; each replacement keeps the length, so offsets stay valid.
_BLANK = re.compile(r"\s")
_UNREADABLE = re.compile(r"[\x00\ud800-\udfff]")
_TITLES = re.compile(
    r"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Gen|Lt|Maj|Col|Capt|Sgt|Cpl|Adm|Cmdr|Sen|Rep|Gov|Rev|Hon|Pres|Sec|Amb|Cllr|St|No|Fr|vs)\.$"
)
_INITIAL = re.compile(r"(?:^|[\s(\"“])[A-Z]\.$")
_NUMBERED = re.compile(r"(?:^|\s)\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)]$")
_SPEAKER = re.compile(
    r"(?!(?:The|A|An|He|She|It|They|We|I|You|This|That|These|Those|But|And|Or|So|If|In|On|At|As|When|Then|There)\b)"
    r"(?:[A-Z][\w’'.-]*\s+){1,6}"
    r"(?:said|says|asked|asks|added|replied|answered|told|wrote|cried|shouted|retorted|demanded|wondered|insisted)\b"
)
# nupunkt takes some ordinary words before a full stop ("month.", "spokesman.") for
# abbreviations. Words of three or more lower-case letters are not, except these.
_MISSED_END = re.compile(
    r"\b(?!(?:etc|inc|ltd|corp|dept|approx|est|vol|fig|jan|feb|mar|apr|jun|jul|aug|sep|sept|oct|nov|dec)\b)"
    r"[a-zà-ÿ]{3,}[.!?]+[\"”’)\]]*(\s+)(?=[\"“‘(\[]?[A-ZÀ-Þ])"
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence and its offsets: ``article[start:end] == text``.

    Attributes
    ----------
    start, end : int
        Offsets in characters (code points) of the article; ``end`` is exclusive.
    paragraph : int
        Index of its paragraph, counted from 0 without gaps.
    text : str
        The sentence, without surrounding white space.
    """

    start: int
    end: int
    paragraph: int
    text: str


def segmenter() -> str:
    """Return the segmenter's name and version, recorded in every run and model.

    Examples
    --------
    >>> segmenter().split()[0]
    'nupunkt'
    """
    return f"nupunkt {version('nupunkt')} + rules 1"


def segment(text: str) -> list[Sentence]:
    r"""Split an article into sentences.

    Parameters
    ----------
    text : str
        Plain text with any line endings. A blank line separates paragraphs; so does a
        single line ending, unless the lines are wrapped prose. A first line such as
        ``date 2024-04-27`` and a heading are paragraphs of their own.

    Returns
    -------
    list of Sentence
        In reading order, not overlapping, none empty; every character that is not white
        space belongs to exactly one.

    Raises
    ------
    TypeError
        If ``text`` is not a ``str``.

    Examples
    --------
    >>> [sentence.text for sentence in segment('Quiet in Karsk\n\n"Is it true?" he asked. It was.')]
    ['Quiet in Karsk', '"Is it true?" he asked.', 'It was.']
    """
    if not isinstance(text, str):
        raise TypeError(f"{type(text).__name__} came, expected the article as str; decode it first")
    sentences = []
    for paragraph, (first, last) in enumerate(_paragraphs(text)):
        for start, end in _split_paragraph(text, first, last):
            sentences.append(Sentence(start, end, paragraph, text[start:end]))
    return sentences


def _paragraphs(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of each paragraph that is not only white space."""
    block: list[tuple[int, int]] = []
    lines = ((match.start(), match.end()) for match in _LINE.finditer(text))
    for number, (start, end) in enumerate(lines):
        blank = not text[start:end].strip()
        if number == 0 and _DATE_LINE.fullmatch(text, start, end):
            yield start, end
            continue
        if block and (blank or _has_blank_line(text, block[-1][1], start)):
            yield from _join_lines(text, block)
            block = []
        if not blank:
            block.append((start, end))
    if block:
        yield from _join_lines(text, block)


def _has_blank_line(text: str, end: int, start: int) -> bool:
    """Tell whether two lines are separated by more than one line ending; a CRLF is one."""
    return len(text[end:start].replace("\r\n", "\n")) > 1


def _join_lines(text: str, block: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Join the lines of wrapped prose; leave every other line as a paragraph.

    A line was wrapped if the first word of the next line would not have fitted into it.
    """
    width = max(end - start for start, end in block)
    full = []
    for (start, end), (following, last) in pairwise(block):
        # Look ahead by one line width at most: a "word" may be a megabyte long.
        word = text[following : min(last, following + width + 1)].split(maxsplit=1)[:1]
        full.append(end - start + 1 + len(word[0] if word else "") > width)
    wrapped = width in WRAPPED_WIDTHS and sum(full) >= 0.6 * len(full)
    if len(block) == 2 and _ENDED.search(text, max(block[0][0], block[0][1] - 20), block[0][1]):
        wrapped = False
    first = block[0][0]
    for number, (_, end) in enumerate(block):
        last_line = number == len(block) - 1
        if last_line or not (wrapped and full[number]):
            yield first, end
            first = end if last_line else block[number + 1][0]


def _split_paragraph(text: str, first: int, last: int) -> Iterator[tuple[int, int]]:
    """Yield the offsets of each sentence of one paragraph."""
    import nupunkt

    paragraph = _UNREADABLE.sub("\ufffd", _BLANK.sub(" ", text[first:last]))
    ends = {end for _, end in nupunkt.sent_spans(paragraph)} | {
        match.end() for match in _MISSED_END.finditer(paragraph)
    }
    begin = 0
    for end in sorted(ends | {len(paragraph)}):
        if end < len(paragraph) and _continues(paragraph, begin, end):
            continue
        sentence = paragraph[begin:end]
        if sentence.strip():
            indent = len(sentence) - len(sentence.lstrip())
            yield first + begin + indent, first + begin + len(sentence.rstrip())
        begin = end


def _continues(paragraph: str, begin: int, end: int) -> bool:
    """Tell whether the sentence continues after an end that the segmenter proposed."""
    before = paragraph[max(begin, end - 24) : end].rstrip()
    after = paragraph[end : end + 120].lstrip()
    if not after or not before:
        return False
    if after[0].islower() or _TITLES.search(before) or _INITIAL.search(before):
        return True
    # Slices are bounded: copying a very long sentence at each proposed end would take quadratic time.
    if _NUMBERED.fullmatch(paragraph[begin : min(end, begin + 16)].strip()):
        return True
    quoted = before[-1] in "\"”’'" and before.rstrip("\"”’'")[-1:] in ("?", "!")
    return quoted and _SPEAKER.match(after) is not None
