"""Source S2: without softmax its network stays at chance, and repaired it reads digits."""

import numpy as np

from sgdcore import data
from tests.book.mistakes import outcome
from tests.book.notebooks import notebook
from tests.parity.conventions import scores_for_probabilities


def ran(kind):
    """What the cells tagged ``source:S2:kind`` leave behind."""
    result = outcome(notebook("14").program(f"source:S2:{kind}"))
    assert result.error is None
    return result.names


def test_s2_without_softmax_stays_at_chance():
    names = ran("broken")
    assert names["accuracy"].shape == (3, 5)  # rates, seeds
    assert names["accuracy"].max() < 0.25


def test_s2_repaired_reads_digits():
    names = ran("repaired")
    _, _, (images, labels) = data.digits(0)
    # Judged here, on the test part, from the parameters that it left.
    scores = names["network"].predict(names["theta"], images)
    accuracy = (scores.argmax(axis=-1) == labels).mean(axis=-1)
    assert accuracy.shape == (5,)
    assert (accuracy == names["accuracy"]).all()
    assert accuracy.mean() > 0.96 and accuracy.min() > 0.93
    assert names["rates"][0] < names["lr"] < names["rates"][-1]


def test_the_loss_without_softmax_is_that_of_keras():
    """The chapter's loss is the one that the parity tests hold against Keras."""
    ours, theirs = ran("broken")["without_softmax"], scores_for_probabilities()
    rng = np.random.default_rng(0)
    scores, labels = rng.standard_normal((200, 10)), rng.integers(10, size=200)
    np.testing.assert_allclose(ours.value(scores, labels), theirs.value(scores, labels), 1e-12)
    np.testing.assert_allclose(
        ours.grad(scores, labels), theirs.grad(scores, labels), rtol=1e-12, atol=1e-15
    )
