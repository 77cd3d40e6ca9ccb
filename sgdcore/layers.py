r"""Layers: the parts that :class:`sgdcore.models.Sequential` puts in a row.

A layer is written down without sizes, ``Dense(128)``, and ``build(inputs)`` makes it one for
samples of a shape: ``(d,)`` for features, ``(C, H, W)`` for images of C channels. A built layer
knows ``inputs``, ``outputs`` (the shape of a sample before and after it) and ``parameters`` (names
and shapes), and is a set of pure functions:

* ``forward(params, x, rngs)``: the training-mode output, and what ``backward`` needs;
* ``backward(params, cache, grad, grads)``: from the gradient with respect to the output to the one
  with respect to the input, which it returns, and those with respect to the parameters, which it
  writes into the arrays ``grads``;
* ``predict(params, x, stats)``: the evaluation-mode output;
* ``statistics(params, x)``: the evaluation-mode output on all of ``x``, and the ``stats`` found;
* ``init(rng)``: starting values.

``params`` and ``grads`` list one array a parameter. Activations are ``(..., B, d)`` for features
and ``(..., C, H, W, B)`` for images: with the batch last, a row of pixels is one long contiguous
run of numbers. The leading axes of activations and parameters are runs, and broadcast.
"""

import copy
import math
from collections import Counter
from collections.abc import Callable
from itertools import accumulate, pairwise

import numpy as np
from numpy.lib.stride_tricks import as_strided

from sgdcore._checks import require_count, require_flag, require_instance, require_number, shown
from sgdcore.data import draw_uniform


def he(rng, shape, fan_in, fan_out):
    r"""Normal weights that keep the size of signals from one ReLU to the next.

    .. math:: w \sim N\left(0, \frac{2}{n_\text{in}}\right)

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Of the weights.
    fan_in, fan_out : int
        Numbers :math:`n_\text{in}` and :math:`n_\text{out}` of inputs that one output sums over,
        and of outputs that one input enters; ``fan_out`` is not used.

    Returns
    -------
    array of this shape

    Notes
    -----
    Source: He, Zhang, Ren and Sun (2015), equation 10. Introduced in chapter 13.
    Differs from: the default of ``torch.nn.Linear`` is uniform with variance
    :math:`1 / (3 n_\text{in})`.
    """
    return rng.standard_normal(shape) * np.sqrt(2 / fan_in)


def xavier(rng, shape, fan_in, fan_out):
    r"""Normal weights that keep the size of signals and of gradients through tanh units.

    .. math:: w \sim N\left(0, \frac{2}{n_\text{in} + n_\text{out}}\right)

    Parameters
    ----------
    rng : numpy.random.Generator
    shape : tuple of int
        Of the weights.
    fan_in, fan_out : int
        Numbers :math:`n_\text{in}` and :math:`n_\text{out}` of inputs that one output sums over,
        and of outputs that one input enters.

    Returns
    -------
    array of this shape

    Notes
    -----
    Source: Glorot and Bengio (2010), equation 12. Introduced in chapter 13.
    Differs from: Keras's default is uniform with the same variance.
    """
    return rng.standard_normal(shape) * np.sqrt(2 / (fan_in + fan_out))


class Layer:
    """What a layer does unless it says otherwise: no parameters, and training is evaluation."""

    kind = None  # the name of its blocks, for a layer with parameters
    parameter_names = ()
    inputs = outputs = None

    def build(self, inputs):
        """This layer for samples of the shape ``inputs``; a ValueError if they do not fit."""
        built = copy.copy(self)
        built.inputs = tuple(inputs)
        built.outputs, shapes = built.fit()
        built.parameters = dict(zip(self.parameter_names, shapes, strict=True))
        return built

    def fit(self):
        """What ``build`` finds: the shape of a sample after the layer, and the parameters'."""
        return self.inputs, ()

    def init(self, rng):
        """Starting values, one array a parameter."""
        return ()

    def forward(self, params, x, rngs=None):
        """The training-mode output and the cache of :meth:`backward`."""
        raise NotImplementedError

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        """Write the parameters' gradients into ``grads``; return the input's, if it is wanted."""
        raise NotImplementedError

    def predict(self, params, x, stats=None):
        """The evaluation-mode output."""
        return self.forward(params, x)[0]

    def statistics(self, params, x):
        """The evaluation-mode output on all of ``x``, and the statistics it rests on."""
        return self.predict(params, x), None


