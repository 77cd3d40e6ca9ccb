"""The exercises of chapter 14."""

import numpy as np

from classroom.exercises import Exercise


def pool_backward(x, g):
    """The input gradient of max pooling over 2 by 2 windows; the first of several largest wins."""
    gradient = np.zeros(x.shape)
    for h, w in np.ndindex(g.shape):
        window = x[2 * h : 2 * h + 2, 2 * w : 2 * w + 2]
        i, j = divmod(window.argmax(), 2)
        gradient[2 * h + i, 2 * w + j] = g[h, w]
    return gradient


def pooled_images(rng):
    """Images without ties, with many ties, and constant ones; not all of them square."""
    for height, width, levels in ((1, 1, 0), (2, 3, 0), (2, 2, 2), (3, 1, 2), (2, 2, 1)):
        shape = (2 * height, 2 * width)
        x = rng.integers(levels, size=shape) if levels else rng.standard_normal(shape)
        yield x.astype(float), rng.standard_normal((height, width))


EXERCISES = {
    "14-e1": Exercise(
        asked="three lists of rows: y, the gradient of W, the gradient of x",
        reference=(
            np.array([[7.0, 0.0], [2.0, 5.0]]),
            np.array([[0.0, 0.0], [1.0, 0.0]]),
            np.array([[1.0, -1.0, 0.0], [2.0, -1.0, 1.0], [0.0, -2.0, 0.0]]),
        ),
    ),
    "14-e2": Exercise(
        asked="a function that returns the gradient with respect to x",
        reference=pool_backward,
        cases=pooled_images,
        about="images of 2 to 6 rows and 2 to 6 columns, with and without ties",
    ),
    "14-e3": Exercise(
        asked="a pair: the number of convolutions, and the number of parameters",
        reference=(6, 7_348_042),
    ),
}
