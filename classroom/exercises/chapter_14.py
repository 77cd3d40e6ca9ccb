"""The exercises of chapter 14."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def filled(x, g, part):
    """An image whose 2 by 2 windows are ``part(window of x, entry of g)``."""
    gradient = np.zeros(x.shape)
    for h, w in np.ndindex(g.shape):
        place = slice(2 * h, 2 * h + 2), slice(2 * w, 2 * w + 2)
        gradient[place] = part(x[place], g[h, w])
    return gradient


def at(place, value):
    """A 2 by 2 window with a value in one place, counted row by row."""
    window = np.zeros(4)
    window[place] = value
    return window.reshape(2, 2)


def pool_backward(x, g):
    """The input gradient of max pooling over 2 by 2 windows; the first of several largest wins."""
    return filled(x, g, lambda window, entry: at(window.argmax(), entry))


def pooled_images(rng):
    """Images without ties, with many ties, and constant ones; not all of them square."""
    # Of whole numbers, as images are read from a file; the gradient is not.
    yield rng.permutation(4).reshape(2, 2), rng.integers(2, 9, size=(1, 1)) + 0.5
    for x in ([1, 2, 2, 0], [0, 1, 1, 1], rng.permutation(8) - 4):
        x = np.reshape(x, (-1, 2)).astype(float)
        yield x, rng.integers(2, 9, size=(len(x) // 2, 1)).astype(float)
    for height, width, levels in ((2, 3, 0), (3, 1, 2), (2, 2, 1)):
        shape = (2 * height, 2 * width)
        x = rng.integers(levels, size=shape) if levels else rng.standard_normal(shape)
        yield x.astype(float), rng.standard_normal((height, width))


def every_largest(x, g):
    return filled(x, g, lambda window, entry: (window == window.max()) * entry)


def shared(x, g):
    def part(window, entry):
        largest = window == window.max()
        return largest * entry / largest.sum()

    return filled(x, g, part)


def last_largest(x, g):
    return filled(x, g, lambda window, entry: at(3 - window.ravel()[::-1].argmax(), entry))


def column_by_column(x, g):
    return filled(x, g, lambda window, entry: at(window.T.argmax(), entry).T)


def averaged(x, g):
    return filled(x, g, lambda window, entry: np.full((2, 2), entry / 4))


def copied(x, g):
    return filled(x, g, lambda window, entry: np.full((2, 2), entry))


def times_x(x, g):
    return filled(x, g, lambda window, entry: at(window.argmax(), entry * window.max()))


def all_in_one_window(x, g):
    gradient = np.zeros(x.shape)
    for h, w in np.ndindex(g.shape):
        window = x[2 * h : 2 * h + 2, 2 * w : 2 * w + 2]
        gradient[divmod(window.argmax(), 2)] = g[h, w]
    return gradient


def overlapping(x, g):
    gradient = np.zeros(x.shape)
    for h, w in np.ndindex(g.shape):
        window = x[h : h + 2, w : w + 2]
        k, m = np.unravel_index(window.argmax(), window.shape)
        gradient[h + k, w + m] += g[h, w]
    return gradient


def pooled(x, g):
    return x.reshape(g.shape[0], 2, g.shape[1], 2).max(axis=(1, 3)) * g


def row_and_column_swapped(x, g):
    return filled(x, g, lambda window, entry: at(window.argmax(), entry).T)


def whole_numbers(x, g):
    return pool_backward(x, g).astype(x.dtype)


def smallest(x, g):
    return filled(x, g, lambda window, entry: at(window.argmin(), entry))


X_GRADIENT = np.array([[1.0, -1.0, 0.0], [2.0, -1.0, 1.0], [0.0, -2.0, 0.0]])
W_GRADIENT = np.array([[0.0, 0.0], [1.0, 0.0]])

EXERCISES = {
    "14-e1": Exercise(
        asked="three lists of rows: y, the gradient of W, the gradient of x",
        reference=(np.array([[7.0, 0.0], [2.0, 5.0]]), W_GRADIENT, X_GRADIENT),
        tests=(
            "Test it: lay W on the upper left corner of x as it is written, multiply entry by "
            "entry and add up. Then move it to the right, and down.",
            "Test it: raise one weight by 0.01, compute y again, and add up g times y, entry by "
            "entry. The change is a hundredth of that weight's gradient.",
            "Test it: raise one pixel by 0.01, compute y again, and add up g times y, entry by "
            "entry. The change is a hundredth of that pixel's gradient.",
        ),
        mistakes=(
            Mistake(
                "the kernel is flipped in y",
                (np.array([[-2.0, 3.0], [4.0, -1.0]]), ..., ...),
                "Signal processing flips the kernel, networks do not: lay it on the image as it "
                "is written.",
            ),
            Mistake(
                "y is transposed",
                (np.array([[7.0, 2.0], [0.0, 5.0]]), ..., ...),
                "The first index of y moves the kernel down, the second to the right.",
            ),
            Mistake(
                "the two gradients have changed places",
                (..., X_GRADIENT, W_GRADIENT),
                "A gradient has the shape of what it belongs to. The gradient of W comes second.",
            ),
            Mistake(
                "the sign of the gradient of W is flipped",
                (..., -W_GRADIENT, ...),
                "The upper left entry of g is +1, the lower right −1. Which piece of x does each "
                "of them pick?",
            ),
            Mistake(
                "the minus of g is lost in the gradient of W",
                (..., np.array([[2.0, 0.0], [5.0, 2.0]]), ...),
                "The lower right entry of g is −1: what it picks from x is subtracted.",
            ),
            Mistake(
                "that is g, not the gradient of W",
                (..., np.array([[1.0, 0.0], [0.0, -1.0]]), ...),
                "How much does a weight move y? By the pixels that it is laid on.",
            ),
            Mistake(
                "the gradient of W is turned upside down, or transposed",
                (..., W_GRADIENT[::-1, ::-1], ...),
                "Slide g over x without flipping it. The first index moves down, the second right.",
            ),
            Mistake(
                "the minus of g is lost in the gradient of x",
                (..., ..., np.array([[1.0, -1.0, 0.0], [2.0, 1.0, -1.0], [0.0, 2.0, 0.0]])),
                "Each entry of g paints a copy of W, multiplied by that entry. The lower right "
                "entry is −1.",
            ),
            Mistake(
                "the kernel is flipped in the gradient of x",
                (..., ..., np.array([[0.0, 2.0, 0.0], [-1.0, 1.0, -2.0], [0.0, 1.0, -1.0]])),
                "Which weight did the pixel x₀₀ meet on its only way to y₀₀? It meets the same one "
                "on the way back.",
            ),
        ),
    ),
    "14-e2": Exercise(
        asked="a function that returns the gradient with respect to x",
        reference=pool_backward,
        cases=pooled_images,
        about="images of 2 to 6 rows and 2 to 6 columns, with and without ties",
        mistakes=(
            Mistake(
                "every one of several largest pixels gets the gradient",
                every_largest,
                "Then more flows back than arrived. One of them gets it all: which?",
            ),
            Mistake(
                "several largest pixels share the gradient",
                shared,
                "Sharing would be a subgradient, too. But the convention here gives it all to one.",
            ),
            Mistake(
                "the last of several largest pixels wins",
                last_largest,
                "Read the window row by row, and keep the first. Do you compare with ≥ or with >?",
            ),
            Mistake(
                "ties are broken column by column",
                column_by_column,
                "Of (0, 1) and (1, 0), which comes first when you read row by row?",
            ),
            Mistake(
                "that is average pooling",
                averaged,
                "Only the largest pixel of a window decides what comes out. Who gets the gradient?",
            ),
            Mistake(
                "every pixel of the window gets the gradient",
                copied,
                "Move a pixel that is not the largest: does the output change?",
            ),
            Mistake(
                "the gradient is multiplied by the pixel",
                times_x,
                "If the largest pixel grows by 1, by how much does the output grow?",
            ),
            Mistake(
                "the place in the window is taken for the place in the image",
                all_in_one_window,
                "`argmax` counts inside the window. Where does the window begin?",
            ),
            Mistake(
                "the windows overlap",
                overlapping,
                "They lie side by side: where does the second window begin?",
            ),
            Mistake(
                "that has the shape of the output",
                pooled,
                "A gradient has the shape of what it belongs to: of x. Who in x gets each entry?",
            ),
            Mistake(
                "row and column have changed places",
                row_and_column_swapped,
                "`divmod(k, 2)` gives the row first, then the column. Where do you write to?",
            ),
            Mistake(
                "the gradient is cut off to whole numbers",
                whole_numbers,
                "`np.zeros_like(x)` has the type of x, and these pixels are whole numbers. Which "
                "`dtype` does a gradient need?",
            ),
            Mistake(
                "the smallest pixel gets the gradient",
                smallest,
                "It is *max* pooling.",
            ),
        ),
    ),
    "14-e3": Exercise(
        asked="a pair: the number of convolutions, and the number of parameters",
        reference=(6, 7_348_042),
        tests=(
            "Test it: print the number of parameters for one convolution fewer, and for one more "
            "if there is room.",
            "Test it: print the number of parameters of the network with as many convolutions as "
            "you say, and compare digit by digit.",
        ),
        mistakes=(
            Mistake(
                "that is the network of S2, the largest of all",
                (3, 88_709_194),
                "Add convolutions, and watch what enters the dense layer.",
            ),
            Mistake(
                "one more is possible",
                (5, 14_687_050),
                "How large is the image after five blocks? Is there room for one more window and "
                "pooling?",
            ),
            Mistake(
                "the added convolutions are counted, not all of them",
                (3, 7_348_042),
                "S2's network has three of its own.",
            ),
            Mistake(
                "the convolutions are padded",
                (6, 15_736_650),
                "S2's convolutions have no padding: the image loses its border each time.",
            ),
            Mistake(
                "the dense layer is missing",
                (4, 757_066),
                "The dense layer of 1024 units stays. That is where most of the parameters are.",
            ),
        ),
    ),
}
