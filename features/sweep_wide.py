"""Whole numbers of 128 bits as an upper and a lower half: sums of squares that no amount can overflow."""

from typing import TypeAlias

import numpy as np

from features.sweep_compiled import inlined

TWO_TO_64 = 2.0**64
Half: TypeAlias = np.uint64


@inlined
def add(above: Half, below: Half, high: Half, low: Half) -> tuple[Half, Half]:
    """Add two numbers."""
    lower = below + low
    carry = np.uint64(1) if lower < below else np.uint64(0)
    return above + high + carry, lower


@inlined
def minus(above: Half, below: Half, high: Half, low: Half) -> tuple[Half, Half]:
    """Take a number from another that is not smaller."""
    borrow = np.uint64(1) if below < low else np.uint64(0)
    return above - high - borrow, below - low


@inlined
def times(left: Half, right: Half) -> tuple[Half, Half]:
    """Multiply two numbers of 64 bits."""
    mask, half = np.uint64(0xFFFFFFFF), np.uint64(32)
    left_low, left_high, right_low, right_high = left & mask, left >> half, right & mask, right >> half
    low = left_low * right_low
    first = left_high * right_low + (low >> half)
    second = left_low * right_high + (first & mask)
    return left_high * right_high + (first >> half) + (second >> half), (second << half) | (low & mask)


@inlined
def squared(value: int) -> tuple[Half, Half]:
    """Multiply a signed number with itself."""
    size = np.uint64(abs(value))
    return times(size, size)


@inlined
def spread(number: int, total: int, high: Half, low: Half) -> float:
    """Give number times the sum of squares less the square of the sum, exact until it becomes a double.

    Args:
        number: How many values.
        total: Their sum.
        high: Upper half of the sum of their squares.
        low: Its lower half.
    """
    above, below = times(np.uint64(number), low)
    above += np.uint64(number) * high
    taken_above, taken_below = squared(total)
    high, low = minus(above, below, taken_above, taken_below)
    return float(high) * TWO_TO_64 + float(low)
