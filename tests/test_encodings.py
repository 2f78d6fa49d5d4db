"""The encoding of a file is marked, named, UTF-8 or a guess that is said aloud; else the line of the damage is."""

import codecs
import io

import pytest

from toolkit.encodings import decode, find_encoding
from toolkit.exceptions import EncodingGuessed, TableError

TEXT = "The envoy’s café denied it.\nNobody – he said – was paid.\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_mark_decides_whatever_is_named(encoding):
    content = TEXT.encode(encoding)
    assert decode(content) == TEXT
    assert content.decode(find_encoding(io.BytesIO(content), "a.txt")) == TEXT
    if encoding != "utf-8":
        assert content.decode(find_encoding(io.BytesIO(content), "a.txt", "cp1252")) == TEXT


def test_big_endian_mark_is_recognised():
    assert decode(codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be")) == TEXT


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "utf-16-be"])
def test_guess_is_said_aloud(encoding):
    with pytest.warns(EncodingGuessed, match=rf"is read as {encoding}; if that is wrong, .*\[a\.txt\]"):
        assert find_encoding(io.BytesIO(TEXT.encode(encoding)), "a.txt") == encoding


@pytest.mark.parametrize(
    ("content", "named", "message"),
    [
        ("Он отрицал это.\n".encode("cp1251"), None, r"byte 0xce is not UTF-8; .* name its encoding .*\[a\.txt:1\]"),
        (b"one\n" * 9 + b"two \x81\n", None, r"byte 0x81 is not UTF-8; .*a\.txt:10\]"),
        (b"\x00\x01\x02" * 9 + b"\xff", None, "byte 0xff is not UTF-8"),
        (b"one\ntwo \xe9\n", "ascii", r"byte 0xe9 is not ascii; .*a\.txt:2\]"),
        ("one\n".encode("utf-16") + b"x", None, r"byte 0x78 is not utf-16; .*a\.txt:2\]"),
        (b"one", "cp12522", "the encoding 'cp12522' is unknown"),
        (b"one", "base64", "the encoding 'base64' is unknown"),
    ],
)
def test_what_cannot_be_decoded_is_refused_with_its_line(content, named, message):
    with pytest.raises(TableError, match=message):
        find_encoding(io.BytesIO(content), "a.txt", named)


def test_character_across_two_reads_is_whole(monkeypatch):
    monkeypatch.setattr("toolkit.encodings._CHUNK", 3)
    assert find_encoding(io.BytesIO(TEXT.encode()), "a.txt") == "utf-8-sig"
    with pytest.raises(TableError, match=r"a\.txt:3\]"):
        find_encoding(io.BytesIO(TEXT.encode() + b"\x81"), "a.txt")
