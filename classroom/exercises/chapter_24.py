"""The exercises of chapter 24."""

import numpy as np

from classroom.exercises import Exercise, Mistake


def to_bottom(here, ahead, behind):
    return np.arctan2(-(ahead - behind) / 2, (ahead + behind) / 2 - here)


def to_top(here, ahead, behind):
    return np.arctan2((ahead - behind) / 2, here - (ahead + behind) / 2)


def mean_forgotten(here, ahead, behind):
    return np.arctan2(-(ahead - behind) / 2, -here)


def half_forgotten(here, ahead, behind):
    return np.arctan2(-(ahead - behind), (ahead + behind) / 2 - here)


def mean_not_halved(here, ahead, behind):
    return np.arctan2(-(ahead - behind) / 2, (ahead + behind) - here)


def no_halves(here, ahead, behind):
    return np.arctan2(-(ahead - behind), (ahead + behind) - here)


def swapped(here, ahead, behind):
    return np.arctan2((ahead + behind) / 2 - here, -(ahead - behind) / 2)


def other_way(here, ahead, behind):
    return -to_bottom(here, ahead, behind)


def mirrored_top(here, ahead, behind):
    return -to_top(here, ahead, behind)


def arccosine(here, ahead, behind):
    return abs(to_bottom(here, ahead, behind))


def one_half_of_the_circle(here, ahead, behind):
    cosine = here - (ahead + behind) / 2
    return np.arctan((ahead - behind) / 2 / cosine)


def other_half_of_the_circle(here, ahead, behind):
    turned = one_half_of_the_circle(here, ahead, behind) + np.pi
    return np.where(turned > np.pi, turned - 2 * np.pi, turned)


def half_turn_added(here, ahead, behind):
    return to_top(here, ahead, behind) + np.pi


def half_turn_taken(here, ahead, behind):
    return to_top(here, ahead, behind) - np.pi


def in_degrees(here, ahead, behind):
    return np.degrees(to_bottom(here, ahead, behind))


def slope_step(here, ahead, behind):
    return -(ahead - behind) / 2


def lowest_value(here, ahead, behind):
    mean = (ahead + behind) / 2
    return mean - np.hypot(here - mean, (ahead - behind) / 2)


def slope_of_a_difference(here, ahead, behind):
    return np.arctan2(-(ahead - behind) / np.pi, (ahead + behind) / 2 - here)


def slope_from_here(here, ahead, behind):
    return np.arctan2(here - ahead, (ahead + behind) / 2 - here)


def mean_of_three(here, ahead, behind):
    return np.arctan2(-(ahead - behind) / 2, (here + ahead + behind) / 3 - here)


def best_of_three(here, ahead, behind):
    values = np.stack(np.broadcast_arrays(here, ahead, behind))
    return np.array([0, np.pi / 2, -np.pi / 2])[values.argmin(axis=0)]


def sinusoids(rng):
    """One angle; arrays; every quarter of the circle; a mean that is not zero."""
    for shape in ((), (), (4,), (2, 3)):
        size = int(np.prod(shape))
        bottom = (np.arange(size) + rng.uniform(0.15, 0.85, size)) * np.pi / 2
        bottom = (bottom + rng.integers(4) * np.pi / 2 + np.pi) % (2 * np.pi) - np.pi
        mean = rng.choice([-1, 1], size) * rng.uniform(0.4, 1.5, size)
        high = rng.uniform(0.5, 2, size)
        values = [mean - high * np.cos(x - bottom) for x in (0, np.pi / 2, -np.pi / 2)]
        yield tuple(np.reshape(value.round(2), shape)[()] for value in values)


# Mean squares of one factor, for an angle that is uniform between -a and a.
WIDTHS = np.arange(0.001, np.pi, 0.001)


def slope_square(a):
    return (1 - np.sin(2 * a) / (2 * a)) / 8


def factor_square(a):
    return 3 / 8 + np.sin(a) / (2 * a) + np.sin(2 * a) / (16 * a)


def edge(slope=slope_square, factor=factor_square, power=19):
    values = slope(WIDTHS) * factor(WIDTHS) ** power
    best = values.argmax()
    return WIDTHS[best], values[best]


def factor_mean(a):
    return (1 + np.sin(a) / a) / 2


WIDTH, SQUARE = edge()
H = 0.1  # the best distance of 24-e1

