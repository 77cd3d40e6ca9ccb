"""The exercises of chapter 15."""

import numpy as np

from classroom.exercises import Exercise


def batch_norm(z, scale, shift, eps, stats=None):
    """Batch normalisation of (B, d): with the batch's own statistics, or with given ones."""
    mean, variance = (z.mean(axis=0), z.var(axis=0)) if stats is None else stats
    return scale * (z - mean) / np.sqrt(variance + eps) + shift


def batches(rng):
    """Batches in training mode and in evaluation mode, and one sample in evaluation mode."""
    for size, d in ((2, 1), (5, 3), (8, 2)):
        z = rng.normal(2, 3, (size, d))
        yield z, rng.normal(size=d), rng.normal(size=d), 0.1
    for size, d in ((1, 2), (4, 3)):
        z = rng.normal(2, 3, (size, d))
        stats = rng.normal(size=d), rng.uniform(1, 4, d)
        yield z, rng.normal(size=d), rng.normal(size=d), 0.1, stats


def gradient_cosines(alpha, shortcut):
    """The cosines of the Jacobians of orthogonal inputs after 1, 2, 3, … blocks."""
    rho, chi, weight = 0.0, 1.0, shortcut + alpha**2
    while True:
        angle = np.arccos(min(rho, 1.0))
        chi *= (shortcut + alpha**2 * (1 - angle / np.pi)) / weight
        aligned = (np.sin(angle) + (np.pi - angle) * np.cos(angle)) / np.pi
        rho = (shortcut * rho + alpha**2 * aligned) / weight
        yield float(chi)


def blocks_until(limit, alpha, shortcut):
    """The least number of blocks after which the cosine is below a limit."""
    cosines = enumerate(gradient_cosines(alpha, shortcut), start=1)
    return next(count for count, chi in cosines if chi < limit)


def cosine_after(depth, alpha):
    """The cosine after so many residual blocks."""
    return next(
        chi for count, chi in enumerate(gradient_cosines(alpha, 1), start=1) if count == depth
    )


EXERCISES = {
    "15-e1": Exercise(
        asked="four numbers: the factor, the paths, the share, the mean number of branches",
        reference=(625 / 256, 16, 256 / 625, 4 / 5),
    ),
    "15-e2": Exercise(
        asked="a function that returns the normalised batch, in training and in evaluation mode",
        reference=batch_norm,
        cases=batches,
        about="batches of 1 to 8 samples with 1 to 3 features, in both modes",
    ),
    "15-e3": Exercise(
        asked="three numbers: the plain blocks, the residual blocks, the cosine",
        reference=(
            blocks_until(0.01, 1, 0),
            blocks_until(0.01, 1, 1),
            cosine_after(1000, 1000**-0.5),
        ),
    ),
}
