r"""Optimisers: how a gradient moves ``theta``.

An optimiser is two pure functions. ``opt.init(theta)`` makes its state, and

``theta, state = opt.update(grad, state, theta, lr)``

makes one step: new arrays, inputs untouched. ``theta`` and ``grad`` have shape ``(..., P)``; the
learning rate ``lr`` is a number or an array of shape ``(..., 1)``, and is never stored in a buffer.
Shapes that do not fit raise a ValueError. In the formulas all operations on vectors are
coordinate by coordinate, and :math:`g_t` is the gradient of step t = 0, 1, 2, …

Weight decay and clipping are wrappers: they take an optimiser and return one.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdcore._checks import (
    require_array,
    require_count,
    require_dtype,
    require_finite,
    require_flag,
    require_floats,
    require_instance,
    require_number,
    require_parameter,
    require_vectors,
    shown,
)
from sgdcore._norm import norm
from sgdcore.models import Block
from sgdcore.objectives import shrunk


class Optimizer(NamedTuple):
    """An optimiser: ``init(theta)`` and ``update(grad, state, theta, lr)``."""

    init: Callable
    update: Callable


class Buffer(NamedTuple):
    """A state of one array in the shape of ``theta``, and the number of steps made."""

    step: int
    value: np.ndarray


class Moments(NamedTuple):
    """A state of first and second moments of the gradient, and the number of steps made."""

    step: int
    first: np.ndarray
    second: np.ndarray


class Peak(NamedTuple):
    """The state of :func:`amsgrad`: the moments and the largest second moment so far."""

    moments: Moments
    largest: np.ndarray


class Factors(NamedTuple):
    """The state of :func:`shampoo`: per matrix the left and right sums, and those of the rest."""

    left: tuple
    right: tuple
    rest: Buffer


class ScheduleFree(NamedTuple):
    """The state of :func:`schedule_free`: the base iterate z and the average x to evaluate at."""

    step: int
    base: np.ndarray
    average: np.ndarray


def sgd():
    r"""Gradient descent; stochastic when the gradient is.

    .. math:: \theta_{t+1} = \theta_t - \eta_t\, g_t

    Returns
    -------
    Optimizer
        Its state is empty.

    Notes
    -----
    Source: Cauchy (1847) with the full gradient, Robbins and Monro (1951) with an estimate.
    Introduced in chapters 02 and 03.
    """
    return _stateless(lambda grad: grad)


def sign():
    r"""Steps of one size in every coordinate.

    .. math:: \theta_{t+1} = \theta_t - \eta_t \operatorname{sign}(g_t)

    Returns
    -------
    Optimizer
        Its state is empty.

    Notes
    -----
    Source: Bernstein et al. (2018), signSGD.
    """
    return _stateless(np.sign)


def normalised():
    r"""Steps of length :math:`\eta_t`, whatever the length of the gradient; 0 where that is 0.

    .. math:: \theta_{t+1} = \theta_t - \eta_t\, \frac{g_t}{\lVert g_t \rVert}

    Returns
    -------
    Optimizer
        Its state is empty.
    """

    def direction(grad):
        length = norm(grad)
        return grad / np.where(length > 0, length, 1)

    return _stateless(direction)


def momentum(mu, dampening=0.0):
    r"""Heavy ball: the step follows a running sum of the past gradients.

    .. math:: b_t = \begin{cases} g_0 & t = 0 \\ \beta\, b_{t-1} + (1 - \tau)\, g_t & t > 0
              \end{cases}, \qquad \theta_{t+1} = \theta_t - \eta_t\, b_t

    Parameters
    ----------
    mu : float
        Momentum coefficient :math:`\beta`, from 0 to below 1.
    dampening : float
        :math:`\tau`, from 0 to below 1; the first step is not dampened.

    Returns
    -------
    Optimizer
        Its state is a :class:`Buffer`.

    Raises
    ------
    ValueError
        If a coefficient is out of its range.

    Notes
    -----
    Source: Polyak (1964); the form is that of ``torch.optim.SGD``.
    Differs from: Keras and scikit-learn keep the learning rate inside the buffer,
    :math:`v \leftarrow \beta v - \eta g`, which is the same only while the rate is constant.
    """
    mu = require_number("mu", mu, at_least=0, below=1)
    dampening = require_number("dampening", dampening, at_least=0, below=1)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        buffer = _heavy_ball(grad, state, mu, dampening)
        return theta - lr * buffer.value, buffer

    return _made(_zero_buffer, update)


def nesterov(mu):
    r"""Nesterov's momentum: the step looks ahead along the buffer.

    .. math:: b_t = \beta\, b_{t-1} + g_t, \qquad
              \theta_{t+1} = \theta_t - \eta_t\,(g_t + \beta\, b_t)

    Parameters
    ----------
    mu : float
        Momentum coefficient :math:`\beta`, from 0 to below 1.

    Returns
    -------
    Optimizer
        Its state is a :class:`Buffer`.

    Raises
    ------
    ValueError
        If the coefficient is out of its range.

    Notes
    -----
    Source: Nesterov (1983), in the form of Sutskever et al. (2013) that ``torch.optim.SGD`` uses;
    ``theta`` is their look-ahead point.
    """
    mu = require_number("mu", mu, at_least=0, below=1)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        buffer = _heavy_ball(grad, state, mu)
        return theta - lr * (grad + mu * buffer.value), buffer

    return _made(_zero_buffer, update)


def adagrad(eps=1e-10):
    r"""Every coordinate's rate shrinks with the gradients it has seen.

    .. math:: s_t = s_{t-1} + g_t^2, \qquad
              \theta_{t+1} = \theta_t - \eta_t\, \frac{g_t}{\sqrt{s_t} + \epsilon}

    Parameters
    ----------
    eps : float
        :math:`\epsilon`, above 0, in the unit of the gradient.

    Returns
    -------
    Optimizer
        Its state is a :class:`Buffer`.

    Raises
    ------
    ValueError
        If ``eps`` is not above 0;
        by ``init``, if ``eps`` is 0 in the dtype of ``theta``.

    Notes
    -----
    Source: Duchi, Hazan and Singer (2011); the form is PyTorch's.
    Differs from: optax and Keras use :math:`\sqrt{s_t + \epsilon}`, start at 0.1 and take 1e-7.
    """
    eps = require_number("eps", eps, above=0)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        _require_state(state, Buffer)
        total = state.value + grad**2
        step = lr * grad / (np.sqrt(total) + eps)
        return theta - step, Buffer(state.step + 1, total)

    return _made(_zero_buffer, update, eps)


def rmsprop(alpha=0.99, eps=1e-8, *, centred=False):
    r"""AdaGrad with a running average in place of the sum.

    .. math:: v_t = \alpha v_{t-1} + (1 - \alpha) g_t^2, \qquad
              \theta_{t+1} = \theta_t - \eta_t\, \frac{g_t}{\sqrt{v_t} + \epsilon}

    Centred, the running mean :math:`\bar g_t = \alpha \bar g_{t-1} + (1 - \alpha) g_t` is
    subtracted, and :math:`v_t - \bar g_t^2` stands in place of :math:`v_t`.

    Parameters
    ----------
    alpha : float
        Share :math:`\alpha` of the past, from 0 to below 1.
    eps : float
        :math:`\epsilon`, above 0, in the unit of the gradient.
    centred : bool
        Whether to divide by the estimated standard deviation of the gradient.

    Returns
    -------
    Optimizer
        Its state is a :class:`Moments`; the first is 0 unless centred.

    Raises
    ------
    ValueError
        If a coefficient is out of its range;
        by ``init``, if ``eps`` is 0 in the dtype of ``theta``.

    Notes
    -----
    Source: Tieleman and Hinton (2012); the centred form is that of Graves (2013).
    Differs from: optax and Keras take 0.9 for :math:`\alpha`; they, and Graves, put
    :math:`\epsilon` under the root.
    """
    alpha = require_number("alpha", alpha, at_least=0, below=1)
    eps = require_number("eps", eps, above=0)
    centred = require_flag("centred", centred)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        _require_state(state, Moments)
        first = _running(alpha, state.first, grad) if centred else state.first
        second = _running(alpha, state.second, grad**2)
        # Rounding may leave a variance a little below 0.
        spread = np.maximum(second - first**2, 0) if centred else second
        step = lr * grad / (np.sqrt(spread) + eps)
        return theta - step, Moments(state.step + 1, first, second)

    return _made(_zero_moments, update, eps)


def adam(beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Momentum over a running scale, both corrected for their start at 0.

    .. math::
        m_t &= \beta_1 m_{t-1} + (1 - \beta_1)\, g_t, \qquad &
        \hat m_t &= \frac{m_t}{1 - \beta_1^{t+1}} \\
        v_t &= \beta_2 v_{t-1} + (1 - \beta_2)\, g_t^2, \qquad &
        \hat v_t &= \frac{v_t}{1 - \beta_2^{t+1}}

    .. math:: \theta_{t+1} = \theta_t - \eta_t\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}

    Parameters
    ----------
    beta1, beta2 : float
        Shares of the past in the moments, from 0 to below 1.
    eps : float
        :math:`\epsilon`, above 0, in the unit of the gradient.

    Returns
    -------
    Optimizer
        Its state is a :class:`Moments`.

    Raises
    ------
    ValueError
        If a coefficient is out of its range;
        by ``init``, if ``eps`` is 0 in the dtype of ``theta``.

    Notes
    -----
    Source: Kingma and Ba (2015), algorithm 1; t counts from 0 here.
    Differs from: Keras and scikit-learn add :math:`\epsilon` before the correction ("epsilon
    hat").
    """
    coefficients = _adam_coefficients(beta1, beta2, eps)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        state = _next_moments(grad, state, *coefficients[:2])
        return theta - lr * _adam_step(state, *coefficients), state

    return _made(_zero_moments, update, eps)


