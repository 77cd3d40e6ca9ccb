"""Models: pure functions of one flat parameter vector ``theta`` of shape ``(..., P)``.

A model has a ``size`` P, ``blocks`` that name the slices of ``theta`` and their shapes, and

* ``init(rng)``: a starting point, shape ``(P,)``;
* ``predict(theta, X, stats=None)``: predictions for inputs ``X`` of shape ``(..., B, d)``, in
  evaluation mode;
* ``statistics(theta, X)``: the ``stats`` that batch normalisation needs in evaluation mode, found
  on a data set ``X``;
* ``evaluate(theta, X)``: predictions for ``X`` with the ``stats`` of ``X`` itself;
* ``forward(theta, X, rngs=None)``: the training-mode predictions and what ``backward`` needs;
  dropout draws from ``rngs``, an array of generators, one a run;
* ``backward(theta, cache, grad)``: from the gradient with respect to the predictions to the one
  with respect to ``theta``, shape ``(..., P)``.

The leading axes of ``theta`` and ``X`` are runs, and broadcast. The dtype of ``theta`` decides
that of predictions and gradients. Images enter flat, channel by channel and row by row.
"""

import math
from itertools import accumulate, pairwise
from typing import NamedTuple

import numpy as np

from sgdcore import layers
from sgdcore._checks import (
    require_array,
    require_count,
    require_counts,
    require_dtype,
    require_flag,
    require_floats,
    require_instance,
    require_number,
    require_parameter,
    require_rng,
    shown,
)
from sgdcore.layers import Chain


class Block(NamedTuple):
    """A named part of ``theta``: ``theta[..., where]`` holds an array of this shape."""

    name: str
    where: slice
    shape: tuple


class Linear:
    r"""The linear model :math:`\hat y = w^\top x + b`, or K of them side by side.

    .. math:: \theta = (w, b), \qquad \hat y_i = \sum_j w_j x_{ij} + b, \qquad
              \nabla_w = \sum_i g_i x_i, \quad \nabla_b = \sum_i g_i

    where :math:`g_i` is the gradient with respect to the prediction of sample i. Made by
    :func:`linear`.
    """

    def __init__(self, inputs, outputs, intercept):
        self.inputs, self.outputs = inputs, outputs
        tail = () if outputs is None else (outputs,)
        weights = inputs * (outputs or 1)
        self.blocks = (Block("weights", slice(0, weights), (inputs, *tail)),)
        self.size = weights
        if intercept:
            self.size += outputs or 1
            self.blocks += (Block("intercept", slice(weights, self.size), tail),)
        self._weights = (..., self.blocks[0].where)
        self._intercept = (..., self.blocks[1].where) if intercept else None

    def init(self, rng):
        """Zeros, shape ``(P,)``: the problem is convex, so nothing has to be drawn from ``rng``."""
        return np.zeros(self.size)

    def predict(self, theta, X, *, stats=None):
        """Predictions ``(..., B)``, or scores ``(..., B, K)``, for inputs ``(..., B, d)``."""
        return self.forward(theta, X)[0]

    def statistics(self, theta, X):
        """None: evaluation is training."""

    def evaluate(self, theta, X):
        """The same as :meth:`predict`."""
        return self.predict(theta, X)

    def forward(self, theta, X, *, rngs=None):
        """Predictions and the cache of :meth:`backward`; ``rngs`` is not used."""
        theta = require_floats("theta", theta)
        X = require_dtype("X", X, theta.dtype)
        require_parameter("theta", theta, self.size)
        if X.ndim < 2 or X.shape[-1] != self.inputs:
            raise ValueError(f"X must have shape (..., B, {self.inputs}), got {X.shape}")
        return self._forward(theta, X)

    def _forward(self, theta, X, *, rngs=None):
        weights = theta[self._weights]
        if self.outputs is None:
            prediction = np.matvec(X, weights)
        else:
            prediction = X @ weights.reshape(*theta.shape[:-1], self.inputs, self.outputs)
        if self._intercept is not None:
            intercept = theta[self._intercept]
            prediction += intercept if self.outputs is None else intercept[..., None, :]
        return prediction, X

    forward.unchecked = _forward

    def backward(self, theta, cache, grad):
        """Gradient ``(..., P)`` from the gradient with respect to the predictions."""
        X, grad = cache, require_dtype("grad", grad, cache.dtype)
        if self.outputs is None:
            weights, intercept = _weighted_sum(grad, X), _batch_sum(grad)
        else:
            weights = (X.swapaxes(-1, -2) @ grad).reshape(*grad.shape[:-2], -1)
            intercept = grad.sum(axis=-2)
        if self._intercept is None:
            return weights
        return np.concatenate((weights, intercept), axis=-1)