EXERCISES = {
    "24-e1": Exercise(
        asked="a distance, a derivative, a lowest value and a mean square",
        reference=(H, 0.5, -1.5, 9 / 512),
        tests=(
            "Test it: the noise's part of the mean square error must be twice the bias's.",
            "Test it: write down a sinusoid with these three values, and take its derivative.",
            "Test it: write down a sinusoid with these three values, and look at its lowest point.",
            "Test it: `squares` of the chapter.",
        ),
        mistakes=(
            Mistake(
                "the 3 is missing in the distance",
                ((0.002 / 6) ** (1 / 3), ..., ..., ...),
                "Set the derivative of the mean square error to zero, with all its factors.",
            ),
            Mistake(
                "the third derivative was taken for 1",
                ((3 * 0.002) ** (1 / 3), ..., ..., ...),
                "What is the third derivative of θ³?",
            ),
            Mistake(
                "the third derivative was taken for 3",
                (0.002 ** (1 / 3), ..., ..., ...),
                "Take the derivative of θ³ three times.",
            ),
            Mistake(
                "the distance is a square root",
                (0.001**0.5, ..., ..., ...),
                "Which power of h is in the bias, and which in the noise?",
            ),
            Mistake(
                "bias and noise were added, not their squares",
                ((3 * 0.002 / 2**0.5 / 6) ** (1 / 3), ..., ..., ...),
                "The mean square error is the square of the bias plus the variance.",
            ),
            Mistake(
                "that is the cube of the distance",
                (0.001, ..., ..., ...),
                "One root is still to be taken.",
            ),
            Mistake(
                "the noise was squared",
                ((3 * 0.002**2 / 6) ** (1 / 3), ..., ..., ...),
                "Is the standard deviation given, or the variance?",
            ),
            Mistake(
                "the distance is that between the two points",
                (2 * H, ..., ..., ...),
                "The points are h ahead and h behind.",
            ),
            Mistake(
                "the half is missing in the derivative",
                (..., 1.0, ..., ...),
                "By what is the difference divided, if the shift is a quarter turn?",
            ),
            Mistake(
                "the difference was divided by the distance, as for any function",
                (..., 1 / np.pi, ..., ...),
                "The function is a sinusoid: by what is the difference divided then?",
            ),
            Mistake(
                "the derivative has the wrong sign",
                (..., -0.5, ..., ...),
                "Ahead less behind.",
            ),
            Mistake(
                "the derivative is the rise from here to the value ahead",
                (..., -0.7, ..., ...),
                "The rule takes the value ahead and the value behind.",
            ),
            Mistake(
                "the two outer values were added",
                (..., -0.2, ..., ...),
                "Ahead less behind: mind the sign of the value behind.",
            ),
            Mistake(
                "that is the lowest of the three values",
                (..., ..., -0.7, ...),
                "The sinusoid goes on between the points. Where is it lowest?",
            ),
            Mistake(
                "the mean of the sinusoid is missing",
                (..., ..., -1.3, ...),
                "Around which value does it swing?",
            ),
            Mistake(
                "the mean was taken for zero, and the amplitude is wrong with it",
                (..., ..., -(1.25**0.5), ...),
                "Around which value does it swing?",
            ),
            Mistake(
                "the slope was left out",
                (..., ..., -1.4, ...),
                "Here it is not at its highest: it has a slope.",
            ),
            Mistake(
                "that is the highest value",
                (..., ..., 1.1, ...),
                "The lowest was asked for.",
            ),
            Mistake(
                "cosine and sine were added, as if both were lowest at one place",
                (..., ..., -1.9, ...),
                "They are lowest at different angles. What is the amplitude of their sum?",
            ),
            Mistake(
                "the mean has the wrong sign",
                (..., ..., -1.1, ...),
                "The mean of the values a quarter turn ahead and behind, with their signs.",
            ),
            Mistake(
                "the slope in the amplitude is twice too large",
                (..., ..., -0.2 - (1.2**2 + 1) ** 0.5, ...),
                "The slope is half of the difference.",
            ),
            Mistake(
                "the power is the number of qubits",
                (..., ..., ..., (3 / 8) ** 3 / 8),
                "How many factors are not differentiated?",
            ),
            Mistake(
                "the other factors are means of squares of cosines, not of fourth powers",
                (..., ..., ..., 1 / 32),
                "The whole product is squared.",
            ),
            Mistake(
                "the other factors are squared means, not means of squares",
                (..., ..., ..., 1 / 128),
                "Square first, then take the mean.",
            ),
            Mistake(
                "the eighth of the slope is missing",
                (..., ..., ..., 9 / 64),
                "One factor is differentiated. What is the mean square of its derivative?",
            ),
            Mistake(
                "the slope's mean square is a half, that of a sine",
                (..., ..., ..., 9 / 128),
                "The derivative of cos²(θ/2) is not the sine itself.",
            ),
            Mistake(
                "every factor was differentiated",
                (..., ..., ..., 1 / 512),
                "Only the first angle moves. What is the mean square of a factor that stays?",
            ),
            Mistake(
                "that is the root",
                (..., ..., ..., (9 / 512) ** 0.5),
                "The mean square was asked for.",
            ),
            Mistake(
                "that is the local objective",
                (..., ..., ..., 1 / 72),
                "The global one: a product.",
            ),
        ),
    ),
    "24-e2": Exercise(
        asked="a function that returns by how much to move an angle",
        reference=to_bottom,
        cases=sinusoids,
        about="one angle, 4, and 2 × 3",
        mistakes=(
            Mistake(
                "that leads to the highest point",
                to_top,
                "Which way do cosine and sine point at the lowest one?",
            ),
            Mistake(
                "the mean of the sinusoid is missing",
                mean_forgotten,
                "What is the value in the middle of the swing? Only what stands above it counts.",
            ),
            Mistake(
                "the slope is twice too large",
                half_forgotten,
                "Ahead less behind is twice the weight of the sine.",
            ),
            Mistake(
                "the mean of the sinusoid is twice too large",
                mean_not_halved,
                "The sum of two values is not their mean.",
            ),
            Mistake(
                "both sum and difference of the outer values want a half",
                no_halves,
                "Halve what comes from two values.",
            ),
            Mistake(
                "the two arguments of the arctangent are swapped",
                swapped,
                "`np.arctan2` takes the sine's part first.",
            ),
            Mistake(
                "it moves the other way",
                other_way,
                "If f rises ahead, which way is down?",
            ),
            Mistake(
                "that is minus the way to the highest point",
                mirrored_top,
                "The lowest point is half a turn from the highest.",
            ),
            Mistake(
                "the arccosine knows only half of the circle",
                arccosine,
                "It gives how far, not to which side. `np.arctan2` takes both parts.",
            ),
            Mistake(
                "the arctangent of a ratio knows only half of the circle",
                one_half_of_the_circle,
                "A ratio loses the signs of its two parts. `np.arctan2` keeps them.",
            ),
            Mistake(
                "the arctangent of a ratio knows only half of the circle, the other one",
                other_half_of_the_circle,
                "A ratio loses the signs of its two parts. `np.arctan2` keeps them.",
            ),
            Mistake(
                "the move is beyond π",
                half_turn_added,
                "Right up to a whole turn. Bring it between −π and π.",
            ),
            Mistake(
                "the move is beyond −π",
                half_turn_taken,
                "Right up to a whole turn. Bring it between −π and π.",
            ),
            Mistake("the move is in degrees", in_degrees, "Angles are in radians."),
            Mistake(
                "that is a gradient step",
                slope_step,
                "You know the whole sinusoid. Go to its lowest point at once.",
            ),
            Mistake(
                "that is the lowest value, not the way to it",
                lowest_value,
                "By how much must the angle move?",
            ),
            Mistake(
                "the slope is that of a difference over its distance",
                slope_of_a_difference,
                "The function is a sinusoid: by what is the difference divided then?",
            ),
            Mistake(
                "the slope is the rise from here to the value ahead",
                slope_from_here,
                "The weight of the sine is in the values ahead and behind.",
            ),
            Mistake(
                "the middle of the swing is not the mean of all three",
                mean_of_three,
                "Which two of the values are half a turn apart? They lie evenly about the middle.",
            ),
            Mistake(
                "that is the best of the three points",
                best_of_three,
                "The lowest point is between them, or on the other side.",
            ),
        ),
    ),
    "24-e3": Exercise(
        asked="a half-width and a mean square, to within half a percent",
        reference=(WIDTH, SQUARE),
        tests=(
            "Test it: your mean square must be smaller a little below it and a little above.",
            "Test it: at a = π the mean square must be that of the theorem.",
        ),
        rtol=0.005,
        mistakes=(
            Mistake(
                "the power is the number of qubits",
                edge(power=20),
                "How many factors are not differentiated?",
            ),
            Mistake(
                "the other factors are means of squares of cosines, not of fourth powers",
                edge(factor=factor_mean),
                "The whole product is squared.",
            ),
            Mistake(
                "the other factors are squared means, not means of squares",
                edge(factor=lambda a: factor_mean(a) ** 2),
                "Square first, then take the mean.",
            ),
            Mistake(
                "the quarter of the slope's square is missing",
                (WIDTH, 4 * SQUARE),
                "The derivative of cos²(θ/2) is half a sine.",
            ),
            Mistake(
                "the half of the slope was not squared",
                (WIDTH, 2 * SQUARE),
                "The derivative of cos²(θ/2) is half a sine. Square all of it.",
            ),
            Mistake(
                "that is the root",
                (WIDTH, SQUARE**0.5),
                "The mean square was asked for.",
            ),
            Mistake(
                "that is the whole width",
                (2 * WIDTH, ...),
                "The angles lie between −a and a.",
            ),
            Mistake(
                "the width is in degrees",
                (np.degrees(WIDTH), ...),
                "Angles are in radians.",
            ),
        ),
    ),
}
