"""Articles are cut into sentences as a reader would cut them, and no character is lost."""

import pytest
from hypothesis import given, strategies as st

from toolkit.corpus.segmentation import segment, segmenter


def texts(article):
    return [sentence.text for sentence in segment(article)]


CASES = {
    "attribution after a quote": ('"We will act," she said. He left.', ['"We will act," she said.', "He left."]),
    "question with its speaker": (
        '"Is it true?" he asked. "Why?" Ana Lopez asked.',
        ['"Is it true?" he asked.', '"Why?" Ana Lopez asked.'],
    ),
    "question and a new sentence": (
        "“Who knows?” The crowd said nothing.",
        ["“Who knows?”", "The crowd said nothing."],
    ),
    "quote over several sentences": (
        '"They lied. They will again," she said.',
        ['"They lied.', 'They will again," she said.'],
    ),
    "closing mark stays": (
        'He said: "We came. We left." Then he went.',
        ['He said: "We came.', 'We left."', "Then he went."],
    ),
    "unbalanced quote": ('"It began. It goes on. And', ['"It began.', "It goes on.", "And"]),
    "U.S. inside and at the end": (
        "The U.S. said it would leave the U.S. The talks ended.",
        ["The U.S. said it would leave the U.S.", "The talks ended."],
    ),
    "titles and initials": (
        "Mr. Pell met Lt. Gen. J. R. Marlowe. They ate.",
        ["Mr. Pell met Lt. Gen. J. R. Marlowe.", "They ate."],
    ),
    "decimals and numbers": (
        "It cost $3.5 million. No. 5 won at 5 p.m. on Friday.",
        ["It cost $3.5 million.", "No. 5 won at 5 p.m. on Friday."],
    ),
    "ordinary words are not abbreviations": (
        "It ends this month. A spokesman left.",
        ["It ends this month.", "A spokesman left."],
    ),
    "an exclamation mark within a name": ("Yahoo! said it would. It did.", ["Yahoo! said it would.", "It did."]),
    "ellipsis": ("He waited... and left. Then... nothing.", ["He waited... and left.", "Then... nothing."]),
    "numbered items": ("1. The first. 2. The second.", ["1. The first.", "2. The second."]),
    "dateline": (
        "KARSK, June 4 (SNA) - Drovia spoke. It rained.",
        ["KARSK, June 4 (SNA) - Drovia spoke.", "It rained."],
    ),
    "leading date": ("date 2024-04-27\nA heading\n\nOne. Two.", ["date 2024-04-27", "A heading", "One.", "Two."]),
    "heading without a stop": (
        "Floods in Hask\nThe river rose. It fell.",
        ["Floods in Hask", "The river rose.", "It fell."],
    ),
    "blank lines": ("One.\n\n \n\nTwo.", ["One.", "Two."]),
    "Windows line endings": ("One.\r\n\r\nTwo. Three.\r\nFour.", ["One.", "Two.", "Three.", "Four."]),
    "non-breaking spaces": ("He paid.\u00a0She left.", ["He paid.", "She left."]),
    "nothing": (" \n\t", []),
}


@pytest.mark.parametrize("case", CASES)
def test_case_is_cut_as_a_reader_would(case):
    article, expected = CASES[case]
    assert texts(article) == expected


def test_wrapped_prose_is_joined():
    article = (
        "The minister said on Monday that the government would not\n"
        "accept the plan that the envoy had put before it when they\n"
        "met. It would wait.\n"
        "A new one."
    )
    assert [" ".join(text.split()) for text in texts(article)] == [
        "The minister said on Monday that the government would not accept the plan that the envoy had put before it "
        "when they met.",
        "It would wait.",
        "A new one.",
    ]


def test_two_long_lines_that_end_are_two_paragraphs():
    article = "This is a line of more than fifty characters that ends here.\nAnd another one follows it."
    assert [sentence.paragraph for sentence in segment(article)] == [0, 1]


def test_offsets_count_characters_and_paragraphs_have_no_gaps():
    sentences = segment("😀 He left.\n\n😀 She stayed.")
    assert [(sentence.start, sentence.end, sentence.paragraph) for sentence in sentences] == [(0, 10, 0), (12, 25, 1)]


def test_other_types_are_refused():
    with pytest.raises(TypeError, match="bytes came, expected the article as str"):
        segment(b"No.")


def test_segmenter_names_its_version():
    assert segmenter().startswith("nupunkt 0.")


HOSTILE = st.text(st.one_of(st.sampled_from(list("Aa .\"”“?!\n\r'()1-\x00\u00a0\u2028")), st.characters()), max_size=80)


@given(HOSTILE)
def test_every_character_is_in_exactly_one_sentence(article):
    sentences = segment(article)
    offset = 0
    for sentence in sentences:
        assert sentence.start >= offset
        assert not article[offset : sentence.start].strip()
        assert article[sentence.start : sentence.end] == sentence.text
        assert sentence.text == sentence.text.strip() != ""
        offset = sentence.end
    assert not article[offset:].strip()
    paragraphs = [sentence.paragraph for sentence in sentences]
    assert sorted(set(paragraphs)) == list(range(len(set(paragraphs))))
    assert paragraphs == sorted(paragraphs)


@pytest.mark.slow
@pytest.mark.parametrize("part", ["a", ". ", '"', "A. ", "\n", "a\n", 'He said. "No." ', "month. ", '"Why?" '])
def test_time_grows_linearly_with_length(part):
    import time

    seconds = []
    for size in (50_000, 400_000):
        start = time.perf_counter()
        segment(part * (size // len(part)))
        seconds.append(time.perf_counter() - start)
    # Eight times the text may take thirty times as long on a noisy machine, not sixty.
    assert seconds[1] < 30 * seconds[0] + 0.5