def linear(inputs, *, outputs=None, intercept=True):
    r"""A linear model :math:`\hat y = w^\top x + b`.

    Parameters
    ----------
    inputs : int
        Number d of features.
    outputs : int, optional
        K scores a sample, shape ``(..., B, K)``; without it one prediction, shape ``(..., B)``.
    intercept : bool
        Whether there is a b. Without it the line is forced through the origin.

    Returns
    -------
    Linear
        With ``theta`` = the weights, row by row, then the intercept; P = d + 1, or (d + 1) K.

    Raises
    ------
    ValueError
        If ``inputs`` or ``outputs`` is not a whole number of at least 1; by the model, if
        ``theta`` or ``X`` has the wrong last axis.

    Notes
    -----
    Introduced in chapter 01.
    """
    inputs, intercept = require_count("inputs", inputs), require_flag("intercept", intercept)
    if outputs is not None:
        outputs = require_count("outputs", outputs)
    return Linear(inputs, outputs, intercept)


def softmax_regression(inputs, classes):
    r"""A linear model with one score a class, for :func:`sgdcore.losses.softmax_cross_entropy`.

    .. math:: p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}, \qquad z = x W + b

    Parameters
    ----------
    inputs : int
        Number d of features.
    classes : int
        Number K of classes, at least 2.

    Returns
    -------
    Linear
        Its predictions are the scores z, shape ``(..., B, K)``; P = (d + 1) K.

    Raises
    ------
    ValueError
        If ``inputs`` or ``classes`` is not a whole number in its range.

    Notes
    -----
    Introduced in chapter 12.
    """
    return linear(inputs, outputs=require_count("classes", classes, at_least=2))


class Sequential:
    r"""A network: layers one after the other.

    Parameters
    ----------
    inputs : int or tuple (C, H, W)
        Number d of features, or the shape of an image. An image enters flat, d = C H W numbers,
        channel by channel and row by row.
    layers : sequence of Layer
        Of :mod:`sgdcore.layers`, without sizes: each takes the shape that the one before it makes.
        The last makes features ``(K,)``, which are scores ``(..., B, K)``, or, with
        :class:`sgdcore.layers.Squeeze`, one prediction a sample, ``(..., B)``.

    Attributes
    ----------
    inputs : int
        d.
    size : int
        Number P of parameters, counted without making them.
    blocks : tuple of Block
        One a parameter, such as ``dense1.weights``: a layer's kind, counted from 1, and a name.

    Raises
    ------
    ValueError
        If the layers do not fit each other, or nothing can be learned; by the model, if ``theta``
        or ``X`` has the wrong last axis, or ``theta`` is not of floats.

    Notes
    -----
    Introduced in chapter 13.
    """

    def __init__(self, inputs, layers):
        self._chain = Chain(layers).build(_sample_shape(inputs))
        if len(self._chain.outputs) > 1:
            raise ValueError(
                "a network must end in features (K,) or single numbers (): its layers make "
                f"{self._chain.inputs} into {self._chain.outputs}"
            )
        if not self._chain.parameters:
            raise ValueError("a network must have at least one layer with parameters")
        self.inputs = math.prod(self._chain.inputs)
        shapes = self._chain.parameters.values()
        ends = list(accumulate((math.prod(shape) for shape in shapes), initial=0))
        self.blocks = tuple(
            Block(name, slice(*bounds), shape)
            for (name, shape), bounds in zip(
                self._chain.parameters.items(), pairwise(ends), strict=True
            )
        )
        self.size = ends[-1]

    def init(self, rng):
        """A starting point ``(P,)``; each layer says how it draws from ``rng``."""
        require_rng(rng)
        return np.concatenate([np.ravel(values) for values in self._chain.init(rng)])

    def forward(self, theta, X, *, rngs=None):
        """Training-mode predictions, and the cache of :meth:`backward`."""
        params, x = self._enter(theta, X)
        prediction, cache = self._chain.forward(params, x, rngs)
        return prediction, (params, cache)

    def backward(self, theta, cache, grad):
        """Gradient ``(..., P)`` from the gradient with respect to the predictions."""
        params, cache = cache
        sample_axes = 1 + len(self._chain.outputs)
        result = np.empty((*grad.shape[:-sample_axes], self.size), dtype=params[0].dtype)
        self._chain.backward(params, cache, grad, self._views(result), input_grad=False)
        return result

    def predict(self, theta, X, *, stats=None):
        """Evaluation-mode predictions; with batch normalisation, ``stats`` of a data set."""
        return self._chain.predict(*self._enter(theta, X), stats)

    def statistics(self, theta, X):
        """The ``stats`` of :meth:`predict`, found on all of ``X`` at once."""
        return self._chain.statistics(*self._enter(theta, X))[1]

    def evaluate(self, theta, X):
        """:meth:`predict` on ``X`` with the ``stats`` of ``X`` itself, in one pass."""
        return self._chain.statistics(*self._enter(theta, X))[0]

    def _enter(self, theta, X):
        """The parameters by layer, and the inputs in the layout of the first layer."""
        theta = require_array("theta", theta, "f", "floats")
        require_parameter("theta", theta, self.size)
        X = require_dtype("X", X, theta.dtype)
        if X.ndim < 2 or X.shape[-1] != self.inputs:
            raise ValueError(f"X must have shape (..., B, {self.inputs}), got {X.shape}")
        shape = self._chain.inputs
        if len(shape) > 1:
            X = X.swapaxes(-1, -2).reshape(*X.shape[:-2], *shape, X.shape[-2])
        return self._views(theta), X

    def _views(self, flat):
        """Parts of a flat vector (..., P), one array a block."""
        leading = flat.shape[:-1]
        return [flat[..., where].reshape(leading + shape) for _, where, shape in self.blocks]


