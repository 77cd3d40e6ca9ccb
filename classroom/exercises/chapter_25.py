"""The exercises of chapter 25."""

from classroom.exercises import Exercise, Mistake

LOG = ((0.1, 1), (0.1, 0), (0.01, 0), (0.01, 2), (0.02, -1))  # rate and gradient of each step


def written(beta=0.8, decay=0.5, inside=True, coupled=False, log=LOG):
    """Where the parameter is in the end."""
    theta, buffer = 1.0, 0.0
    for rate, grad in log:
        if coupled:
            grad = grad + decay * theta
        else:
            theta = theta * (1 - rate * decay)
        buffer = beta * buffer + (rate if inside else 1) * grad
        theta = theta - (1 if inside else rate) * buffer
    return theta


def to_torch(kernel, dense, height, width):
    filters, outputs = kernel.shape[-1], dense.shape[-1]
    unfolded = dense.reshape(height, width, filters, outputs)
    rows = unfolded.transpose(2, 0, 1, 3).reshape(-1, outputs)
    return kernel.transpose(3, 2, 0, 1), rows.T


def kernel_by(change):
    """A wrong kernel and the right dense matrix."""
    return lambda kernel, dense, height, width: (
        change(kernel),
        to_torch(kernel, dense, height, width)[1],
    )


def dense_by(change):
    """The right kernel and a wrong dense matrix."""
    return lambda kernel, dense, height, width: (
        to_torch(kernel, dense, height, width)[0],
        change(dense, height, width, kernel.shape[-1]),
    )


def reshaped(kernel):
    rows, columns, channels, filters = kernel.shape
    return kernel.reshape(filters, channels, rows, columns)


def refolded(dense, shape, axes):
    """The matrix with its rows unfolded, moved and folded again, transposed."""
    outputs = dense.shape[-1]
    return dense.reshape(*shape, outputs).transpose(*axes, 3).reshape(-1, outputs).T


def networks(rng):
    for rows, columns, channels, filters, height, width, outputs in (
        (1, 2, 1, 2, 1, 2, 1),
        (2, 1, 1, 2, 2, 1, 2),
        (1, 2, 2, 2, 2, 2, 2),
        (2, 3, 2, 3, 2, 3, 2),
        (3, 2, 3, 2, 3, 2, 4),
    ):
        size = rows * columns * channels * filters
        kernel = rng.permutation(size) + 1.0
        inputs = height * width * filters
        dense = rng.permutation(inputs * outputs) + 1.0
        yield (
            kernel.reshape(rows, columns, channels, filters),
            dense.reshape(inputs, outputs),
            height,
            width,
        )


