"""Data: problems made from a seed, five real data sets, splits, and the order of the samples."""

from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sgdcore._checks import (
    require_array,
    require_choice,
    require_count,
    require_instance,
    require_number,
    require_rng,
    shown,
)
from sgdcore._series import NILE, SUNSPOTS

# What a run draws, each from a stream of its own, so that drawing more of the one leaves the
# others alone.
STREAMS = ("init", "sampling", "noise")
SAMPLINGS = ("permutation", "replacement", "once", "given")
# Draws with replacement are made for about this many samples at a time: a call a step and a run
# would cost more than the step itself.
DRAWN_AT_ONCE = 1024


class Split(NamedTuple):
    """Three parts of a data set, each a pair ``(X, y)``."""

    train: tuple
    validation: tuple
    test: tuple


def generators(seeds, stream):
    """One random generator a run.

    Parameters
    ----------
    seeds : int or array of int
        The seeds of the runs, at least 0.
    stream : {"init", "sampling", "noise"}
        What the generators are for: streams of one seed are independent of each other.

    Returns
    -------
    array of numpy.random.Generator
        In the shape of ``seeds``. Each depends on its seed alone.

    Raises
    ------
    ValueError
        If a seed is not a whole number of at least 0, or the stream is not one of the three.
    """
    require_choice("stream", stream, STREAMS)
    seeds = require_array("seeds", seeds, "iu", "whole numbers >= 0")
    if (seeds < 0).any():
        raise ValueError(f"seeds must be whole numbers >= 0, got {shown(seeds)}")
    rngs = np.empty(seeds.shape, dtype=object)
    for where, seed in np.ndenumerate(seeds):
        key = (STREAMS.index(stream),)
        rngs[where] = np.random.default_rng(np.random.SeedSequence(int(seed), spawn_key=key))
    return rngs


def draw_normal(rngs, shape):
    """Standard normal draws of this shape from each generator: ``(*rngs.shape, *shape)``."""
    return _draw(rngs, shape, float, lambda rng, out: rng.standard_normal(out=out))


def draw_uniform(rngs, shape, dtype=float):
    """Draws from 0 to 1 of this shape from each generator: ``(*rngs.shape, *shape)``."""
    return _draw(rngs, shape, dtype, lambda rng, out: rng.random(dtype=dtype, out=out))


def _draw(rngs, shape, dtype, fill):
    require_instance("shape", shape, tuple, "(3,)")
    rngs = np.asarray(rngs, dtype=object)
    result = np.empty(rngs.shape + shape, dtype=dtype)
    try:
        for where, rng in np.ndenumerate(rngs):
            fill(rng, result[where])
    except (AttributeError, TypeError):  # the latter for the module numpy.random
        raise ValueError(
            f"rngs must be generators, such as data.generators(0, 'noise'), got {shown(rngs)}"
        ) from None
    return result