def mlp(sizes, *, activation=None, init=None):
    r"""A multilayer perceptron: dense layers with an activation between them.

    .. math:: h_0 = x, \qquad h_l = \phi(h_{l-1} W_l + b_l), \qquad \hat y = h_{L-1} W_L + b_L

    Parameters
    ----------
    sizes : sequence of int
        Number of features, of units in every hidden layer, and of outputs. The last may be None:
        one prediction a sample, ``(..., B)``, instead of scores ``(..., B, K)``.
    activation : Layer, optional
        :math:`\phi`; ``layers.ReLU()`` if it is not given.
    init : callable, optional
        Of the weights, see :class:`sgdcore.layers.Dense`. If it is not given, ``layers.he`` for
        ReLU and leaky ReLU, ``layers.xavier`` for anything else.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If there are fewer than two sizes, or one of them is not a count.

    Notes
    -----
    Introduced in chapter 13.
    """
    require_instance("sizes", sizes, list | tuple, "(64, 32, 10)")
    if len(sizes) < 2:
        raise ValueError(f"an mlp needs the number of inputs and of outputs at least, got {sizes}")
    first, *widths = sizes
    activation = layers.ReLU() if activation is None else activation
    require_instance("activation", activation, layers.Layer, "layers.ReLU()")
    if init is None:
        rectified = isinstance(activation, layers.ReLU | layers.LeakyReLU)
        init = layers.he if rectified else layers.xavier
    parts = []
    for width in widths[:-1]:
        parts += [layers.Dense(width, init=init), activation]
    return Sequential(first, parts + _head(widths[-1], init))