def amsgrad(beta1=0.9, beta2=0.999, eps=1e-8):
    r"""Adam whose scale never shrinks.

    .. math:: \theta_{t+1} = \theta_t - \eta_t\,
              \frac{\hat m_t}{\sqrt{\max_{s \le t} v_s / (1 - \beta_2^{t+1})} + \epsilon}

    with the moments of :func:`adam`.

    Parameters
    ----------
    beta1, beta2 : float
        Shares of the past in the moments, from 0 to below 1.
    eps : float
        :math:`\epsilon`, above 0, in the unit of the gradient.

    Returns
    -------
    Optimizer
        Its state is a :class:`Peak`.

    Raises
    ------
    ValueError
        If a coefficient is out of its range;
        by ``init``, if ``eps`` is 0 in the dtype of ``theta``.

    Notes
    -----
    Source: Reddi, Kale and Kumar (2018); the form is PyTorch's.
    Differs from: optax takes the maximum of the corrected :math:`\hat v`.
    """
    coefficients = _adam_coefficients(beta1, beta2, eps)

    def init(theta):
        return Peak(_zero_moments(theta), np.zeros_like(theta))

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        _require_state(state, Peak)
        moments = _next_moments(grad, state.moments, *coefficients[:2])
        largest = np.maximum(state.largest, moments.second)
        step = _adam_step(moments._replace(second=largest), *coefficients)
        return theta - lr * step, Peak(moments, largest)

    return _made(init, update, eps)


