"""The conventions of the libraries as a table, from the cases and the recorded runs."""

import textwrap
from string import ascii_lowercase

from tests.parity import cases, record, replays

LIBRARIES = {"torch": "PyTorch", "optax": "optax", "keras": "Keras", "sklearn": "scikit-learn"}
SAME = 1e-10  # as in the tests of parity
NARROW = 36  # characters of a note: a phone shows no more of what stands beside columns


def compared():
    """For every optimiser that was recorded: library, method, how far apart, and what differs."""
    data = record.stored("inputs")
    traces = {library: record.stored(library) for library in LIBRARIES}
    methods = {name: case.ours for name, case in cases.OPTIMIZERS.items()}
    methods |= {name: case.optimizer for name, case in cases.MLPS.items()}
    for name, ours in methods.items():
        library, method = name.split("/")
        naive = cases.NAIVE.get(name, cases.Naive(ours, ""))
        gap = replays.apart(name, naive.ours, data, traces[library][method])
        yield library, method.removeprefix("mlp-"), gap, naive.words


def lines():
    """A row a method, a column a library; a letter says what differs, below."""
    rows, letters = {}, {}
    for library, method, gap, words in compared():
        rows.setdefault(method, {})[library] = (gap, words) if gap > SAME else None
    alone = [method for method, row in rows.items() if list(row.values()) == [None]]
    yield " " * 17 + "".join(f"{title:10}" for title in LIBRARIES.values())
    for method, row in sorted(rows.items(), key=lambda item: -len(item[1])):
        if method not in alone:
            columns = (entry(row, library, letters) for library in LIBRARIES)
            yield f"{method:17}{''.join(f'{column:10}' for column in columns)}".rstrip()
    yield "in one library alone, and the same:"
    yield from wrapped(", ".join(alone), "   ")
    for words, letter in letters.items():
        yield from wrapped(words, f"{letter}  ")


def wrapped(text, first):
    return textwrap.wrap(
        text, NARROW, initial_indent=first, subsequent_indent="   ", break_on_hyphens=False
    )


def entry(row, library, letters):
    """How far apart and the letter of what differs, which gets the next letter if it is new."""
    if library not in row:
        return "-"
    if row[library] is None:
        return "same"
    gap, words = row[library]
    return f"{gap:.1g} {letters.setdefault(words, ascii_lowercase[len(letters)])}"
