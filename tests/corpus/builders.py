"""Small corpora in which something is known to be wrong."""


def named_rows(label_of):
    """Return texts, labels and articles of 60 sentences, each with one of three names, two per article."""
    rows = []
    for number in range(60):
        name = ("Lenz", "Karsk", "Aubin")[number % 3]
        rows.append((f"On the hill of {name} number {number}.", label_of(number), f"a-{number // 2:02d}"))
    return tuple(zip(*rows, strict=True))