def adamw(beta1=0.9, beta2=0.999, eps=1e-8, *, weight_decay=1e-2, mask=None):
    r"""Adam with decoupled weight decay: the weights shrink, the moments do not see it.

    .. math:: \theta_{t+1} = (1 - \eta_t \lambda)\, \theta_t
              - \eta_t\, \frac{\hat m_t}{\sqrt{\hat v_t} + \epsilon}

    Parameters
    ----------
    beta1, beta2, eps : float
        See :func:`adam`.
    weight_decay : float
        :math:`\lambda`, at least 0.
    mask : array of shape (P,), optional
        See :func:`decoupled_decay`.

    Returns
    -------
    Optimizer
        Its state is a :class:`Moments`.

    Raises
    ------
    ValueError
        If a coefficient is out of its range.

    Notes
    -----
    Source: Loshchilov and Hutter (2019), algorithm 2; the form is PyTorch's.
    Differs from: see :func:`decoupled_decay` for the paper; the default :math:`\lambda` is 4e-3 in
    Keras and 1e-4 in optax.
    """
    return decoupled_decay(adam(beta1, beta2, eps), weight_decay, mask)


def lion(beta1=0.9, beta2=0.99):
    r"""The sign of an interpolation between momentum and gradient.

    .. math:: \theta_{t+1} = \theta_t - \eta_t
              \operatorname{sign}\bigl(\beta_1 m_{t-1} + (1 - \beta_1) g_t\bigr), \qquad
              m_t = \beta_2 m_{t-1} + (1 - \beta_2)\, g_t

    Parameters
    ----------
    beta1, beta2 : float
        Shares of the past in the step and in the momentum, from 0 to below 1.

    Returns
    -------
    Optimizer
        Its state is a :class:`Buffer`.

    Raises
    ------
    ValueError
        If a coefficient is out of its range.

    Notes
    -----
    Source: Chen et al. (2023). The paper decays the weights too: wrap it in
    :func:`decoupled_decay`.
    """
    beta1 = require_number("beta1", beta1, at_least=0, below=1)
    beta2 = require_number("beta2", beta2, at_least=0, below=1)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        _require_state(state, Buffer)
        step = np.sign(_running(beta1, state.value, grad))
        return theta - lr * step, Buffer(state.step + 1, _running(beta2, state.value, grad))

    return _made(_zero_buffer, update)


