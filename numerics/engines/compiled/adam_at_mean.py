"""adam_at_mean, compiled: written by ``python -m numerics.engines.writing`` from the lines of the rule; do not edit."""
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
                square = square_of[configuration]
                dot = overlap(z, chain, dim) if law[ORTHOGONAL] != 0.0 else 0.0
                rest = remaining(z, chain, dim, noise, dot, square) if law[ORTHOGONAL] != 0.0 and law[NORMALISED] != 0.0 else noise
                along, scale, gradient_norm, mean_square = gradient_of(law, dim, square, dot, rest, factor)
                weight_norm = math.sqrt(square)
                row = table[n // replicas, k]
                beta1 = row[0]
                lr = row[1]
                wd = row[2]
                mean_square += wd * wd * square / dim
                c0 = wd
                c1 = beta1
                c2 = 1 - beta1
                c3 = -lr
                c4 = sqrt(mean_square)
                c0 = cast(c0, z)
                c1 = cast(c1, z)
                c2 = cast(c2, z)
                c3 = cast(c3, z)
                c4 = cast(c4, z)
                along_w, scale_g = cast(along * scale, z), cast(scale, z)
                loss, way, after = 0.0, 0.0, 0.0
                for start in range(0, dim, BLOCK):
                    part_of_loss, part_of_way, part_after = cast(0.0, z), cast(0.0, z), cast(0.0, z)
                    own_w = chain[start : start + BLOCK]
                    own_z = z[start : start + BLOCK]
                    own_buffer = chain_buffer[start : start + BLOCK]
                    for i in range(min(BLOCK, dim - start)):
                        w = own_w[i]
                        g = scale_g * own_z[i] - along_w * w
                        buffer = own_buffer[i]
                        g = g + c0 * w
                        buffer = c1 * buffer + c2 * g
                        next_buffer = buffer
                        change = c3 * (buffer / c4)
                        own_buffer[i] = next_buffer
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
    kept_of = np.empty((1, dim, LANES), weights.dtype)
    constants, number_of = np.zeros((5, LANES), weights.dtype), np.zeros((0, LANES))
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
        for k in range(table.shape[1]):
            draw_lanes(z, streams, first + k, k0, k1)
            measure_lanes(z, w_of, square_of, law[ORTHOGONAL] != 0.0, dots, along_of, rests)
            if law[SPREAD] != 0.0:
                for lane in range(LANES):
                    factors[lane] = gradient_size(law, first + k, int(streams[lane]), k0, k1)
            gradient_lanes(law, dim, square_of, dots, rests, factors, along_of, scale_of, gradient_norms, mean_squares)
            if True or k == 0 or changes[k]:
                for configuration in range(least, most + 1):
                    row, before = table[configuration, k], configuration * replicas - group * LANES
                    beta1 = row[0]
                    lr = row[1]
                    wd = row[2]
                    for lane in range(max(before, 0), min(before + replicas, LANES)):
                        square, gradient_norm, mean_square = square_of[lane], gradient_norms[lane], mean_squares[lane]
                        weight_norm = math.sqrt(square)
                        mean_square += wd * wd * square / dim
                        c0 = wd
                        c1 = beta1
                        c2 = 1 - beta1
                        c3 = -lr
                        c4 = sqrt(mean_square)
                        constants[0, lane] = c0
                        constants[1, lane] = c1
                        constants[2, lane] = c2
                        constants[3, lane] = c3
                        constants[4, lane] = c4
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
                    g = (z[i, lane] - along_of[lane] * w) * scale_of[lane]
                    buffer = kept_of[0, i, lane]
                    g = g + c0 * w
                    buffer = c1 * buffer + c2 * g
                    next_buffer = buffer
                    change = c3 * (buffer / c4)
                    kept_of[0, i, lane] = next_buffer
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


@compiled(**COMPILED)
def folded(
    low, high, first, share, replicas, law, dim, k0, k1, table, changes,
    weights, kept, memory, numbers, squares, norms, lost, turned,
):
    """Advance the groups low to high of GROUP chains, each in the plane of w and what is kept: equal in law.

    Measurements are those of these groups' chains alone.
    """
    widest()
    last = weights.shape[0] - 1
    noise, at = np.zeros((TILE, DRAWN, GROUP), np.float32), np.zeros((3, TILE * GROUP), np.uint32)
    second, of = np.empty((2, TILE * GROUP), np.float32), np.zeros((CONSTANTS + 5, GROUP))
    streams, tile = np.empty(GROUP, np.uint32), np.empty((3, TILE, GROUP))
    law = law[0], law[1], law[2], law[3], law[4], law[5], law[6]
    of[FACTOR] = 1.0
    for group in range(low, high):
        least, most = group * GROUP // replicas, min(group * GROUP + GROUP - 1, last) // replicas
        for lane in range(GROUP):
            n = min(group * GROUP + lane, last)
            streams[lane] = n % replicas if share else n
            of[LENGTH, lane], of[INVERSE, lane] = weights[n, 0], 1.0 / weights[n, 0]
            of[SQUARE, lane] = weights[n, 0] * weights[n, 0]
            of[INSIDE, lane], of[ACROSS, lane] = kept[0, n, 0], kept[0, n, 1]
        for k in range(table.shape[1]):
            if k % TILE == 0:
                several = min(TILE, table.shape[1] - k)
                draw_folded(noise, at, second, streams, dim, law[ORTHOGONAL] != 0.0, first + k, several, k0, k1)
            z = noise[k % TILE]
            if law[SPREAD] != 0.0:
                for lane in range(GROUP):
                    of[FACTOR, lane] = gradient_size(law, first + k, int(streams[lane]), k0, k1)
            gradient_folded(law, dim, z, of, True)
            if True or k == 0 or changes[k]:
                for configuration in range(least, most + 1):
                    row, before = table[configuration, k], configuration * replicas - group * GROUP
                    beta1 = row[0]
                    lr = row[1]
                    wd = row[2]
                    for lane in range(max(before, 0), min(before + replicas, GROUP)):
                        square, gradient_norm, mean_square = of[SQUARE, lane], of[GRADIENT, lane], of[MEAN, lane]
                        weight_norm = of[LENGTH, lane]
                        mean_square += wd * wd * square / dim
                        c0 = wd
                        c1 = beta1
                        c2 = 1 - beta1
                        c3 = -lr
                        c4 = sqrt(mean_square)
                        of[CONSTANTS + 0, lane] = c0
                        of[CONSTANTS + 1, lane] = c1
                        of[CONSTANTS + 2, lane] = c2
                        of[CONSTANTS + 3, lane] = c3
                        of[CONSTANTS + 4, lane] = c4
            for lane in range(GROUP):
                c0 = of[CONSTANTS + 0, lane]
                c1 = of[CONSTANTS + 1, lane]
                c2 = of[CONSTANTS + 2, lane]
                c3 = of[CONSTANTS + 3, lane]
                c4 = of[CONSTANTS + 4, lane]
                scale, w0, w1, w2 = of[SCALE, lane], of[LENGTH, lane], 0.0, 0.0
                z0, z1, z2 = np.float64(z[FIRST, lane]), np.float64(z[SECOND, lane]), np.float64(z[REST, lane])
                w, g = w0, z0 * scale
                buffer = of[INSIDE, lane]
                g = g + c0 * w
                buffer = c1 * buffer + c2 * g
                next_buffer = buffer
                change = c3 * (buffer / c4)
                change0 = change
                buffer0 = next_buffer
                w, g = w1, z1 * scale
                buffer = of[ACROSS, lane]
                g = g + c0 * w
                buffer = c1 * buffer + c2 * g
                next_buffer = buffer
                change = c3 * (buffer / c4)
                change1 = change
                buffer1 = next_buffer
                w, g = w2, z2 * scale
                buffer = 0.0
                g = g + c0 * w
                buffer = c1 * buffer + c2 * g
                next_buffer = buffer
                change = c3 * (buffer / c4)
                change2 = change
                buffer2 = next_buffer
                w = w0
                w0 += change0
                square = w0 * w0 + (change1 * change1 + change2 * change2)
                long = math.sqrt(square)
                inverse = 1.0 / long
                part = (buffer0 * w0 + (buffer1 * change1 + buffer2 * change2)) * inverse
                share = part * inverse
                left0, left1 = buffer0 - share * w0, buffer1 - share * change1
                left2 = buffer2 - share * change2
                of[INSIDE, lane], of[ACROSS, lane] = part, math.sqrt(left0 * left0 + (left1 * left1 + left2 * left2))
                of[LOST, lane], of[TURNED, lane] = -w * change0, change1 * change1 + change2 * change2
                of[LENGTH, lane], of[INVERSE, lane], of[SQUARE, lane] = long, inverse, square
            for lane in range(GROUP):
                tile[0, k % TILE, lane], tile[1, k % TILE, lane] = of[SQUARE, lane], of[LOST, lane]
                tile[2, k % TILE, lane] = of[TURNED, lane]
            hand_over(tile, group - low, k, norms, lost, turned)
        for lane in range(GROUP):
            n = group * GROUP + lane
            if n <= last:
                weights[n, 0], squares[n] = of[LENGTH, lane], of[SQUARE, lane]
                kept[0, n, 0], kept[0, n, 1] = of[INSIDE, lane], of[ACROSS, lane]
