r"""Losses: how far a prediction is from its target, and the slope of that distance.

A loss is two functions of a prediction and a target,

* ``loss.value(prediction, target)``: the mean over the batch axis, shape ``(...,)``;
* ``loss.grad(prediction, target)``: the gradient of that mean with respect to the prediction, in
  the shape of the prediction.

The batch axis is the last one (``(..., B)``), or the last but one where every sample has K scores
(``(..., B, K)``). It must be equal on both sides; only the axes before it, the runs, broadcast.
Where a loss has a kink, ``grad`` returns the subgradient of smallest norm, which is 0.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from sgdcore._checks import require_array, require_floats, require_number, require_vectors


class Loss(NamedTuple):
    """A loss: ``value(prediction, target)`` and ``grad(prediction, target)``.

    A loss of one prediction a sample also has ``curvature(prediction, target)``, the second
    derivatives of the samples, shape ``(..., B)``; where it has a kink, that of the pieces.
    """

    value: Callable
    grad: Callable
    curvature: Callable | None = None


def squared():
    r"""Half the squared error, the loss of regression.

    .. math:: \ell(\hat y, y) = \tfrac12 (\hat y - y)^2, \qquad
              \frac{\partial \ell}{\partial \hat y} = \hat y - y

    It is the negative log-likelihood of Gaussian noise, up to scale and a constant.

    Returns
    -------
    Loss
        On predictions ``(..., B)`` and targets ``(..., B)``; the value has the unit of the target
        squared.

    Raises
    ------
    ValueError
        By ``value`` and ``grad``, if the batch axes differ. NumPy would turn ``(B, 1) - (B,)``
        into ``(B, B)`` without a word.

    Notes
    -----
    Differs from: ``torch.nn.MSELoss`` has no ½, so a learning rate there counts double.
    Introduced in chapter 01.
    """
    return _per_sample(
        value=lambda prediction, target: 0.5 * (prediction - target) ** 2,
        slope=lambda prediction, target: prediction - target,
        curvature=lambda prediction, target: np.ones_like(prediction - target),
    )


def absolute():
    r"""Absolute error; its best constant is the median, so outliers pull it little.

    .. math:: \ell(\hat y, y) = |\hat y - y|, \qquad
              \frac{\partial \ell}{\partial \hat y} = \operatorname{sign}(\hat y - y)

    It is the negative log-likelihood of Laplace noise, up to scale and a constant.

    Returns
    -------
    Loss
        On predictions ``(..., B)`` and targets ``(..., B)``; the value has the unit of the target.
        At the kink, a residual of 0, the gradient is 0.

    Raises
    ------
    ValueError
        By ``value`` and ``grad``, if the batch axes differ.
    """
    return _per_sample(
        value=lambda prediction, target: np.abs(prediction - target),
        slope=lambda prediction, target: np.sign(prediction - target),
        curvature=lambda prediction, target: np.zeros_like(prediction - target),
    )


def huber(delta=1.0):
    r"""Squared for small residuals, absolute for large ones (Huber 1964).

    With the residual :math:`r = \hat y - y`,

    .. math:: \ell(\hat y, y) = \begin{cases}
                  \tfrac12 r^2 & |r| \le \delta \\
                  \delta\,(|r| - \tfrac12 \delta) & |r| > \delta
              \end{cases}, \qquad
              \frac{\partial \ell}{\partial \hat y} = \max(-\delta, \min(r, \delta))

    Parameters
    ----------
    delta : float
        Where the parabola becomes a line, in the unit of the target; above 0.

    Returns
    -------
    Loss
        On predictions ``(..., B)`` and targets ``(..., B)``.

    Raises
    ------
    ValueError
        If ``delta`` is not a finite number above 0; by ``value`` and ``grad``, if the batch axes
        differ.
    """
    delta = require_number("delta", delta, above=0)

    def value(prediction, target):
        size = np.abs(prediction - target)
        # The quadratic part is taken of a clipped residual, so that it cannot overflow.
        inner = np.minimum(size, delta)
        return 0.5 * inner**2 + delta * (size - inner)

    return _per_sample(
        value=value,
        slope=lambda prediction, target: np.clip(prediction - target, -delta, delta),
        curvature=lambda prediction, target: (
            (np.abs(prediction - target) <= delta).astype(np.result_type(prediction, target))
        ),
    )


def logistic():
    r"""Cross-entropy of a two-class model whose score is the log-odds of the class +1.

    .. math:: \ell(z, y) = \log\left(1 + e^{-yz}\right), \qquad
              \frac{\partial \ell}{\partial z} = \frac{-y}{1 + e^{yz}}, \qquad y \in \{-1, +1\}

    Both are computed without overflow for scores of any size.

    Returns
    -------
    Loss
        On scores ``(..., B)`` and targets ``(..., B)`` in {-1, +1}; the value is in nats.

    Raises
    ------
    ValueError
        By ``value`` and ``grad``, if the batch axes differ or a target is not -1 or +1.

    Notes
    -----
    Differs from: ``torch.nn.BCEWithLogitsLoss`` takes targets in {0, 1}.
    """
    return _per_sample(
        value=lambda score, target: np.logaddexp(0, -target * score),
        slope=lambda score, target: -target * np.exp(-np.logaddexp(0, target * score)),
        # p (1 - p), with p the probability of the class +1
        curvature=lambda score, target: np.exp(-np.logaddexp(0, score) - np.logaddexp(0, -score)),
        check_target=_require_signs,
    )


def hinge():
    r"""The loss of the support vector machine: 0 once the margin reaches 1.

    .. math:: \ell(z, y) = \max(0, 1 - yz), \qquad
              \frac{\partial \ell}{\partial z} = \begin{cases} -y & yz < 1 \\ 0 & yz \ge 1
              \end{cases}, \qquad y \in \{-1, +1\}

    Returns
    -------
    Loss
        On scores ``(..., B)`` and targets ``(..., B)`` in {-1, +1}.

    Raises
    ------
    ValueError
        By ``value`` and ``grad``, if the batch axes differ or a target is not -1 or +1.

    Notes
    -----
    Source: Shalev-Shwartz et al. (2011), Pegasos, where the kink counts as 0 too.
    Differs from: scikit-learn returns -y at the kink.
    """
    return _per_sample(
        value=lambda score, target: np.maximum(0, 1 - target * score),
        slope=lambda score, target: np.where(target * score < 1, -target, 0 * score),
        curvature=lambda score, target: np.zeros_like(target * score),
        check_target=_require_signs,
    )


def softmax_cross_entropy():
    r"""Cross-entropy of K classes, from scores (logits), not from probabilities.

    .. math:: \ell(z, y) = \log \sum_{k} e^{z_k} - z_y, \qquad
              \frac{\partial \ell}{\partial z_k} = p_k - [k = y], \qquad
              p_k = \frac{e^{z_k}}{\sum_j e^{z_j}}

    Both are computed without overflow for scores of any size.

    Returns
    -------
    Loss
        On scores ``(..., B, K)`` and labels ``(..., B)``, integers from 0 to K - 1; the value is in
        nats, and a model that knows nothing scores :math:`\log K`.

    Raises
    ------
    ValueError
        By ``value`` and ``grad``, if the batch axes differ, or the labels are not integers from 0
        to K - 1 (one-hot rows are not labels: take their ``argmax(-1)``).
    """

    def value(scores, labels):
        scores, of_label = _scores_and_labels(scores, labels)
        shifted = scores - scores.max(axis=-1, keepdims=True)
        chosen = np.where(of_label, shifted, 0).sum(axis=-1)
        return (np.log(np.exp(shifted).sum(axis=-1)) - chosen).mean(axis=-1)

    def grad(scores, labels):
        scores, of_label = _scores_and_labels(scores, labels)
        slope = softmax(scores)
        slope -= of_label
        slope /= float(scores.shape[-2])  # quicker than by an int
        return slope

    return Loss(value, grad)


def softmax(scores):
    r"""Probabilities :math:`p_k = e^{z_k} / \sum_j e^{z_j}` of scores ``(..., K)``; no overflow."""
    scores = require_vectors("scores", scores)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return weights


def _per_sample(value, slope, curvature, check_target=None):
    """The loss whose value, slope and curvature of a sample are these functions."""

    def samples(prediction, target):
        prediction = require_floats("prediction", prediction)
        target = require_floats("target", target)
        _require_same_samples(prediction.shape, target.shape)
        if check_target:
            check_target(target)
        return prediction, target

    def mean_value(prediction, target):
        return value(*samples(prediction, target)).mean(axis=-1)

    def mean_slope(prediction, target):
        return slope(prediction, target) / float(prediction.shape[-1])  # quicker than by an int

    def mean_grad(prediction, target):
        return mean_slope(*samples(prediction, target))

    if not check_target:  # that is a check of values, which every step has others of
        mean_grad.unchecked = mean_slope

    return Loss(
        mean_value,
        mean_grad,
        lambda prediction, target: curvature(*samples(prediction, target)),
    )


def _require_same_samples(prediction, target):
    if prediction == target != () and target[-1]:
        return
    if target and not target[-1]:
        raise ValueError(f"a loss needs at least one sample, got targets of shape {target}")
    if not prediction or not target or prediction[-1] != target[-1]:
        raise ValueError(
            "prediction and target must have the same batch axis, the last one: "
            f"prediction has shape {prediction}, target {target}"
        )
    _require_broadcast("prediction", prediction, "target", target, axes=1)


def _require_broadcast(name, shape, other_name, other_shape, axes):
    """Only leading axes broadcast: the shapes without their last ``axes`` axes must fit."""
    try:
        np.broadcast_shapes(shape[:-axes], other_shape[:-1])
    except ValueError:
        raise ValueError(
            f"the leading axes (runs) do not broadcast: {name} has shape {shape}, "
            f"{other_name} {other_shape}"
        ) from None


def _require_signs(target):
    if not (np.abs(target) == 1).all():
        wrong = target[np.abs(target) != 1]
        raise ValueError(f"targets must be -1 or +1, got {wrong.flat[0]!r} among them")


def _scores_and_labels(scores, labels):
    """Scores (..., B, K), and of the same shape whether k is the label, with the formula's [k = y].
    """
    scores = require_floats("scores", scores)
    labels = require_array("labels", labels, "iu", "integers")
    if scores.ndim < 2 or labels.ndim < 1 or scores.shape[-2] != labels.shape[-1]:
        raise ValueError(
            "scores must have shape (..., B, K) and labels (..., B) with the same B: "
            f"scores have shape {scores.shape}, labels {labels.shape}"
        )
    classes = scores.shape[-1]
    if not labels.shape[-1] or not classes:
        raise ValueError(
            f"a loss needs at least one sample and one class, got scores of shape {scores.shape}"
        )
    of_label = labels[..., None] == np.arange(classes)
    if np.count_nonzero(of_label) < labels.size:
        raise ValueError(
            f"labels must lie from 0 to {classes - 1} (scores have shape {scores.shape}), "
            f"got labels from {labels.min()} to {labels.max()}"
        )
    if scores.shape[:-1] != labels.shape:
        _require_broadcast("scores", scores.shape, "labels", labels.shape, axes=2)
        leading = np.broadcast_shapes(scores.shape[:-1], labels.shape)
        scores = np.broadcast_to(scores, (*leading, classes))
    return scores, of_label