def muon(blocks, mu=0.95, *, iterations=5, otherwise=None):
    r"""Momentum whose matrices are made orthogonal before the step.

    For every block that is a matrix, with the buffer :math:`b_t = \beta b_{t-1} + g_t` and the
    look-ahead :math:`u_t = g_t + \beta b_t` as in :func:`nesterov`,

    .. math:: W_{t+1} = W_t - \eta_t \sqrt{\max(1, n_\text{out} / n_\text{in})}\;
              \operatorname{NS}(u_t)

    where NS brings the singular values near 1 by iterating
    :math:`X \leftarrow aX + (bXX^\top + c(XX^\top)^2)X` on :math:`u_t / \lVert u_t \rVert_F`, with
    :math:`(a, b, c) = (3.4445, -4.7750, 2.0315)`. A matrix maps the :math:`n_\text{in}` of its rows
    to the :math:`n_\text{out}` of its columns, as in :class:`sgdcore.layers.Dense`. A block of more
    than two axes counts as the matrix of its first axis, the outputs, against the others.

    Parameters
    ----------
    blocks : sequence of Block
        ``model.blocks``.
    mu : float
        Momentum coefficient :math:`\beta`, from 0 to below 1.
    iterations : int
        How often NS iterates.
    otherwise : Optimizer, optional
        For the blocks that are not matrices; :func:`adam` if not given. It gets the same rate.

    Returns
    -------
    Optimizer
        Its state is a pair: a :class:`Buffer`, and the state of ``otherwise``.

    Raises
    ------
    ValueError
        If a setting is out of its range, or ``theta`` does not have the size of the blocks.

    Notes
    -----
    Source: Jordan et al. (2024), Muon: an optimizer for hidden layers in neural networks.
    Differs from: PyTorch averages, :math:`b_t = \beta b_{t-1} + (1-\beta) g_t`, which NS does not
    notice, and iterates in bfloat16.
    """
    mu = require_number("mu", mu, at_least=0, below=1)
    iterations = require_count("iterations", iterations)
    otherwise = adam() if otherwise is None else otherwise
    require_instance("otherwise", otherwise, Optimizer, "optimizers.adam()")
    blocks = _require_blocks(blocks)

    def init(theta):
        _require_size(blocks, theta)
        return _zero_buffer(theta), otherwise.init(theta)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        _require_state(state, tuple)
        buffer = _heavy_ball(grad, state[0], mu)
        ahead = grad + mu * buffer.value
        result, rest = otherwise.update(grad, state[1], theta, lr)
        result = result.copy()  # it may be theta itself, where nothing else is to move
        for block in _matrices(blocks):
            matrix = _as_matrix(ahead, block)
            step = max(1, _outputs_per_input(block)) ** 0.5 * _orthogonal(matrix, iterations)
            where = block.where
            result[..., where] = theta[..., where] - lr * _flat(step)
        return result, (buffer, rest)

    return _made(init, update)


def shampoo(blocks, eps=1e-4):
    r"""Every matrix is preconditioned from the left and from the right.

    .. math:: L_t = L_{t-1} + G_t G_t^\top, \quad R_t = R_{t-1} + G_t^\top G_t, \qquad
              W_{t+1} = W_t - \eta_t\, L_t^{-1/4}\, G_t\, R_t^{-1/4}

    with :math:`L_{-1} = \epsilon I` and :math:`R_{-1} = \epsilon I`. A block of more than two axes
    counts as the matrix of its first axis against the others; blocks that are not matrices take
    the step of :func:`adagrad`.

    Parameters
    ----------
    blocks : sequence of Block
        ``model.blocks``.
    eps : float
        :math:`\epsilon`, above 0, in the unit of the squared gradient.

    Returns
    -------
    Optimizer
        Its state is a :class:`Factors`.

    Raises
    ------
    ValueError
        If ``eps`` is not above 0, or ``theta`` does not have the size of the blocks.

    Notes
    -----
    Source: Gupta, Koren and Singer (2018), algorithm 1.
    """
    eps = require_number("eps", eps, above=0)
    blocks = _require_blocks(blocks)
    diagonal = adagrad()

    def init(theta):
        _require_size(blocks, theta)
        shapes = [_as_matrix(theta, block).shape for block in _matrices(blocks)]

        def start(size, leading):
            return np.broadcast_to(eps * np.eye(size, dtype=theta.dtype), (*leading, size, size))

        left = tuple(start(shape[-2], shape[:-2]) for shape in shapes)
        right = tuple(start(shape[-1], shape[:-2]) for shape in shapes)
        return Factors(left, right, diagonal.init(theta))

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        _require_state(state, Factors)
        result, rest = diagonal.update(grad, state.rest, theta, lr)
        lefts, rights = [], []
        for block, left, right in zip(_matrices(blocks), state.left, state.right, strict=True):
            G = _as_matrix(grad, block)
            lefts.append(left + G @ G.swapaxes(-1, -2))
            rights.append(right + G.swapaxes(-1, -2) @ G)
            step = _matrix_power(lefts[-1], -0.25, eps) @ G @ _matrix_power(rights[-1], -0.25, eps)
            where = block.where
            result[..., where] = theta[..., where] - lr * _flat(step)
        return result, Factors(tuple(lefts), tuple(rights), rest)

    return _made(init, update)


def lars(blocks, mu=0.9, *, trust=1e-3, weight_decay=0.0):
    r"""Momentum with a rate of its own for every block, relative to the size of its weights.

    For each block w with gradient g, and :math:`u = g + \lambda w`,

    .. math:: b_t = \beta\, b_{t-1} + \rho \frac{\lVert w_t \rVert}{\lVert u_t \rVert}\, u_t,
              \qquad w_{t+1} = w_t - \eta_t\, b_t

    Where one of the two lengths is 0, u enters without ratio and :math:`\rho`.

    Parameters
    ----------
    blocks : sequence of Block
        ``model.blocks``.
    mu : float
        Momentum coefficient :math:`\beta`, from 0 to below 1.
    trust : float
        The trust coefficient :math:`\rho`, above 0.
    weight_decay : float
        :math:`\lambda`, at least 0.

    Returns
    -------
    Optimizer
        Its state is a :class:`Buffer`.

    Raises
    ------
    ValueError
        If a setting is out of its range, or ``theta`` does not have the size of the blocks.

    Notes
    -----
    Source: You, Gitman and Ginsburg (2017). Differs from: there and in optax the learning rate is
    inside the buffer, and the paper divides by :math:`\lVert g \rVert + \lambda \lVert w \rVert`.
    """
    mu = require_number("mu", mu, at_least=0, below=1)
    trust = require_number("trust", trust, above=0)
    decay = require_number("weight_decay", weight_decay, at_least=0)
    blocks = _require_blocks(blocks)

    def init(theta):
        _require_size(blocks, theta)
        return _zero_buffer(theta)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        scaled = _trusted(grad + decay * theta, theta, blocks, trust)
        buffer = _heavy_ball(scaled, state, mu)
        return theta - lr * buffer.value, buffer

    return _made(init, update)


