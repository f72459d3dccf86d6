"""The 64-bit hash by which events of one moment are ordered: xxHash64 with seed 42, in plain arithmetic.

Source: the algorithm's published description (Y. Collet, xxHash specification); the engines use seed 42.
"""

MASK = 2**64 - 1
P1, P2, P3 = 11400714785074694791, 14029467366897019727, 1609587929392839161
P4, P5 = 9650029242287828579, 2870177450012600261


def turn(value: int, by: int) -> int:
    return (value << by | value >> (64 - by)) & MASK


def mixed(lane: int, word: int) -> int:
    return turn((lane + word * P2) & MASK, 31) * P1 & MASK


def xxhash64(text: str, seed: int = 42) -> int:
    """Hash a text's bytes into a signed number of 64 bits."""
    data = text.encode()
    length, place = len(data), 0
    if length >= 32:
        lanes = [seed + P1 + P2, seed + P2, seed, seed - P1]
        while place + 32 <= length:
            words = (data[place + 8 * lane : place + 8 * lane + 8] for lane in range(4))
            lanes = [mixed(lane, int.from_bytes(word, "little")) for lane, word in zip(lanes, words, strict=True)]
            place += 32
        total = sum(turn(lane & MASK, by) for lane, by in zip(lanes, (1, 7, 12, 18), strict=True)) & MASK
        for lane in lanes:
            total = ((total ^ mixed(0, lane)) * P1 + P4) & MASK
    else:
        total = (seed + P5) & MASK
    return signed(finished(tail((total + length) & MASK, data[place:])))


def tail(total: int, rest: bytes) -> int:
    while len(rest) >= 8:
        total = (turn(total ^ mixed(0, int.from_bytes(rest[:8], "little")), 27) * P1 + P4) & MASK
        rest = rest[8:]
    if len(rest) >= 4:
        total = (turn(total ^ int.from_bytes(rest[:4], "little") * P1 & MASK, 23) * P2 + P3) & MASK
        rest = rest[4:]
    for byte in rest:
        total = turn(total ^ byte * P5 & MASK, 11) * P1 & MASK
    return total


def finished(total: int) -> int:
    total = (total ^ total >> 33) * P2 & MASK
    total = (total ^ total >> 29) * P3 & MASK
    return total ^ total >> 32


def signed(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