class Dense(Layer):
    r"""Every output is a weighted sum of all inputs, plus an intercept.

    .. math:: y_i = x_i W + b, \qquad \nabla_W = \sum_i x_i^\top g_i, \quad
              \nabla_b = \sum_i g_i, \quad \nabla_{x_i} = g_i W^\top

    for the rows :math:`x_i` of the batch, where :math:`g_i` is the gradient with respect to
    :math:`y_i`. Samples ``(d,)`` become ``(outputs,)``.

    Parameters
    ----------
    outputs : int
        Number of outputs, at least 1.
    intercept : bool
        Whether there is a b.
    init : callable
        :func:`he`, :func:`xavier` or another function of ``(rng, shape, fan_in, fan_out)`` for the
        weights; the intercept starts at 0.

    Raises
    ------
    ValueError
        If ``outputs`` is not a count; by ``build``, if the samples are images: flatten them first.

    Notes
    -----
    Introduced in chapter 13.
    Differs from: ``torch.nn.Linear`` stores the transposed weights, ``(outputs, d)``.
    """

    kind = "dense"

    def __init__(self, outputs, *, intercept=True, init=he):
        self.width = require_count("outputs", outputs)
        self.parameter_names = _weights_and(intercept)
        self.draw = _require_init(init)

    def fit(self):
        (features,) = _require_features("Dense", self.inputs)
        shapes = ((features, self.width), (self.width,))
        return (self.width,), shapes[: len(self.parameter_names)]

    def init(self, rng):
        weights = self.draw(rng, self.parameters["weights"], *self.inputs, self.width)
        return _with_zeros(weights, self.parameters)

    def forward(self, params, x, rngs=None):
        weights, *intercept = params
        y = x @ weights
        for b in intercept:
            y += b[..., None, :]
        return y, x

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        x = cache
        weights_grad, *intercept_grad = grads
        np.matmul(x.swapaxes(-1, -2), grad, out=weights_grad)
        for b_grad in intercept_grad:
            grad.sum(axis=-2, out=b_grad)
        return grad @ params[0].swapaxes(-1, -2) if input_grad else None