def lamb(blocks, beta1=0.9, beta2=0.999, eps=1e-6, *, weight_decay=0.0):
    r"""Adam with a rate of its own for every block, relative to the size of its weights.

    For each block w with Adam's step :math:`a = \hat m / (\sqrt{\hat v} + \epsilon)` and
    :math:`u = a + \lambda w`,

    .. math:: w_{t+1} = w_t - \eta_t\, \frac{\lVert w_t \rVert}{\lVert u_t \rVert}\, u_t

    The ratio is left out where one of the two lengths is 0.

    Parameters
    ----------
    blocks : sequence of Block
        ``model.blocks``.
    beta1, beta2, eps : float
        See :func:`adam`.
    weight_decay : float
        :math:`\lambda`, at least 0.

    Returns
    -------
    Optimizer
        Its state is a :class:`Moments`.

    Raises
    ------
    ValueError
        If a setting is out of its range, or ``theta`` does not have the size of the blocks;
        by ``init``, if ``eps`` is 0 in the dtype of ``theta``.

    Notes
    -----
    Source: You et al. (2020), algorithm 2, with the identity for its function of the weights' size.
    """
    coefficients = _adam_coefficients(beta1, beta2, eps)
    decay = require_number("weight_decay", weight_decay, at_least=0)
    blocks = _require_blocks(blocks)

    def init(theta):
        _require_size(blocks, theta)
        return _zero_moments(theta)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        state = _next_moments(grad, state, *coefficients[:2])
        step = _adam_step(state, *coefficients) + decay * theta
        return theta - lr * _trusted(step, theta, blocks, 1.0), state

    return _made(init, update, eps)


def schedule_free(beta=0.9):
    r"""SGD that needs no decay: gradients are taken between a base iterate and its average.

    .. math:: \theta_t = (1 - \beta)\, z_t + \beta\, x_t, \qquad
              z_{t+1} = z_t - \eta_t\, g(\theta_t), \qquad
              x_{t+1} = x_t + \frac{z_{t+1} - x_t}{t + 1}

    ``theta`` is where the gradient is taken; ``state.average``, the x above, is the result. What a
    wrapper does to ``theta`` does not reach z and x: give the penalty to the objective instead of
    wrapping this in :func:`decoupled_decay`, :func:`proximal_l1` or :func:`projected`.

    Parameters
    ----------
    beta : float
        Share :math:`\beta` of the average, from 0 (averaged SGD) to below 1.

    Returns
    -------
    Optimizer
        Its state is a :class:`ScheduleFree`.

    Raises
    ------
    ValueError
        If the coefficient is out of its range.

    Notes
    -----
    Source: Defazio et al. (2024), The Road Less Scheduled.
    Differs from: the authors' ``schedulefree`` weighs :math:`z_{t+1}` in the average by the square
    of the largest rate so far, so that the steps of a warm-up count less; here every step counts
    the same. With a constant rate the two agree.
    """
    beta = require_number("beta", beta, at_least=0, below=1)

    def init(theta):
        return ScheduleFree(0, theta.copy(), theta.copy())

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        _require_state(state, ScheduleFree)
        base = state.base - lr * grad
        average = state.average + (base - state.average) / (state.step + 1)
        theta = (1 - beta) * base + beta * average
        return theta, ScheduleFree(state.step + 1, base, average)

    return _made(init, update)


def coupled_decay(optimizer, weight_decay, mask=None):
    r"""Weight decay as part of the gradient: :math:`g_t + \lambda \theta_t` in place of g.

    It is the gradient of the penalty :math:`\tfrac{\lambda}{2} \lVert \theta \rVert^2`.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the step.
    weight_decay : float
        :math:`\lambda`, at least 0.
    mask : array of shape (P,), optional
        1 where the weights decay, 0 where they do not; see :func:`block_mask`.

    Returns
    -------
    Optimizer
        Its state is that of ``optimizer``.

    Raises
    ------
    ValueError
        If ``weight_decay`` is below 0.
    """
    decay = _masked(require_number("weight_decay", weight_decay, at_least=0), mask)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        return optimizer.update(grad + decay(theta), state, theta, lr)

    return _wrapped(optimizer, update)


