"""What ``tests.no_solutions`` reads in a PDF that the browser prints."""

import pytest

from book._tools.pdf import print_document
from tests import no_solutions
from tests.book.test_solutions import built, page


@pytest.mark.parametrize(("wanted", "hits"), [("yes", 3), ("no", 0)])
def test_solutions_are_seen_in_print(browser, tmp_path, monkeypatch, wanted, hits):
    pieces, names = no_solutions.looked_for([page()])
    out = built(tmp_path / wanted, wanted, monkeypatch)
    printed = tmp_path / "book.pdf"
    context = browser.new_context()
    print_document(context, out / "index.html", printed)
    context.close()
    seen, count = no_solutions.found([printed], pieces, names)
    assert (len(seen), count) == (hits, 1)
    assert {piece for _, piece in seen} == (pieces | names if hits else set())