class Sampler:
    """The order of the samples: an iterator over the mini-batches' indices.

    Parameters
    ----------
    n : int
        Number of samples.
    batch_size : int
        Number B of samples a step, from 1 to n.
    rngs : array of numpy.random.Generator
        One a run.
    sampling : {"permutation", "replacement", "once", "given"}
        A new shuffle every epoch; independent draws; one shuffle that every epoch repeats; the
        order of the samples as it is, for a series in time. Except for draws with replacement, the
        last batch of an epoch is smaller where B does not divide n.

    Yields
    ------
    array of int, shape (*rngs.shape, B)

    Raises
    ------
    ValueError
        If the batch size or the name of the sampling is out of its range.
    """

    def __init__(self, n, batch_size, rngs, sampling):
        require_choice("sampling", sampling, SAMPLINGS)
        n = require_count("n", n)
        batch_size = require_count("batch_size", batch_size)
        if batch_size > n:
            raise ValueError(f"batch_size must be at most the {n} samples, got {batch_size}")
        rngs = np.asarray(rngs, dtype=object)
        for rng in rngs.flat:
            require_rng(rng)
        self.n, self.batch_size, self.rngs, self.sampling = n, batch_size, rngs, sampling
        self._position = 0
        self._order = np.empty((*rngs.shape, 0), dtype=np.int32)

    def __iter__(self):
        return self

    def __next__(self):
        left = self._left()
        self._position += self.batch_size
        return left[..., : self.batch_size]

    def ahead(self, steps):
        """The next batches at once, at most so many, all of one size: ``(k, *rngs.shape, B)``."""
        left = self._left()
        size = min(self.batch_size, left.shape[-1])
        steps = min(steps, left.shape[-1] // size)
        self._position += steps * size
        batches = left[..., : steps * size].reshape(*left.shape[:-1], steps, size)
        return np.moveaxis(batches, -2, 0)

    def _left(self):
        """The indices that have been drawn but not been handed out; there is always one."""
        if self._position >= self._order.shape[-1]:
            self._draw()
        return self._order[..., self._position :]

    def _draw(self):
        self._position = 0
        if self.sampling in ("once", "given") and self._order.size:
            return
        length = self.n
        if self.sampling == "replacement":
            length = self.batch_size * max(1, DRAWN_AT_ONCE // self.batch_size)
        # A new array each time: batches are views, and those handed out must stay as they are.
        self._order = np.empty((*self.rngs.shape, length), dtype=np.int32)
        for where, rng in np.ndenumerate(self.rngs):
            if self.sampling == "replacement":
                self._order[where] = rng.integers(self.n, size=length)
            elif self.sampling == "given":
                self._order[where] = np.arange(self.n)
            else:
                self._order[where] = rng.permutation(self.n)
        self._order.flags.writeable = False


def split(X, y, *, rng, validation=0.2, test=0.2):
    """Shuffle the samples and cut them in three.

    Parameters
    ----------
    X, y : arrays with the same first axis
        Inputs and targets.
    rng : numpy.random.Generator
        Draws the shuffle.
    validation, test : float
        Shares of the samples, above 0; together below 1. The rest is for training.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If the lengths differ, a share is out of its range, or a part would be empty.
    """
    require_rng(rng)
    X, y = (
        require_array(name, part, "biufUSO", "an array with one entry or row a sample")
        for name, part in (("X", X), ("y", y))
    )
    if X.shape[:1] != y.shape[:1] or not X.shape:
        raise ValueError(f"X and y must have the same length: shapes {X.shape} and {y.shape}")
    validation = require_number("validation", validation, above=0, below=1)
    test = require_number("test", test, above=0, below=1)
    if validation + test >= 1:
        raise ValueError(f"the shares must sum to less than 1, got {validation} and {test}")
    n = len(y)
    n_test, n_validation = round(test * n), round(validation * n)
    if min(n_test, n_validation, n - n_test - n_validation) < 1:
        raise ValueError(f"{n} samples are too few for shares of {validation} and {test}")
    order = rng.permutation(n)
    parts = np.split(order, [n - n_test - n_validation, n - n_test])
    return Split(*((X[part], y[part]) for part in parts))


def standardise(parts):
    """Scale every input column to mean 0 and standard deviation 1 *on the training part*.

    The validation and test parts are scaled by the same numbers: what they look like must not
    enter the training. A column that is constant on the training part is only centred.

    Parameters
    ----------
    parts : Split
        The targets are left alone.

    Returns
    -------
    Split

    Raises
    ------
    ValueError
        If it is not a :class:`Split`.
    """
    require_instance("parts", parts, Split, "data.split(X, y, rng=rng)")
    X = parts.train[0]
    centre, scale = X.mean(axis=0), X.std(axis=0)
    scale = np.where(scale > 0, scale, 1)
    return Split(*(((X - centre) / scale, y) for X, y in parts))


def line(rng, *, n=100, slope=2.0, intercept=1.0, noise=0.5, inputs="normal"):
    r"""Points about a line, as the source articles draw them, with the intercept that they have.

    .. math:: y_i = a x_i + b + \sigma \varepsilon_i, \qquad \varepsilon_i \sim N(0, 1)

    Parameters
    ----------
    rng : numpy.random.Generator
    n : int
        Number of points.
    slope, intercept : float
        a and b.
    noise : float
        Standard deviation :math:`\sigma`, at least 0.
    inputs : {"normal", "uniform"}
        x from N(0, 1), or uniform from 0 to 1.

    Returns
    -------
    X : array of shape (n, 1)
    y : array of shape (n,)

    Raises
    ------
    ValueError
        If a setting is out of its range.
    """
    require_rng(rng)
    n, noise = require_count("n", n), require_number("noise", noise, at_least=0)
    slope, intercept = require_number("slope", slope), require_number("intercept", intercept)
    require_choice("inputs", inputs, ("normal", "uniform"))
    x = rng.standard_normal(n) if inputs == "normal" else rng.random(n)
    return x[:, None], slope * x + intercept + noise * rng.standard_normal(n)


def five_points(which=1):
    """The worked example of source article S3: five points with two inputs, no intercept.

    Parameters
    ----------
    which : {1, 2}
        The last row of the inputs is (9, 10) in set 1, and (9, 8) in set 2.

    Returns
    -------
    X : array of shape (5, 2)
    y : array of shape (5,)

    Raises
    ------
    ValueError
        If ``which`` is neither 1 nor 2.
    """
    require_choice("which", which, (1, 2))
    last = {1: 10.0, 2: 8.0}[which]
    X = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0], [9.0, last]])
    return X, np.array([1.0, 3.0, 2.0, 4.0, 5.0])


