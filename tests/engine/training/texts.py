"""Texts that are hard to vectorise, for all tests of this folder."""

TEXTS = [
    "The Minister DENIED the report; he said it was “baseless”!",
    "They agreed to a treaty, and we will   be given\u00a0time.",
    "It's a lie? Non: l'État accusé a menti. İstanbul, ΣΟΦΟΣ ﬁn.",
    "He denied it. He denied it again and again, banana banana.",
    "",
    "über die Straße 東京 по-русски ½ ² e\u0301te\u0301 \ud800 x\x00y x\x00 x",
    "ΟΔΟΣ ΟΔΟΣ. Σ aΣ Σa \u2003 \x1c\x1f a\x85b  \t c",
    "a" * 70 + " " + "ab" * 40 + "\ud800\udc00 \U0001f600\U00010400",
]