class Conv2d(Layer):
    r"""Every output pixel is a weighted sum of a small window of the image, the same everywhere.

    .. math:: y_{fhw} = b_f + \sum_{cij} W_{fcij}\, \tilde x_{c,\, sh + i,\, sw + j}, \qquad
              \nabla_{W_{fcij}} = \sum_{hw} g_{fhw}\, \tilde x_{c,\, sh + i,\, sw + j}, \qquad
              \nabla_{\tilde x_{c,\, sh + i,\, sw + j}} \mathrel{+}= W_{fcij}\, g_{fhw}

    where :math:`\tilde x` is the image with p rows and columns of zeros around it, s is the stride,
    and sums over the batch are left out. It is a cross-correlation, as in every library: the
    kernel is not flipped. Images ``(C, H, W)`` become ``(channels, H', W')`` with
    :math:`H' = \lfloor (H + 2p - k) / s \rfloor + 1`.

    Parameters
    ----------
    channels : int
        Number of output channels.
    kernel : int
        Height and width k of the window.
    stride : int
        How far the window moves, s.
    padding : int
        Zeros on each side, p, below k; ``kernel // 2`` keeps the size of the image if k is odd and
        s is 1.
    intercept : bool
        Whether there is a b.
    init : callable
        :func:`he`, :func:`xavier` or another function of ``(rng, shape, fan_in, fan_out)`` for the
        weights, whose shape is ``(channels, C, k, k)``; the intercept starts at 0.

    Raises
    ------
    ValueError
        If a setting is not a whole number in its range; by ``build``, if the samples are not
        images, or smaller than the window.

    Notes
    -----
    The windows are copied out as the columns of a matrix, tile by tile of the image, so that a
    matrix product does the rest. Source: LeCun et al. (1989); the columns: Chellapilla, Puri and
    Simard (2006). Introduced in chapter 14.
    Differs from: ``padding=0`` is Keras's ``"valid"``, and PyTorch's default.
    """

    kind = "conv"

    def __init__(self, channels, kernel=3, *, stride=1, padding=0, intercept=True, init=he):
        self.channels = require_count("channels", channels)
        self.kernel = require_count("kernel", kernel)
        self.stride = require_count("stride", stride)
        self.padding = require_count("padding", padding, at_least=0)
        if self.padding >= self.kernel:
            raise ValueError(f"padding must be below the kernel's {kernel}, got {padding}")
        self.parameter_names = _weights_and(intercept)
        self.draw = _require_init(init)

    def fit(self):
        channels, *sides = _require_image("Conv2d", self.inputs)
        room = [side + 2 * self.padding - self.kernel for side in sides]
        if min(room) < 0:
            raise ValueError(
                f"images of shape {self.inputs} with padding {self.padding} are smaller than the "
                f"{self.kernel} by {self.kernel} window of Conv2d"
            )
        outputs = (self.channels, *(free // self.stride + 1 for free in room))
        shapes = ((self.channels, channels, self.kernel, self.kernel), (self.channels,))
        return outputs, shapes[: len(self.parameter_names)]

    def init(self, rng):
        area = self.kernel**2
        fan_in, fan_out = area * self.inputs[0], area * self.channels
        weights = self.draw(rng, self.parameters["weights"], fan_in, fan_out)
        return _with_zeros(weights, self.parameters)

    def forward(self, params, x, rngs=None):
        x = _framed(x, self.padding)
        return _correlate(x, *params, stride=self.stride), x

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        x = cache
        weights_grad, *intercept_grad = grads
        _correlate_pixels(x, grad, stride=self.stride, out=weights_grad)
        for b_grad in intercept_grad:
            grad.sum(axis=(-3, -2, -1), out=b_grad)
        return self._input_grad(params[0], grad) if input_grad else None

    def _input_grad(self, weights, grad):
        """What every pixel gets back from the windows that it was in.

        With the gradients spread out by the stride in a frame of zeros, that is a correlation too,
        with the kernel turned by 180 degrees.
        """
        frame = self.kernel - 1 - self.padding
        spread = np.zeros(
            (*grad.shape[:-3], *(n + self.kernel - 1 for n in self.inputs[1:]), grad.shape[-1]),
            dtype=grad.dtype,
        )
        rows, columns = (
            slice(frame, frame + self.stride * (n - 1) + 1, self.stride) for n in self.outputs[1:]
        )
        spread[..., rows, columns, :] = grad
        return _correlate(spread, weights.swapaxes(-3, -4)[..., ::-1, ::-1])


class MaxPool2d(Layer):
    r"""The largest pixel of every window; windows lie side by side.

    .. math:: y_{chw} = \max_{0 \le i, j < k} x_{c,\, kh + i,\, kw + j}

    The gradient goes to the pixel that was the largest, and to the first of them, row by row, if
    several are: images have many ties. Images ``(C, H, W)`` become ``(C, H // k, W // k)``; rows
    and columns that do not fill a window are left out.

    Parameters
    ----------
    size : int
        Height and width k of the window.

    Raises
    ------
    ValueError
        If ``size`` is not a count; by ``build``, if the samples are not images, or smaller than
        the window.

    Notes
    -----
    Introduced in chapter 14.
    """

    def __init__(self, size=2):
        self.size = require_count("size", size)

    def fit(self):
        channels, *sides = _require_image("MaxPool2d", self.inputs)
        if min(sides) < self.size:
            raise ValueError(
                f"images of shape {self.inputs} are smaller than the {self.size} by {self.size} "
                "window of MaxPool2d"
            )
        return (channels, *(side // self.size for side in sides)), ()

    def forward(self, params, x, rngs=None):
        first, *others = self._pixels(x)
        y = first.copy()
        for pixel in others:
            np.maximum(y, pixel, out=y)
        return y, (x, y)

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        x, y = cache
        x_grad = np.zeros((*grad.shape[:-4], *self.inputs, grad.shape[-1]), dtype=grad.dtype)
        free = np.ones(y.shape, dtype=bool)
        for pixel, pixel_grad in zip(self._pixels(x), self._pixels(x_grad), strict=True):
            first = (pixel == y) & free
            np.multiply(grad, first, out=pixel_grad)
            free ^= first
        return x_grad

    def _pixels(self, x):
        """The first, second, … pixel of all windows, row by row, each (..., C, H', W', B)."""
        height, width = (n * self.size for n in self.outputs[1:])
        return [
            x[..., i : height : self.size, j : width : self.size, :]
            for i, j in np.ndindex(self.size, self.size)
        ]


class GlobalAveragePool(Layer):
    r"""The mean of every channel.

    .. math:: y_c = \frac{1}{HW} \sum_{hw} x_{chw}

    Images ``(C, H, W)`` become features ``(C,)``, of any size of image.

    Raises
    ------
    ValueError
        By ``build``, if the samples are not images.

    Notes
    -----
    Source: Lin, Chen and Yan (2014). Introduced in chapter 15.
    """

    def fit(self):
        return _require_image("GlobalAveragePool", self.inputs)[:1], ()

    def forward(self, params, x, rngs=None):
        y = x.mean(axis=(-3, -2)).swapaxes(-1, -2)
        return y, None

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        _, height, width = self.inputs
        each = grad.swapaxes(-1, -2)[..., None, None, :] / (height * width)
        return np.broadcast_to(each, (*each.shape[:-3], height, width, each.shape[-1]))


class Flatten(Layer):
    """Images ``(C, H, W)`` become features ``(C H W,)``, channel by channel and row by row.

    Raises
    ------
    ValueError
        By ``build``, if the samples are not images.

    Notes
    -----
    Introduced in chapter 14.
    Differs from: Keras keeps the channels last, so that its order is pixel by pixel.
    """

    def fit(self):
        channels, height, width = _require_image("Flatten", self.inputs)
        return (channels * height * width,), ()

    def forward(self, params, x, rngs=None):
        return x.reshape(*x.shape[:-4], *self.outputs, x.shape[-1]).swapaxes(-1, -2), None

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        return grad.swapaxes(-1, -2).reshape(*grad.shape[:-2], *self.inputs, grad.shape[-2])


class Squeeze(Layer):
    """Samples ``(1,)`` become single numbers, the ``(..., B)`` that losses of regression take.

    Raises
    ------
    ValueError
        By ``build``, if a sample has another shape.
    """

    def fit(self):
        if self.inputs != (1,):
            raise ValueError(f"Squeeze takes samples of shape (1,), got {self.inputs}")
        return (), ()

    def forward(self, params, x, rngs=None):
        return x[..., 0], None

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        return grad[..., None]


class ReLU(Layer):
    r"""The positive part, :math:`y = \max(0, x)`; its slope at the kink, x = 0, counts as 0.

    Notes
    -----
    Source: Nair and Hinton (2010). Introduced in chapter 13.
    """

    def forward(self, params, x, rngs=None):
        y = np.maximum(x, 0)
        return y, y

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        return grad * (cache > 0).astype(grad.dtype)


class LeakyReLU(Layer):
    r"""A ReLU that leaks: units on the flat side still learn.

    .. math:: y = \begin{cases} x & x > 0 \\ \alpha x & x \le 0 \end{cases}

    Parameters
    ----------
    slope : float
        :math:`\alpha`, at least 0 and below 1; also the slope at the kink.

    Raises
    ------
    ValueError
        If the slope is out of its range.

    Notes
    -----
    Source: Maas, Hannun and Ng (2013). Introduced in chapter 13.
    Differs from: Keras's default slope is 0.3.
    """

    def __init__(self, slope=0.01):
        self.slope = require_number("slope", slope, at_least=0, below=1)

    def forward(self, params, x, rngs=None):
        return np.where(x > 0, x, self.slope * x), x

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        return np.where(cache > 0, grad, self.slope * grad)


class Tanh(Layer):
    r"""The hyperbolic tangent, from -1 to 1: :math:`y = \tanh x`, :math:`y' = 1 - y^2`.

    Notes
    -----
    Introduced in chapter 13.
    """

    def forward(self, params, x, rngs=None):
        y = np.tanh(x)
        return y, y

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        return grad * (1 - cache * cache)


class Sigmoid(Layer):
    r"""The logistic function, from 0 to 1: :math:`y = 1 / (1 + e^{-x})`, :math:`y' = y (1 - y)`.

    It does not overflow, and small values keep their digits.

    Notes
    -----
    Introduced in chapter 13.
    """

    def forward(self, params, x, rngs=None):
        y = np.exp(-np.logaddexp(0, -x))
        return y, y

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        return grad * cache * (1 - cache)


class Dropout(Layer):
    r"""In training, numbers are set to 0 at random; in evaluation nothing happens.

    .. math:: y = \frac{m}{1 - p}\, x, \qquad m \sim \text{Bernoulli}(1 - p)

    independently for every number. The factor keeps the mean of y at x, so that evaluation needs
    no correction.

    Parameters
    ----------
    rate : float
        Share p of the numbers that are dropped, at least 0 and below 1.

    Raises
    ------
    ValueError
        If the rate is out of its range; by ``forward``, without ``rngs``.

    Notes
    -----
    Source: Srivastava et al. (2014). Introduced in chapter 16.
    Differs from: the paper scales in evaluation instead; every library scales in training.
    """

    def __init__(self, rate=0.5):
        self.rate = require_number("rate", rate, at_least=0, below=1)

    def forward(self, params, x, rngs=None):
        if rngs is None:
            raise ValueError(
                "Dropout draws in training mode: pass rngs, an array of generators, one a run "
                "(or predict, which is evaluation mode)"
            )
        sample_axes = len(self.inputs) + 1
        kept = draw_uniform(rngs, x.shape[x.ndim - sample_axes :], dtype=np.float32) >= self.rate
        factor = np.multiply(kept, 1 / (1 - self.rate), dtype=x.dtype)
        return x * factor, factor

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        return grad * cache

    def predict(self, params, x, stats=None):
        return x


class BatchNorm(Layer):
    r"""Every feature (of an image: every channel) gets mean :math:`\beta` and deviation
    :math:`\gamma` over the batch.

    .. math:: y = \gamma \hat x + \beta, \qquad \hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}}

    .. math:: \nabla_\gamma = \sum g \hat x, \qquad \nabla_\beta = \sum g, \qquad
              \nabla_x = \frac{\gamma}{\sqrt{\sigma^2 + \epsilon}}
              \left(g - \overline{g} - \hat x\, \overline{g \hat x}\right)

    In training, :math:`\mu` and :math:`\sigma^2` are the mean and the *biased* variance (the sum of
    squares divided by the number, not the number less one) of the batch and, for an image, its
    pixels; the bars are means over the same. In evaluation they are those of a whole data set,
    which ``statistics`` finds.

    Parameters
    ----------
    eps : float
        :math:`\epsilon`, above 0, in the unit of x squared.

    Raises
    ------
    ValueError
        If ``eps`` is not above 0; by ``forward``, for a single number a feature, which has no
        variance; by ``predict``, without ``stats``.

    Notes
    -----
    Source: Ioffe and Szegedy (2015). Introduced in chapter 15.
    Differs from: PyTorch and Keras keep running averages of :math:`\mu` and :math:`\sigma^2` during
    training for the evaluation (PyTorch of the unbiased variance); Keras's ``eps`` is 1e-3.
    """

    kind = "norm"
    parameter_names = ("scale", "shift")

    def __init__(self, eps=1e-5):
        self.eps = require_number("eps", eps, above=0)

    def fit(self):
        return self.inputs, (self.inputs[:1], self.inputs[:1])

    def init(self, rng):
        return np.ones(self.inputs[:1]), np.zeros(self.inputs[:1])

    def forward(self, params, x, rngs=None):
        x = self._by_feature(x)
        if x.shape[-1] < 2:
            raise ValueError(
                "BatchNorm needs at least two numbers a feature in training mode, got a batch of "
                f"one sample of shape {self.inputs}"
            )
        normal, deviation = self._normalised(x, *_moments(x))
        return self._scaled(params, normal), (normal, deviation)

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        normal, deviation = cache
        scale, _ = params
        scale_grad, shift_grad = grads
        grad = self._by_feature(grad)
        (grad * normal).sum(axis=-1, out=scale_grad)
        grad.sum(axis=-1, out=shift_grad)
        if not input_grad:
            return None
        count = grad.shape[-1]
        mean, slope = shift_grad[..., None] / count, scale_grad[..., None] / count
        return self._like_input((grad - mean - slope * normal) * (scale[..., None] / deviation))

    def predict(self, params, x, stats=None):
        if stats is None:
            raise ValueError(
                "BatchNorm needs the statistics of a data set in evaluation mode: "
                "pass stats=model.statistics(theta, X)"
            )
        return self._scaled(params, self._normalised(self._by_feature(x), *stats)[0])

    def statistics(self, params, x):
        stats = _moments(self._by_feature(x))
        return self.predict(params, x, stats), stats

    def _normalised(self, x, mean, variance):
        deviation = np.sqrt(variance + self.eps)[..., None]
        return (x - mean[..., None]) / deviation, deviation

    def _scaled(self, params, normal):
        scale, shift = params
        return self._like_input(normal * scale[..., None] + shift[..., None])

    def _by_feature(self, x):
        """All the numbers of a feature, or of a channel, along the last axis."""
        if len(self.inputs) == 1:
            return x.swapaxes(-1, -2)
        return x.reshape(*x.shape[:-3], -1)

    def _like_input(self, x):
        """The inverse of :meth:`_by_feature`."""
        if len(self.inputs) == 1:
            return x.swapaxes(-1, -2)
        return x.reshape(*x.shape[:-1], *self.inputs[1:], -1)


class Chain(Layer):
    r"""Layers one after the other, as one layer: :math:`y = f_n(\dots f_2(f_1(x)))`.

    The gradient runs through them backwards, each multiplying it by its own slope: that is the
    chain rule, and all of backpropagation.

    Parameters
    ----------
    layers : sequence of Layer
        The parameters are named after their layers, counted by kind: ``dense1.weights``.

    Raises
    ------
    ValueError
        If one of them is not a layer; by ``build``, if they do not fit.

    Notes
    -----
    Source: Rumelhart, Hinton and Williams (1986). Introduced in chapter 13.
    """

    def __init__(self, layers):
        require_instance("layers", layers, list | tuple, "[Dense(32), ReLU(), Dense(10)]")
        self.layers = tuple(layers)
        for layer in self.layers:
            if not isinstance(layer, Layer):
                raise ValueError(
                    f"a network is made of layers such as Dense(10), got {shown(layer)}"
                )
        self.parameter_names = tuple(_names_by_layer(self.layers))
        ends = list(accumulate((len(layer.parameter_names) for layer in self.layers), initial=0))
        self._parts = [slice(*bounds) for bounds in pairwise(ends)]
        # The gradient need not run further back than to the first layer that learns.
        self._first = sum(end == 0 for end in ends[1:])

    def fit(self):
        built, shape = [], self.inputs
        for layer in self.layers:
            built.append(layer.build(shape))
            shape = built[-1].outputs
        self.layers = tuple(built)
        return shape, [shape for layer in built for shape in layer.parameters.values()]

    def init(self, rng):
        return [value for layer in self.layers for value in layer.init(rng)]

    def forward(self, params, x, rngs=None):
        cache = []
        for layer, part in zip(self.layers, self._parts, strict=True):
            x, kept = layer.forward(params[part], x, rngs)
            cache.append(kept)
        return x, cache

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        first = 0 if input_grad else self._first
        for i in reversed(range(first, len(self.layers))):
            part = self._parts[i]
            grad = self.layers[i].backward(
                params[part], cache[i], grad, grads[part], input_grad=input_grad or i > first
            )
        return grad if input_grad else None

    def predict(self, params, x, stats=None):
        if stats is None:
            stats = [None] * len(self.layers)
        if not isinstance(stats, list) or len(stats) != len(self.layers):
            raise ValueError(
                "stats must be those of the same model, model.statistics(theta, X), "
                f"got {shown(stats)}"
            )
        for layer, part, of_layer in zip(self.layers, self._parts, stats, strict=True):
            x = layer.predict(params[part], x, of_layer)
        return x

    def statistics(self, params, x):
        stats = []
        for layer, part in zip(self.layers, self._parts, strict=True):
            x, of_layer = layer.statistics(params[part], x)
            stats.append(of_layer)
        return x, stats


class Residual(Layer):
    r"""A branch of layers whose output is added to what went in.

    .. math:: y = s(x) + f(x), \qquad \nabla_x = J_s^\top g + J_f^\top g

    With the identity for s the gradient g arrives at the input whole, however small what the branch
    f passes on.

    Parameters
    ----------
    branch : sequence of Layer
        f.
    shortcut : sequence of Layer
        s; none for the identity. Where the branch changes the shape, for example
        ``[Conv2d(channels, 1, stride=2)]``.

    Raises
    ------
    ValueError
        If an element is not a layer; by ``build``, if the outputs of the two differ in shape.

    Notes
    -----
    Source: He, Zhang, Ren and Sun (2016), equations 1 and 2. Introduced in chapter 15.
    """

    kind = "residual"

    def __init__(self, branch, *, shortcut=()):
        self.branch, self.shortcut = Chain(branch), Chain(shortcut)
        names = [f"shortcut.{name}" for name in self.shortcut.parameter_names]
        self.parameter_names = (*self.branch.parameter_names, *names)

    def fit(self):
        self.branch = self.branch.build(self.inputs)
        self.shortcut = self.shortcut.build(self.inputs)
        if self.branch.outputs != self.shortcut.outputs:
            raise ValueError(
                "the branch and the shortcut of a Residual must end in the same shape: "
                f"the branch makes {self.inputs} into {self.branch.outputs}, "
                f"the shortcut into {self.shortcut.outputs}"
            )
        shapes = (*self.branch.parameters.values(), *self.shortcut.parameters.values())
        return self.branch.outputs, shapes

    def init(self, rng):
        return [*self.branch.init(rng), *self.shortcut.init(rng)]

    def forward(self, params, x, rngs=None):
        of_branch, of_shortcut = self._split(params)
        y, branch_cache = self.branch.forward(of_branch, x, rngs)
        shortcut, shortcut_cache = self.shortcut.forward(of_shortcut, x, rngs)
        return shortcut + y, (branch_cache, shortcut_cache)

    def backward(self, params, cache, grad, grads, *, input_grad=True):
        by_part = zip(
            (self.branch, self.shortcut),
            self._split(params),
            cache,
            self._split(grads),
            strict=True,
        )
        through_branch, through_shortcut = (
            part.backward(own, kept, grad, own_grads, input_grad=input_grad)
            for part, own, kept, own_grads in by_part
        )
        return through_shortcut + through_branch if input_grad else None

    def predict(self, params, x, stats=None):
        of_branch, of_shortcut = self._split(params)
        branch_stats, shortcut_stats = stats or (None, None)
        y = self.branch.predict(of_branch, x, branch_stats)
        return self.shortcut.predict(of_shortcut, x, shortcut_stats) + y

    def statistics(self, params, x):
        of_branch, of_shortcut = self._split(params)
        y, branch_stats = self.branch.statistics(of_branch, x)
        shortcut, shortcut_stats = self.shortcut.statistics(of_shortcut, x)
        return shortcut + y, (branch_stats, shortcut_stats)

    def _split(self, arrays):
        count = len(self.branch.parameter_names)
        return arrays[:count], arrays[count:]


def _names_by_layer(layers):
    count = Counter()
    for layer in layers:
        if layer.parameter_names:
            count[layer.kind] += 1
        for name in layer.parameter_names:
            yield f"{layer.kind}{count[layer.kind]}.{name}"


def _weights_and(intercept):
    """The names of the parameters, with or without an intercept."""
    return ("weights", "intercept") if require_flag("intercept", intercept) else ("weights",)


def _require_init(init):
    require_instance("init", init, Callable, "layers.he")
    return init


def _with_zeros(weights, parameters):
    """These weights, and zeros for the intercept, if there is one."""
    return [weights, *(np.zeros(shape) for shape in list(parameters.values())[1:])]


def _as_matrix(weights):
    """A view of the weights (..., F, C, k, k) as (..., F, C k k)."""
    return weights.reshape(*weights.shape[:-3], -1)


def _framed(x, padding):
    """The images with rows and columns of zeros around them."""
    *leading, height, width, batch = x.shape
    result = np.zeros((*leading, height + 2 * padding, width + 2 * padding, batch), dtype=x.dtype)
    result[..., padding : padding + height, padding : padding + width, :] = x
    return result


def _correlate(x, weights, intercept=None, *, stride=1):
    """y_fhw = b_f + Σ_cij W_fcij x_c,sh+i,sw+j: (..., C, H, W, B) to (..., F, H', W', B)."""
    windows = _windows(x, weights.shape[-1], stride)
    matrix = _as_matrix(weights)
    leading = np.broadcast_shapes(matrix.shape[:-2], x.shape[:-4])
    y = np.empty((*leading, matrix.shape[-2], *windows.shape[-3:]), dtype=x.dtype)
    for tile in _tiles(windows.shape[-3:], matrix.shape[-2:]):
        part = matrix @ _columns(windows[tile])
        if intercept is not None:
            part += intercept[..., None]
        y[tile] = part.reshape(y[tile].shape)
    return y


def _correlate_pixels(x, grad, *, stride, out):
    """out_fcij = Σ_hw g_fhw x_c,sh+i,sw+j, and the sum over the batch."""
    windows = _windows(x, out.shape[-1], stride)
    out = _as_matrix(out)
    out[...] = 0
    for tile in _tiles(windows.shape[-3:], out.shape[-2:]):
        part = grad[tile]
        part = part.reshape(*part.shape[:-3], -1)
        out += part @ _columns(windows[tile]).swapaxes(-1, -2)


def _windows(x, kernel, stride):
    """Every window of the images, a view (..., C, k, k, H', W', B)."""
    *leading, height, width, batch = x.shape
    *steps, down, right, next_sample = x.strides
    sides = ((side - kernel) // stride + 1 for side in (height, width))
    return as_strided(
        x,
        (*leading, kernel, kernel, *sides, batch),
        (*steps, down, right, stride * down, stride * right, next_sample),
        writeable=False,
    )


def _columns(windows):
    """A copy of windows (..., C, k, k, h, w, B) as a matrix (..., C k k, h w B)."""
    *leading, channels, kernel, _, height, width, batch = windows.shape
    return windows.reshape(*leading, channels * kernel**2, height * width * batch)


def _tiles(image, matrix):
    """Cut an image (H, W, B) so that the product of this matrix with a tile's columns is small.

    OpenBLAS multiplies small matrices, up to 10⁶ multiplications, without rearranging them first,
    and the columns of a tile stay in the cache. Neither may depend on the number of runs.
    """
    height, width, batch = image
    pixels = max(1, max(10**6 // math.prod(matrix), 512) // batch)
    rows = _even_part(height, max(1, pixels // width))
    columns = _even_part(width, pixels)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            yield (..., slice(top, top + rows), slice(left, left + columns), slice(None))


def _even_part(whole, at_most):
    """The size of the parts when a length is cut evenly into as few as possible."""
    return -(-whole // -(-whole // at_most))


def _moments(x):
    """Mean and biased variance along the last axis."""
    mean = x.mean(axis=-1)
    centred = x - mean[..., None]
    return mean, (centred * centred).mean(axis=-1)


def _require_features(name, inputs):
    if len(inputs) != 1:
        raise ValueError(
            f"{name} takes samples of shape (d,), got {inputs}: put Flatten() before it"
        )
    return inputs


def _require_image(name, inputs):
    if len(inputs) != 3:
        raise ValueError(f"{name} takes images of shape (C, H, W), got samples of shape {inputs}")
    return inputs