def cnn(inputs, channels, outputs, *, hidden=(), kernel=3, padding=1, dropout=0.0):
    r"""A convolutional network: convolutions that shrink the image, then dense layers.

    Every entry of ``channels`` is a convolution, a ReLU and a max-pool that halves the image;
    every entry of ``hidden`` a dense layer and a ReLU.

    Parameters
    ----------
    inputs : tuple (C, H, W)
        Shape of an image; it enters flat.
    channels : sequence of int
        Number of channels of every convolution.
    outputs : int or None
        Scores ``(..., B, K)``, or with None one prediction a sample, ``(..., B)``.
    hidden : sequence of int
        Units of the hidden dense layers.
    kernel, padding : int
        Of the convolutions, see :class:`sgdcore.layers.Conv2d`.
    dropout : float
        Rate of a dropout before the last layer; 0 for none.

    Returns
    -------
    Sequential

    Raises
    ------
    ValueError
        If a setting is out of its range, or the image becomes smaller than a window.

    Notes
    -----
    Source: LeCun et al. (1989). Introduced in chapter 14. The network that source article S2 prints
    is ``cnn((3, 224, 224), (32, 64, 128), 10, hidden=(1024,), padding=0, dropout=0.5)``.
    Differs from: there the convolutions shrink the image by their stride, and the units are tanh.
    """
    parts = []
    for width in require_counts("channels", channels, least=0):
        parts += [layers.Conv2d(width, kernel, padding=padding), layers.ReLU(), layers.MaxPool2d()]
    parts.append(layers.Flatten())
    for width in require_counts("hidden", hidden, least=0):
        parts += [layers.Dense(width), layers.ReLU()]
    if require_number("dropout", dropout, at_least=0, below=1):
        parts.append(layers.Dropout(dropout))
    return Sequential(inputs, parts + _head(outputs, layers.he))


def resnet(inputs, channels, outputs, *, blocks=1):
    r"""A residual network: a convolution, stages of residual blocks, and a dense layer.

    A block is two 3 by 3 convolutions, each followed by batch normalisation, the first also by a
    ReLU; its input is added, and a ReLU follows. From the second stage on, the first block halves
    the image with stride 2, and its shortcut is a 1 by 1 convolution with batch normalisation. The
    mean of every channel enters the dense layer.

    Parameters
    ----------
    inputs : tuple (C, H, W)
        Shape of an image; it enters flat.
    channels : sequence of int
        Number of channels of every stage, at least one stage.
    outputs : int or None
        Scores ``(..., B, K)``, or with None one prediction a sample, ``(..., B)``.
    blocks : int
        Residual blocks a stage.

    Returns
    -------
    Sequential
        It has 2 n s + 2 layers with weights on the longest way, for n blocks in each of s stages.

    Raises
    ------
    ValueError
        If a setting is out of its range.

    Notes
    -----
    Source: He, Zhang, Ren and Sun (2016), section 4.2. Introduced in chapter 15.
    Differs from: there the shortcut pads with zeros (option A); this is option B.
    """
    channels = require_counts("channels", channels)
    parts = [*_normed(channels[0]), layers.ReLU()]
    for stage, width in enumerate(channels):
        for block in range(require_count("blocks", blocks)):
            stride = 2 if stage and not block else 1
            branch = [*_normed(width, stride=stride), layers.ReLU(), *_normed(width)]
            shortcut = _normed(width, kernel=1, stride=stride) if stride > 1 else []
            parts += [layers.Residual(branch, shortcut=shortcut), layers.ReLU()]
    parts.append(layers.GlobalAveragePool())
    return Sequential(inputs, parts + _head(outputs, layers.he))


def _normed(channels, *, kernel=3, stride=1):
    """A convolution and its batch normalisation, whose shift does the work of an intercept."""
    options = {"stride": stride, "padding": kernel // 2, "intercept": False}
    return [layers.Conv2d(channels, kernel, **options), layers.BatchNorm()]


def _head(outputs, init):
    """The last layers: scores, or without ``outputs`` one prediction a sample."""
    if outputs is None:
        return [layers.Dense(1, init=init), layers.Squeeze()]
    return [layers.Dense(outputs, init=init)]


def _sample_shape(inputs):
    """The shape (d,) or (C, H, W) of a sample."""
    shape = tuple(inputs) if isinstance(inputs, tuple | list) else (inputs,)
    if len(shape) not in (1, 3):
        raise ValueError(f"inputs must be a number d or a shape (C, H, W), got {shown(inputs)}")
    return tuple(require_count("inputs", side) for side in shape)


# A kernel may depend on the batch size, never on the number of runs: so run r of R is, bit for
# bit, the run that it would be alone.


def _weighted_sum(grad, X):
    """Σ_i g_i x_i: (..., B) and (..., B, d) give (..., d)."""
    return grad * X[..., 0, :] if X.shape[-2] == 1 else np.vecmat(grad, X)


def _batch_sum(grad):
    """Σ_i g_i, (..., 1)."""
    # What ``sum`` calls, and quicker.
    return grad if grad.shape[-1] == 1 else np.add.reduce(grad, axis=-1, keepdims=True)