def decoupled_decay(optimizer, weight_decay, mask=None):
    r"""Weight decay beside the step: :math:`(1 - \eta_t \lambda)\, \theta_t` before it.

    For :func:`sgd` this is :func:`coupled_decay`; with a buffer or a scale it is not.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the step, from the gradient alone.
    weight_decay : float
        :math:`\lambda`, at least 0.
    mask : array of shape (P,), optional
        1 where the weights decay, 0 where they do not; see :func:`block_mask`.

    Returns
    -------
    Optimizer
        Its state is that of ``optimizer``.

    Raises
    ------
    ValueError
        If ``weight_decay`` is below 0.

    Notes
    -----
    Source: Loshchilov and Hutter (2019); the form is PyTorch's.
    Differs from: the paper multiplies :math:`\lambda` by the schedule alone, without the base rate.
    """
    decay = _masked(require_number("weight_decay", weight_decay, at_least=0), mask)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        return optimizer.update(grad, state, theta - lr * decay(theta), lr)

    return _wrapped(optimizer, update)


def clip_norm(optimizer, bound):
    r"""Shorten the gradient to length c where it is longer:
    :math:`g_t \min(1, c / \lVert g_t \rVert)`.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the step from the clipped gradient.
    bound : float
        The length c, above 0.

    Returns
    -------
    Optimizer
        Its state is that of ``optimizer``.

    Raises
    ------
    ValueError
        If ``bound`` is not above 0.

    Notes
    -----
    Source: Pascanu, Mikolov and Bengio (2013).
    Differs from: PyTorch divides by :math:`\lVert g \rVert` + 1e-6.
    """
    bound = require_number("bound", bound, above=0)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        clipped = grad * (bound / np.maximum(norm(grad), bound))
        return optimizer.update(clipped, state, theta, lr)

    return _wrapped(optimizer, update)


def clip_value(optimizer, bound):
    r"""Clip every coordinate of the gradient to the range from -c to c.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the step from the clipped gradient.
    bound : float
        c, above 0.

    Returns
    -------
    Optimizer
        Its state is that of ``optimizer``.

    Raises
    ------
    ValueError
        If ``bound`` is not above 0.
    """
    bound = require_number("bound", bound, above=0)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        return optimizer.update(np.clip(grad, -bound, bound), state, theta, lr)

    return _wrapped(optimizer, update)


def proximal_l1(optimizer, weight, mask=None):
    r"""An L1 penalty by its proximal step after the optimiser's: exact zeros.

    .. math:: \theta_{t+1} = \operatorname{sign}(\theta') \max(|\theta'| - \eta_t \lambda_1, 0)

    where :math:`\theta'` is what the optimiser made of the gradient of the rest. For a method that
    scales coordinates, such as Adam, the threshold is that of the plain step.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the step.
    weight : float
        :math:`\lambda_1`, at least 0.
    mask : array of shape (P,), optional
        1 where parameters are penalised, 0 where they are not; see :func:`block_mask`.

    Returns
    -------
    Optimizer
        Its state is that of ``optimizer``.

    Raises
    ------
    ValueError
        If ``weight`` is below 0.
    """
    weight = require_number("weight", weight, at_least=0)
    threshold = _masked(weight, mask)

    def update(grad, state, theta, lr):
        theta, state = optimizer.update(grad, state, theta, lr)
        return shrunk(theta, lr * threshold(np.ones_like(theta))), state

    return _wrapped(optimizer, update)


def projected(optimizer, project):
    r"""Project on a convex set after every step.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the step.
    project : callable
        ``theta -> theta`` on shape ``(..., P)``, for example
        ``lambda theta: project_ball(theta, 1.0)``.

    Returns
    -------
    Optimizer
        Its state is that of ``optimizer``.

    Raises
    ------
    ValueError
        If ``project`` is not a function; at a step, if it changes the shape.
    """
    require_instance("project", project, Callable, "lambda theta: project_ball(theta, 1.0)")

    def update(grad, state, theta, lr):
        theta, state = optimizer.update(grad, state, theta, lr)
        inside = require_dtype("what project returns", project(theta), theta.dtype)
        if inside.shape != theta.shape:
            raise ValueError(
                f"project must return the shape of theta, {theta.shape}, got {shown(inside)}"
            )
        return inside, state

    return _wrapped(optimizer, update)


