"""adam, compiled: written by ``python -m numerics.engines.writing`` from the lines of the rule; do not edit."""
# ruff: noqa
# mypy: ignore-errors

import math

import numpy as np
from numpy import sqrt

from numerics.compilation import compiled
from numerics.engines.folded_steps import (
    ACROSS,
    CONSTANTS,
    DRAWN,
    FACTOR,
    FIRST,
    GRADIENT,
    INSIDE,
    INVERSE,
    LENGTH,
    LOST,
    MEAN,
    REST,
    SCALE,
    SECOND,
    SQUARE,
    TURNED,
    draw_folded,
    gradient_folded,
    seen_folded,
)
from numerics.engines.steps import (
    BLOCK,
    COMPILED,
    GROUP,
    LANES,
    NORMALISED,
    ORTHOGONAL,
    SPREAD,
    TILE,
    borrowed,
    cast,
    draw,
    draw_lanes,
    gradient_lanes,
    gradient_of,
    gradient_size,
    hand_over,
    measure_lanes,
    nonzero,
    overlap,
    remaining,
    seen,
)
from numerics.philox.compiled import widest


@compiled(**COMPILED)
def chains(
    low, high, first, share, replicas, law, dim, k0, k1, table, changes,
    weights, kept, memory, numbers, squares, norms, lost, turned, space,
):
    """Advance the noise streams low to high, and every chain that they drive, by the steps of the table.

    ``space`` is where a step's noise stands, and behind it a step of which the size is not known yet.
    """
    widest()
    law, weights, kept, memory, space = borrowed((law, weights, kept, memory, space))
    z, several = space[0], table.shape[0] if share else 1
    # Threads would wait for each other where their chains' numbers stood side by side.
    square_of, number_of = np.empty(several), np.empty((0, several))

    for stream in range(low, high):
        for configuration in range(several):
            n = configuration * replicas + stream
            square_of[configuration] = squares[n]

        for k in range(table.shape[1]):
            draw(z, memory[stream], law, dim, first + k, stream, k0, k1)
            factor = gradient_size(law, first + k, stream, k0, k1)
            noise = overlap(z, z, dim) if law[NORMALISED] != 0.0 else 1.0
            for configuration in range(several):
                n = configuration * replicas + stream
                chain = weights[n]
                chain_buffer = kept[0, n]
                chain_second_moment = kept[1, n]
                square = square_of[configuration]
                dot = overlap(z, chain, dim) if law[ORTHOGONAL] != 0.0 else 0.0
                rest = remaining(z, chain, dim, noise, dot, square) if law[ORTHOGONAL] != 0.0 and law[NORMALISED] != 0.0 else noise
                along, scale, gradient_norm, mean_square = gradient_of(law, dim, square, dot, rest, factor)
                weight_norm = math.sqrt(square)
                row = table[n // replicas, k]
                beta1 = row[0]
                beta2 = row[1]
                buffer_weight = row[2]
                eps = row[3]
                lr = row[4]
                root_of_weight = row[5]
                wd = row[6]
                c0 = wd
                c1 = beta1
                c2 = 1 - beta1
                c3 = beta2
                c4 = 1 - beta2
                c5 = 1 / buffer_weight
                c6 = 1 / root_of_weight
                c7 = eps
                c8 = -lr
                c0 = cast(c0, z)
                c1 = cast(c1, z)
                c2 = cast(c2, z)
                c3 = cast(c3, z)
                c4 = cast(c4, z)
                c5 = cast(c5, z)
                c6 = cast(c6, z)
                c7 = cast(c7, z)
                c8 = cast(c8, z)
                along_w, scale_g = cast(along * scale, z), cast(scale, z)
                loss, way, after = 0.0, 0.0, 0.0
                for start in range(0, dim, BLOCK):
                    part_of_loss, part_of_way, part_after = cast(0.0, z), cast(0.0, z), cast(0.0, z)
                    own_w = chain[start : start + BLOCK]
                    own_z = z[start : start + BLOCK]
                    own_buffer = chain_buffer[start : start + BLOCK]
                    own_second_moment = chain_second_moment[start : start + BLOCK]
                    for i in range(min(BLOCK, dim - start)):
                        w = own_w[i]
                        g = scale_g * own_z[i] - along_w * w
                        buffer = own_buffer[i]
                        second_moment = own_second_moment[i]
                        g = g + c0 * w
                        buffer = c1 * buffer + c2 * g
                        second_moment = c3 * second_moment + c4 * g * g
                        u = c5 * buffer / (c6 * sqrt(second_moment) + c7)
                        next_buffer = buffer
                        next_second_moment = second_moment
                        change = c8 * u
                        own_buffer[i] = next_buffer
                        own_second_moment[i] = next_second_moment
                        next_w = w + change
                        own_w[i] = next_w
                        part_of_loss -= w * change
                        part_of_way += change * change
                        part_after += next_w * next_w
                    loss, way, after = loss + part_of_loss, way + part_of_way, after + part_after
                square_of[configuration] = after
                norms[n, k], lost[n, k], turned[n, k] = after, loss, max(way - loss * loss / square, 0.0)
        for configuration in range(several):
            n = configuration * replicas + stream
            squares[n] = square_of[configuration]



@compiled(**COMPILED)
def lanes(
    low, high, first, share, replicas, law, dim, k0, k1, table, changes,
    weights, kept, memory, numbers, squares, norms, lost, turned,
):
    """Advance the groups low to high of LANES chains, the same entry of all side by side: for few entries.

    Measurements are those of these groups' chains alone.
    """
    widest()
    blocks, last = (dim + 3) // 4, weights.shape[0] - 1
    z, w_of = np.empty((4 * blocks, LANES), weights.dtype), np.empty((dim, LANES), weights.dtype)
    kept_of = np.empty((2, dim, LANES), weights.dtype)
    constants, number_of = np.zeros((9, LANES), weights.dtype), np.zeros((0, LANES))
    along_of, scale_of = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    part_of_loss, part_of_way = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    part_after, step_of = np.empty(LANES, weights.dtype), np.empty((0, LANES), weights.dtype)
    dots, rests = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    square_of, factors = np.empty(LANES), np.ones(LANES)
    gradient_norms, mean_squares, way_across = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    streams, tile = np.empty(LANES, np.uint32), np.empty((3, TILE, LANES))
    for group in range(low, high):
        least, most = group * LANES // replicas, min(group * LANES + LANES - 1, last) // replicas
        for lane in range(LANES):
            n = min(group * LANES + lane, last)
            streams[lane] = n % replicas if share else n
            square_of[lane] = squares[n]
            for i in range(dim):
                w_of[i, lane] = weights[n, i]
            for i in range(dim):
                kept_of[0, i, lane] = kept[0, n, i]
                kept_of[1, i, lane] = kept[1, n, i]
        for k in range(table.shape[1]):
            draw_lanes(z, streams, first + k, k0, k1)
            measure_lanes(z, w_of, square_of, law[ORTHOGONAL] != 0.0, dots, along_of, rests)
            if law[SPREAD] != 0.0:
                for lane in range(LANES):
                    factors[lane] = gradient_size(law, first + k, int(streams[lane]), k0, k1)
            gradient_lanes(law, dim, square_of, dots, rests, factors, along_of, scale_of, gradient_norms, mean_squares)
            if False or k == 0 or changes[k]:
                for configuration in range(least, most + 1):
                    row, before = table[configuration, k], configuration * replicas - group * LANES
                    beta1 = row[0]
                    beta2 = row[1]
                    buffer_weight = row[2]
                    eps = row[3]
                    lr = row[4]
                    root_of_weight = row[5]
                    wd = row[6]
                    for lane in range(max(before, 0), min(before + replicas, LANES)):
                        square, gradient_norm, mean_square = square_of[lane], gradient_norms[lane], mean_squares[lane]
                        weight_norm = math.sqrt(square)
                        c0 = wd
                        c1 = beta1
                        c2 = 1 - beta1
                        c3 = beta2
                        c4 = 1 - beta2
                        c5 = 1 / buffer_weight
                        c6 = 1 / root_of_weight
                        c7 = eps
                        c8 = -lr
                        constants[0, lane] = c0
                        constants[1, lane] = c1
                        constants[2, lane] = c2
                        constants[3, lane] = c3
                        constants[4, lane] = c4
                        constants[5, lane] = c5
                        constants[6, lane] = c6
                        constants[7, lane] = c7
                        constants[8, lane] = c8
            for lane in range(LANES):
                part_of_loss[lane], part_of_way[lane], part_after[lane] = 0.0, 0.0, 0.0
            for i in range(dim):
                for lane in range(LANES):
                    w = w_of[i, lane]
                    c0 = constants[0, lane]
                    c1 = constants[1, lane]
                    c2 = constants[2, lane]
                    c3 = constants[3, lane]
                    c4 = constants[4, lane]
                    c5 = constants[5, lane]
                    c6 = constants[6, lane]
                    c7 = constants[7, lane]
                    c8 = constants[8, lane]
                    g = (z[i, lane] - along_of[lane] * w) * scale_of[lane]
                    buffer = kept_of[0, i, lane]
                    second_moment = kept_of[1, i, lane]
                    g = g + c0 * w
                    buffer = c1 * buffer + c2 * g
                    second_moment = c3 * second_moment + c4 * g * g
                    u = c5 * buffer / (c6 * sqrt(second_moment) + c7)
                    next_buffer = buffer
                    next_second_moment = second_moment
                    change = c8 * u
                    kept_of[0, i, lane] = next_buffer
                    kept_of[1, i, lane] = next_second_moment
                    next_w = w + change
                    w_of[i, lane] = next_w
                    part_of_loss[lane] -= w * change
                    part_of_way[lane] += change * change
                    part_after[lane] += next_w * next_w
            for lane in range(LANES):
                loss, square = np.float64(part_of_loss[lane]), square_of[lane]
                way_across[lane] = max(np.float64(part_of_way[lane]) - loss * loss / square, 0.0)
                square_of[lane] = np.float64(part_after[lane])
            for lane in range(LANES):
                tile[0, k % TILE, lane], tile[1, k % TILE, lane] = square_of[lane], part_of_loss[lane]
                tile[2, k % TILE, lane] = way_across[lane]
            hand_over(tile, group - low, k, norms, lost, turned)
        for lane in range(LANES):
            n = group * LANES + lane
            if n <= last:
                squares[n] = square_of[lane]
                for i in range(dim):
                    weights[n, i] = w_of[i, lane]
                for i in range(dim):
                    kept[0, n, i] = kept_of[0, i, lane]
                    kept[1, n, i] = kept_of[1, i, lane]