EXERCISES = {
    "25-e1": Exercise(
        asked="a momentum, a rate, the momentum of batch norm and the length of a step",
        reference=(1.6, 0.1, 0.05, 0.005),
        tests=(
            "Test it: in Keras the old step times 0.8 is added. Which factor of 0.05 b is that?",
            "Test it: write both losses for one sample and ten outputs. By what do they differ?",
            "Test it: after one batch, by how much has the running mean moved in each library?",
            "Test it: which epsilon stands beside the corrected root in the first step?",
        ),
        rtol=1e-3,
        mistakes=(
            Mistake(
                "the momentum is multiplied by the new rate over the old",
                (0.4, ..., ..., ...),
                "Must the old gradients count more or less than they would by themselves?",
            ),
            Mistake(
                "the momentum is left as it is",
                (0.8, ..., ..., ...),
                "In Keras the buffer has the old rate in it. What has PyTorch's?",
            ),
            Mistake(
                "that is the ratio of the rates",
                (2.0, ..., ..., ...),
                "The old momentum is a factor, too.",
            ),
            Mistake(
                "the rate is divided by the ratio of the losses the wrong way round",
                (..., 0.004, ..., ...),
                "Is PyTorch's loss larger or smaller than ours? What must the rate make up for?",
            ),
            Mistake(
                "the mean over the outputs is forgotten",
                (..., 0.01, ..., ...),
                "Two things differ: the half, and what the mean is taken over.",
            ),
            Mistake(
                "the half is forgotten",
                (..., 0.2, ..., ...),
                "Two things differ: the half, and what the mean is taken over.",
            ),
            Mistake(
                "the half is on the other side",
                (..., 0.4, ..., ...),
                "Which of the two losses has the half?",
            ),
            Mistake(
                "the rate is left as it is",
                (..., 0.02, ..., ...),
                "The losses differ by a factor, so their gradients do.",
            ),
            Mistake(
                "batch norm's momentum is left as it is",
                (..., ..., 0.95, ...),
                "Which of the two weighs the new batch?",
            ),
            Mistake(
                "epsilon is taken as it is given, without the correction",
                (..., ..., ..., 0.01 / 1.1),
                "In scikit-learn epsilon is added before the correction for the start.",
            ),
            Mistake(
                "that is a step without epsilon",
                (..., ..., ..., 0.01),
                "How large is the gradient beside epsilon?",
            ),
            Mistake(
                "epsilon is divided by 1 − β₂ without the root",
                (..., ..., ..., 0.01 / 11),
                "The second moment is corrected under the root.",
            ),
            Mistake(
                "epsilon is multiplied by the root of the correction",
                (..., ..., ..., 0.01 / 1.01),
                "The root of the second moment is ten times too small at first. And epsilon?",
            ),
            Mistake(
                "the ratio is given, without the rate",
                (..., ..., ..., 0.5),
                "The rate is a factor of the step.",
            ),
        ),
    ),
    "25-e2": Exercise(
        asked="a function that returns PyTorch's kernel and dense matrix",
        reference=to_torch,
        cases=networks,
        about="kernels of 1 to 3 rows, 2 or 3 filters",
        mistakes=(
            Mistake(
                "the kernel is reshaped",
                kernel_by(reshaped),
                "A reshape keeps the order of the numbers. Do the axes keep theirs?",
            ),
            Mistake(
                "the kernel is turned",
                kernel_by(lambda kernel: kernel[::-1, ::-1].transpose(3, 2, 0, 1)),
                "Neither library turns it.",
            ),
            Mistake(
                "rows and columns of the kernel are exchanged",
                kernel_by(lambda kernel: kernel.transpose(3, 2, 1, 0)),
                "A transpose of four axes turns all of them round.",
            ),
            Mistake(
                "the channels of the kernel come last",
                kernel_by(lambda kernel: kernel.transpose(3, 0, 1, 2)),
                "Which axis comes second in PyTorch?",
            ),
            Mistake(
                "the kernel has channel and filter exchanged",
                kernel_by(lambda kernel: kernel.transpose(2, 3, 0, 1)),
                "Which axis comes first in PyTorch?",
            ),
            Mistake(
                "the kernel is left as it is",
                kernel_by(lambda kernel: kernel),
                "Compare the axes one by one.",
            ),
            Mistake(
                "the dense matrix is only transposed",
                dense_by(lambda dense, height, width, filters: dense.T),
                "Which pixel of which filter does its second input meet, in each library?",
            ),
            Mistake(
                "the dense matrix is left as it is",
                dense_by(lambda dense, height, width, filters: dense),
                "Its rows are inputs. What are PyTorch's? And in which order do they come?",
            ),
            Mistake(
                "the dense matrix is reshaped",
                dense_by(lambda dense, height, width, filters: dense.reshape(dense.shape[::-1])),
                "A reshape keeps the order of the numbers. Rows must become columns.",
            ),
            Mistake(
                "the dense matrix still has inputs as rows",
                dense_by(
                    lambda dense, height, width, filters: (
                        refolded(dense, (height, width, filters), (2, 0, 1)).T
                    )
                ),
                "The order is right. What are the rows of PyTorch's matrix?",
            ),
            Mistake(
                "the image is unfolded as if it were PyTorch's",
                dense_by(
                    lambda dense, height, width, filters: refolded(
                        dense, (filters, height, width), (1, 2, 0)
                    )
                ),
                "That is the way from PyTorch to Keras.",
            ),
            Mistake(
                "rows and columns of the image are exchanged",
                dense_by(
                    lambda dense, height, width, filters: refolded(
                        dense, (height, width, filters), (2, 1, 0)
                    )
                ),
                "Which index runs fastest in PyTorch?",
            ),
        ),
    ),
    "25-e3": Exercise(
        asked="the momentum, the weight decay and the next parameter",
        reference=(0.8, 0.5, written()),
        tests=(
            "Test it: your form with your numbers must write all four lines of the log.",
            "Test it: without a buffer the first line alone gives it. What is the rest?",
            "Test it: your program must end the fourth line at 0.5853631875 before it goes on.",
        ),
        rtol=1e-3,
        mistakes=(
            Mistake(
                "that is the momentum if the decay were in the gradient",
                (8 / 15, ..., ...),
                "Go on to the third line with it. Does it fit?",
            ),
            Mistake(
                "that is the ratio of two moves, decay included",
                (0.1225 / 0.15, ..., ...),
                "A part of each move is decay. Take it off first.",
            ),
            Mistake(
                "that is the momentum times the rate",
                (0.08, ..., ...),
                "The buffer of the first step has the rate in it already.",
            ),
            Mistake(
                "the decay still has the rate in it",
                (..., 0.05, ...),
                "By what does the rate multiply it in the first step?",
            ),
            Mistake(
                "the decay has the gradient in it",
                (..., 1.5, ...),
                "The gradient of the first step has moved the parameter, too.",
            ),
            Mistake(
                "the decay has shrunk the step of its own line, too",
                (..., 5 / 9, ...),
                "Is the decay a share of the parameter before the step, or after it?",
            ),
            Mistake(
                "the decay has the wrong sign",
                (..., -0.5, ...),
                "Does it make the parameter larger or smaller?",
            ),
            Mistake(
                "the next parameter is that of a rate outside the buffer",
                (..., ..., written(inside=False)),
                "Compare the third line with yours.",
            ),
            Mistake(
                "the next parameter is that of a decay in the gradient",
                (..., ..., written(coupled=True)),
                "Compare the second line with yours.",
            ),
            Mistake(
                "the next parameter is that of a decay in the gradient and a rate outside",
                (..., ..., written(inside=False, coupled=True)),
                "Compare the second line with yours.",
            ),
            Mistake(
                "the sign of the last gradient is lost",
                (..., ..., written(log=(*LOG[:4], (0.02, 1)))),
                "The gradient is below zero. Which way does the step go?",
            ),
            Mistake(
                "that is where the parameter is now",
                (..., ..., written(log=LOG[:4])),
                "One more step was asked for.",
            ),
            Mistake(
                "the last step has no memory",
                (..., ..., written(log=LOG[:4]) * (1 - 0.02 * 0.5) + 0.02),
                "The buffer goes on.",
            ),
            Mistake(
                "the last step has no decay",
                (..., ..., written() + 0.02 * 0.5 * written(log=LOG[:4])),
                "The weight decays in every step.",
            ),
        ),
    ),
}