def preconditioned(optimizer, P):
    r"""A change of variables: the optimiser runs in coordinates u in which the problem is rounder.

    .. math:: \theta = P^{1/2} u, \qquad \nabla_u f = P^{1/2} g_t, \qquad
              \theta_{t+1} = \theta_t + P^{1/2} (u_{t+1} - u_t)

    For :func:`sgd` that is :math:`\theta_{t+1} = \theta_t - \eta_t P g_t`, and with
    :math:`P = H^{-1}` a step of Newton's method. Whatever ``optimizer`` does to the parameters,
    such as decay, it does to u.

    Parameters
    ----------
    optimizer : Optimizer
        What makes the step from u.
    P : array of shape (P,) or (P, P)
        A vector above 0, which is the diagonal of a matrix, or a symmetric positive definite
        matrix.

    Returns
    -------
    Optimizer
        Its state is that of ``optimizer``, in the coordinates u.

    Raises
    ------
    ValueError
        If P is not as above; by ``init`` and ``update``, if ``theta`` has another size.

    Notes
    -----
    Source: Nocedal and Wright (2006), chapter 5, for conjugate gradients; the change of variables
    is the same for any method. Introduced in chapter 11.
    """
    root, inverse = _roots(P)

    def times(factor, vector):
        require_parameter("theta", vector, len(factor))
        factor = factor.astype(vector.dtype)
        return factor * vector if factor.ndim == 1 else np.matvec(factor, vector)

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        u = times(inverse, theta)
        moved, state = optimizer.update(times(root, grad), state, u, lr)
        return theta + times(root, moved - u), state

    return _wrapped(optimizer, update, lambda theta: optimizer.init(times(inverse, theta)))


def block_mask(blocks, chosen):
    """An array of shape ``(P,)`` that is 1 on the chosen blocks and 0 elsewhere.

    Parameters
    ----------
    blocks : sequence of Block
        ``model.blocks``.
    chosen : callable
        ``block -> bool``, such as ``lambda block: len(block.shape) > 1`` for the weights without
        the intercepts.

    Returns
    -------
    array of shape (P,)
    """
    require_instance("chosen", chosen, Callable, "lambda block: len(block.shape) > 1")
    blocks = _require_blocks(blocks)
    sizes = [block.where.stop - block.where.start for block in blocks]
    return np.repeat([float(chosen(block)) for block in blocks], sizes)


def _stateless(direction):
    """The optimiser that steps along a function of the gradient alone."""

    def update(grad, state, theta, lr):
        _require_fit(grad, theta, lr)
        return theta - lr * direction(grad), state

    return _made(lambda theta: (), update)


def _made(init, update, eps=None):
    """The optimiser of these two, which begins with floats alone.

    A dtype in which ``eps`` is 0 is refused: a zero gradient would make 0/0 there.
    """

    def checked(theta):
        theta = require_array("theta", theta, "f", "floats (..., P)")
        if eps is not None and theta.dtype.type(eps) == 0:
            smallest = np.finfo(theta.dtype).smallest_subnormal
            raise ValueError(f"eps={eps:g} is 0 in {theta.dtype}: take at least {smallest:.1e}")
        return init(theta)

    return Optimizer(checked, update)


def _wrapped(optimizer, update, init=None):
    """An optimiser around another one, whose state it has."""
    require_instance("optimizer", optimizer, Optimizer, "optimizers.sgd()")
    update.__wrapped__ = optimizer.update
    return Optimizer(optimizer.init if init is None else init, update)


def _zero_buffer(theta):
    return Buffer(0, np.zeros_like(theta))


def _zero_moments(theta):
    return Moments(0, np.zeros_like(theta), np.zeros_like(theta))


def _heavy_ball(grad, state, mu, dampening=0.0):
    """The next buffer of momentum; the first gradient enters undampened."""
    _require_state(state, Buffer)
    fresh = grad if state.step == 0 else (1 - dampening) * grad
    return Buffer(state.step + 1, mu * state.value + fresh)


def _running(share, past, value):
    """share · past + (1 - share) · value, with one temporary array."""
    result = share * past
    result += (1 - share) * value
    return result


def _adam_coefficients(beta1, beta2, eps):
    return (
        require_number("beta1", beta1, at_least=0, below=1),
        require_number("beta2", beta2, at_least=0, below=1),
        require_number("eps", eps, above=0),
    )


def _next_moments(grad, state, beta1, beta2):
    _require_state(state, Moments)
    first = _running(beta1, state.first, grad)
    return Moments(state.step + 1, first, _running(beta2, state.second, grad * grad))


def _adam_step(state, beta1, beta2, eps):
    """m̂ / (√v̂ + ε)."""
    scale = np.sqrt(state.second)
    scale /= (1 - beta2**state.step) ** 0.5
    scale += eps
    step = np.divide(state.first, scale, out=scale)
    step /= 1 - beta1**state.step
    return step


def _trusted(step, theta, blocks, trust):
    """Every block of the step, scaled to ``trust`` times the length of the block of theta."""
    result = step.copy()
    for block in blocks:
        weights, length = norm(theta[..., block.where]), norm(step[..., block.where])
        usable = (weights > 0) & (length > 0)
        ratio = np.where(usable, trust * weights / np.where(usable, length, 1), 1)
        result[..., block.where] *= ratio
    return result


def _masked(weight_decay, mask):
    """``theta -> weight_decay · mask · theta``."""
    if mask is None:
        return lambda theta: weight_decay * theta
    mask = require_floats("mask", mask)
    require_finite("mask", mask)
    if mask.ndim != 1:
        raise ValueError(f"mask must have shape (P,), got {mask.shape}")
    factors = weight_decay * mask

    def decay(theta):
        if factors.shape != theta.shape[-1:]:
            raise ValueError(f"mask must have shape {theta.shape[-1:]}, got {factors.shape}")
        return factors.astype(theta.dtype) * theta

    return decay


