"""Logistic regression whose weights are not negative: what risk says of risk."""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

Reals = NDArray[np.float64]


def regressed(design: Reals, outcome: Reals, weight: Reals, ridge: float) -> tuple[float, Reals]:
    """Give intercept and non-negative weights of the logistic regression with a ridge of `ridge` rows' worth."""
    total = weight.sum()

    def loss(line: Reals) -> tuple[float, Reals]:
        score = line[0] + design @ line[1:]
        miss = weight * (expit(score) - outcome)
        value = weight @ (np.logaddexp(0, score) - outcome * score) + ridge / 2 * line[1:] @ line[1:]
        slope = np.concatenate([[miss.sum()], design.T @ miss + ridge * line[1:]])
        return float(value / total), slope / total

    rate = float(np.average(outcome, weights=weight))
    start = np.concatenate([[np.log(rate / (1 - rate))], np.full(design.shape[1], 1 / design.shape[1])])
    bounds = [(None, None)] + [(0.0, None)] * design.shape[1]
    options = {"maxiter": 1000, "ftol": 1e-12, "gtol": 1e-8}
    line = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return float(line[0]), line[1:]