def diabetes(seed=0):
    """Progression of diabetes in 442 patients, from ten measurements at the start.

    The inputs are age, sex, body mass index, blood pressure and six blood values, standardised on
    the training part; the target is a score of the disease's progression one year later, from 25
    to 346, left in its own unit.

    Parameters
    ----------
    seed : int
        Of the split.

    Returns
    -------
    Split
        60 % for training, 20 % for validation, 20 % for testing.

    Notes
    -----
    Source: Efron, Hastie, Johnstone and Tibshirani (2004); shipped with scikit-learn.
    """
    X, y = _shipped("diabetes_data_raw.csv.gz"), _shipped("diabetes_target.csv.gz")
    return standardise(split(X, y, rng=_splitter(seed)))


def breast_cancer(seed=0):
    """Whether a breast tumour is benign (+1) or malignant (-1), from thirty measurements.

    The inputs of the 569 tumours describe the cell nuclei in a microscope image, standardised on
    the training part.

    Parameters
    ----------
    seed : int
        Of the split.

    Returns
    -------
    Split
        60 % for training, 20 % for validation, 20 % for testing.

    Notes
    -----
    Source: Wolberg, Street and Mangasarian (1995), UCI Machine Learning Repository; shipped with
    scikit-learn, whose labels are 1 and 0. Introduced in chapter 05.
    """
    table = _shipped("breast_cancer.csv", delimiter=",", skiprows=1)
    X, y = table[:, :-1], table[:, -1]
    return standardise(split(X, 2 * y - 1, rng=_splitter(seed)))


def digits(seed=0):
    """1797 handwritten digits, 8 by 8 pixels, flat, scaled to 0 to 1, with labels 0 to 9.

    Parameters
    ----------
    seed : int
        Of the split.

    Returns
    -------
    Split
        60 % for training, 20 % for validation, 20 % for testing.

    Notes
    -----
    Source: Alpaydin and Kaynak (1998), UCI Machine Learning Repository; shipped with scikit-learn.
    """
    table = _shipped("digits.csv.gz", delimiter=",")
    X, y = table[:, :-1], table[:, -1].astype(int)
    return split(X / 16, y, rng=_splitter(seed))


def _shipped(name, **options):
    """A table that scikit-learn ships, read without a second spent on importing all of that."""
    package = find_spec("sklearn")
    if package is None:
        raise ModuleNotFoundError("the data come with scikit-learn: pip install scikit-learn")
    return np.loadtxt(Path(package.origin).parent / "datasets" / "data" / name, **options)


def sunspots():
    """The mean number of sunspots in each of the 309 years from 1700 to 2008.

    Returns
    -------
    years : array of int, shape (309,)
    numbers : array of shape (309,)

    Notes
    -----
    Source: the yearly international sunspot number as the National Geophysical Data Center of the
    United States kept it, in the public domain; the copy in statsmodels. In 2015 the numbers were
    put on a new scale: these are the old ones. Introduced in chapter 17.
    """
    return 1700 + np.arange(309), np.array(SUNSPOTS)


def nile():
    """The Nile's yearly flow at Aswan from 1871 to 1970, in units of 100 million cubic metres.

    Returns
    -------
    years : array of int, shape (100,)
    flow : array of shape (100,)

    Notes
    -----
    Source: Cobb (1978), Biometrika 65, p. 243; in the public domain, as in R and statsmodels. The
    flow fell by about a quarter near 1899. Introduced in chapter 17.
    """
    return 1871 + np.arange(100), np.array(NILE, dtype=float)


def _splitter(seed):
    """The generator that splits a real data set."""
    return np.random.default_rng(require_count("seed", seed, at_least=0))