def _matrices(blocks):
    return [block for block in blocks if len(block.shape) >= 2]


def _as_matrix(vector, block):
    """The block as (..., first axis, all other axes)."""
    return vector[..., block.where].reshape(*vector.shape[:-1], block.shape[0], -1)


def _outputs_per_input(block):
    """Of the matrix of a dense layer (inputs, outputs), or of the kernels (outputs, inputs...)."""
    first, *others = block.shape
    others = math.prod(others)
    return others / first if len(block.shape) == 2 else first / others


def _flat(matrix):
    return matrix.reshape(*matrix.shape[:-2], -1)


def _orthogonal(matrix, iterations):
    """Newton–Schulz: the singular values come near 1, the singular vectors stay."""
    a, b, c = 3.4445, -4.7750, 2.0315
    rows, columns = matrix.shape[-2:]
    X = matrix.swapaxes(-1, -2) if rows > columns else matrix  # so that X Xᵀ is the small one
    X = X / (norm(_flat(X))[..., None] + 1e-7)
    for _ in range(iterations):
        square = X @ X.swapaxes(-1, -2)
        X = a * X + (b * square + c * square @ square) @ X
    return X.swapaxes(-1, -2) if rows > columns else X


def _matrix_power(matrix, power, smallest):
    """A real power of a symmetric matrix whose eigenvalues are at least ``smallest``."""
    # eigh refuses all the matrices for one that is not finite: the run that has diverged.
    finite = np.isfinite(matrix).all(axis=(-2, -1))[..., None, None]
    eigenvalues, vectors = np.linalg.eigh(np.where(finite, matrix, 0))
    # Rounding may leave an eigenvalue below the smallest, or even below 0.
    scaled = vectors * np.maximum(eigenvalues, smallest)[..., None, :] ** power
    return np.where(finite, scaled @ vectors.swapaxes(-1, -2), np.nan)


def _roots(P):
    """The square root of P and its inverse; P is a matrix, or a vector, the diagonal of one."""
    P = require_vectors("P", P)
    require_finite("P", P)
    if P.ndim > 2 or P.shape[0] != P.shape[-1]:
        raise ValueError(f"P must be a diagonal (P,) or a matrix (P, P), got shape {P.shape}")
    eigenvalues, smallest = P, 0.0
    if P.ndim == 2:
        eigenvalues = np.linalg.eigvalsh(P)
        smallest = np.finfo(P.dtype).eps * len(P) * eigenvalues.max()  # below it, rounding errors
    symmetric = np.abs(P - P.swapaxes(-1, 0)).max() <= 1e-8 * np.abs(P).max()
    if not symmetric or not (eigenvalues > smallest).all():
        raise ValueError(f"P must be symmetric and positive definite, got {shown(P)}")
    if P.ndim == 1:
        return P**0.5, P**-0.5
    return _matrix_power(P, 0.5, smallest), _matrix_power(P, -0.5, smallest)


def _require_blocks(blocks):
    if not isinstance(blocks, list | tuple) or not all(isinstance(b, Block) for b in blocks):
        raise ValueError(f"blocks must be those of a model, model.blocks, got {shown(blocks)}")
    if not blocks:
        raise ValueError("blocks must be those of a model, model.blocks, got none")
    return blocks


def _require_size(blocks, theta):
    size = max(block.where.stop for block in blocks)
    if theta.shape[-1] != size:
        raise ValueError(f"theta must have the {size} parameters of the blocks, got {theta.shape}")


def _require_state(state, kind):
    if not isinstance(state, kind) or not state:
        raise ValueError(f"state must be the {kind.__name__} of init, got {shown(state)}")


def _require_fit(grad, theta, lr):
    shape = ()
    try:
        floats = theta.dtype.kind == grad.dtype.kind == "f"
        number = isinstance(lr, float)
        if not number:
            number, shape = lr.dtype.kind in "fiu", lr.shape
    except AttributeError:  # lists, or a rate that is an int
        floats = number = False
    if not floats:
        for name, value in (("theta", theta), ("grad", grad)):
            got = f"dtype {value.dtype}" if hasattr(value, "dtype") else shown(value)
            if getattr(value, "dtype", np.dtype(int)).kind != "f":
                raise ValueError(f"{name} must be floats, an array (..., P), got {got}")
    if not number:
        shape = require_array("lr", lr, "iuf", "a number or an array (..., 1)").shape
    if grad.shape != theta.shape:
        raise ValueError(
            f"grad and theta must have the same shape: grad has {grad.shape}, theta {theta.shape}"
        )
    if shape and (shape[-1] != 1 or len(shape) > theta.ndim):
        raise ValueError(
            "lr must be a number or broadcast with (..., 1): "
            f"lr has shape {shape}, theta {theta.shape}"
        )
