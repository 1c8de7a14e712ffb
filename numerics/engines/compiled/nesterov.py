"""nesterov, compiled: written by ``python -m numerics.engines.writing`` from the lines of the rule; do not edit."""
# ruff: noqa
# mypy: ignore-errors

import math

import numpy as np
from numpy import sqrt

from numerics.engines.caching import compiled
from numerics.engines.steps import (
    BLOCK,
    COMPILED,
    GROUP,
    LANES,
    NORMALISED,
    ORTHOGONAL,
    SPREAD,
    cast,
    draw,
    draw_folded,
    draw_lanes,
    gradient_lanes,
    gradient_of,
    gradient_size,
    measure_lanes,
    nonzero,
    overlap,
)


@compiled(**COMPILED)
def chains(
    low,
    high,
    first,
    share,
    replicas,
    law,
    dim,
    k0,
    k1,
    table,
    changes,
    weights,
    kept,
    memory,
    squares,
    norms,
    lost,
    turned,
):
    """Advance the noise streams low to high, and every chain that they drive, by the steps of the table."""
    z = np.empty((dim + 3) // 4 * 4, weights.dtype)

    for stream in range(low, high):
        for k in range(table.shape[1]):
            draw(z, memory[stream], law, dim, first + k, stream, k0, k1)
            factor = gradient_size(law, first + k, stream, k0, k1)
            noise = overlap(z, z, dim) if law[NORMALISED] != 0.0 else 1.0
            for configuration in range(table.shape[0] if share else 1):
                n = configuration * replicas + stream if share else stream
                chain = weights[n]
                chain_buffer = kept[0, n]
                square = squares[n]
                dot = overlap(z, chain, dim) if law[ORTHOGONAL] != 0.0 else 0.0
                along, scale, gradient_norm, mean_square = gradient_of(law, dim, square, dot, noise, factor)
                weight_norm = math.sqrt(square)
                row = table[n // replicas, k]
                lr = row[0]
                momentum = row[1]
                wd = row[2]
                c0 = wd
                c1 = momentum
                c2 = -lr
                c0 = cast(c0, z)
                c1 = cast(c1, z)
                c2 = cast(c2, z)
                along_w, scale_g = cast(along, z), cast(scale, z)
                loss, way, after = 0.0, 0.0, 0.0
                for start in range(0, dim, BLOCK):
                    part_of_loss, part_of_way, part_after = cast(0.0, z), cast(0.0, z), cast(0.0, z)
                    own_w = chain[start : start + BLOCK]
                    own_z = z[start : start + BLOCK]
                    own_buffer = chain_buffer[start : start + BLOCK]
                    for i in range(min(BLOCK, dim - start)):
                        w = own_w[i]
                        g = (own_z[i] - along_w * w) * scale_g
                        buffer = own_buffer[i]
                        g = g + c0 * w
                        buffer = c1 * buffer + g
                        next_buffer = buffer
                        change = c2 * (g + c1 * buffer)
                        own_buffer[i] = next_buffer
                        next_w = w + change
                        own_w[i] = next_w
                        part_of_loss -= w * change
                        part_of_way += change * change
                        part_after += next_w * next_w
                    loss, way, after = loss + part_of_loss, way + part_of_way, after + part_after
                squares[n] = after
                norms[n, k], lost[n, k], turned[n, k] = after, loss, max(way - loss * loss / square, 0.0)


@compiled(**COMPILED)
def lanes(
    low,
    high,
    first,
    share,
    replicas,
    law,
    dim,
    k0,
    k1,
    table,
    changes,
    weights,
    kept,
    memory,
    squares,
    norms,
    lost,
    turned,
):
    """Advance the groups low to high of LANES chains, the same entry of all side by side: for few entries."""
    blocks, last = (dim + 3) // 4, weights.shape[0] - 1
    z, w_of = np.empty((4 * blocks, LANES), weights.dtype), np.empty((dim, LANES), weights.dtype)
    kept_of = np.empty((1, dim, LANES), weights.dtype)
    constants = np.empty((3, LANES), weights.dtype)
    along_of, scale_of = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    part_of_loss, part_of_way = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    part_after, step_of = np.empty(LANES, weights.dtype), np.empty((0, LANES), weights.dtype)
    dots, noises = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    square_of, factors = np.empty(LANES), np.ones(LANES)
    gradient_norms, mean_squares, way_across = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    streams = np.empty(LANES, np.uint32)
    for group in range(low, high):
        for l in range(LANES):
            n = min(group * LANES + l, last)
            streams[l] = n % replicas if share else n
            square_of[l] = squares[n]
            for i in range(dim):
                w_of[i, l] = weights[n, i]
                kept_of[0, i, l] = kept[0, n, i]
        for k in range(table.shape[1]):
            draw_lanes(z, streams, first + k, k0, k1)
            measure_lanes(z, w_of, dots, noises)
            if law[SPREAD] != 0.0:
                for l in range(LANES):
                    factors[l] = gradient_size(law, first + k, int(streams[l]), k0, k1)
            gradient_lanes(law, dim, square_of, dots, noises, factors, along_of, scale_of, gradient_norms, mean_squares)
            if False or k == 0 or changes[k]:
                for l in range(LANES):
                    square, gradient_norm, mean_square = square_of[l], gradient_norms[l], mean_squares[l]
                    weight_norm = math.sqrt(square)
                    row = table[min(group * LANES + l, last) // replicas, k]
                    lr = row[0]
                    momentum = row[1]
                    wd = row[2]
                    c0 = wd
                    c1 = momentum
                    c2 = -lr
                    constants[0, l] = c0
                    constants[1, l] = c1
                    constants[2, l] = c2
            for l in range(LANES):
                part_of_loss[l], part_of_way[l], part_after[l] = 0.0, 0.0, 0.0
            for i in range(dim):
                for l in range(LANES):
                    w = w_of[i, l]
                    c0 = constants[0, l]
                    c1 = constants[1, l]
                    c2 = constants[2, l]
                    g = (z[i, l] - along_of[l] * w) * scale_of[l]
                    buffer = kept_of[0, i, l]
                    g = g + c0 * w
                    buffer = c1 * buffer + g
                    next_buffer = buffer
                    change = c2 * (g + c1 * buffer)
                    kept_of[0, i, l] = next_buffer
                    next_w = w + change
                    w_of[i, l] = next_w
                    part_of_loss[l] -= w * change
                    part_of_way[l] += change * change
                    part_after[l] += next_w * next_w
            for l in range(LANES):
                loss, square = float(part_of_loss[l]), square_of[l]
                way_across[l] = max(float(part_of_way[l]) - loss * loss / square, 0.0)
                square_of[l] = float(part_after[l])
            for l in range(min(LANES, last + 1 - group * LANES)):
                n = group * LANES + l
                norms[n, k], lost[n, k], turned[n, k] = square_of[l], part_of_loss[l], way_across[l]
        for l in range(LANES):
            n = group * LANES + l
            if n <= last:
                squares[n] = square_of[l]
                for i in range(dim):
                    weights[n, i] = w_of[i, l]
                    kept[0, n, i] = kept_of[0, i, l]


@compiled(**COMPILED)
def folded(
    low,
    high,
    first,
    share,
    replicas,
    law,
    dim,
    k0,
    k1,
    table,
    changes,
    weights,
    kept,
    memory,
    squares,
    norms,
    lost,
    turned,
):
    """Advance the groups low to high of GROUP chains, each in the plane of w and what is kept: equal in law at any dim."""
    last = weights.shape[0] - 1
    z, rests, dots, noises = (
        np.zeros((2, GROUP), np.float32),
        np.empty(GROUP, np.float32),
        np.zeros(GROUP),
        np.empty(GROUP),
    )
    length, inside, across = np.empty(GROUP), np.zeros(GROUP), np.zeros(GROUP)
    constants = np.empty((3, GROUP))
    along_of, scale_of, square_of, factors = np.empty(GROUP), np.empty(GROUP), np.empty(GROUP), np.ones(GROUP)
    gradient_norms, mean_squares = np.empty(GROUP), np.empty(GROUP)
    loss_of, way_of = np.empty(GROUP), np.empty(GROUP)
    streams = np.empty(GROUP, np.uint32)
    for group in range(low, high):
        for l in range(GROUP):
            n = min(group * GROUP + l, last)
            streams[l] = n % replicas if share else n
            length[l] = weights[n, 0]
            square_of[l] = length[l] * length[l]
            inside[l], across[l] = kept[0, n, 0], kept[0, n, 1]
        for k in range(table.shape[1]):
            draw_folded(z, rests, streams, dim, law[ORTHOGONAL] != 0.0, first + k, k0, k1)
            for l in range(GROUP):
                z1, z2 = float(z[0, l]), float(z[1, l])
                dots[l], noises[l] = z1 * length[l], z1 * z1 + (z2 * z2 + float(rests[l]))
            if law[SPREAD] != 0.0:
                for l in range(GROUP):
                    factors[l] = gradient_size(law, first + k, int(streams[l]), k0, k1)
            gradient_lanes(law, dim, square_of, dots, noises, factors, along_of, scale_of, gradient_norms, mean_squares)
            if False or k == 0 or changes[k]:
                for l in range(GROUP):
                    square, gradient_norm, mean_square = square_of[l], gradient_norms[l], mean_squares[l]
                    weight_norm = length[l]
                    row = table[min(group * GROUP + l, last) // replicas, k]
                    lr = row[0]
                    momentum = row[1]
                    wd = row[2]
                    c0 = wd
                    c1 = momentum
                    c2 = -lr
                    constants[0, l] = c0
                    constants[1, l] = c1
                    constants[2, l] = c2
            for l in range(GROUP):
                c0 = constants[0, l]
                c1 = constants[1, l]
                c2 = constants[2, l]
                along, scale = along_of[l], scale_of[l]
                z0, z1, z2 = float(z[0, l]), float(z[1, l]), math.sqrt(float(rests[l]))
                w0, w1, w2 = length[l], 0.0, 0.0
                w, g = w0, (z0 - along * w0) * scale
                buffer = inside[l]
                g = g + c0 * w
                buffer = c1 * buffer + g
                next_buffer = buffer
                change = c2 * (g + c1 * buffer)
                change0 = change
                buffer0 = next_buffer
                w, g = w1, (z1 - along * w1) * scale
                buffer = across[l]
                g = g + c0 * w
                buffer = c1 * buffer + g
                next_buffer = buffer
                change = c2 * (g + c1 * buffer)
                change1 = change
                buffer1 = next_buffer
                w, g = w2, (z2 - along * w2) * scale
                buffer = 0.0
                g = g + c0 * w
                buffer = c1 * buffer + g
                next_buffer = buffer
                change = c2 * (g + c1 * buffer)
                change2 = change
                buffer2 = next_buffer
                w = w0
                w0 += change0
                square = w0 * w0 + (change1 * change1 + change2 * change2)
                long = math.sqrt(square)
                part = (buffer0 * w0 + (buffer1 * change1 + buffer2 * change2)) / long
                left0, left1 = buffer0 - part * w0 / long, buffer1 - part * change1 / long
                left2 = buffer2 - part * change2 / long
                inside[l], across[l] = part, math.sqrt(left0 * left0 + (left1 * left1 + left2 * left2))
                loss_of[l], way_of[l] = -w * change0, change1 * change1 + change2 * change2
                length[l], square_of[l] = long, square
            for l in range(min(GROUP, last + 1 - group * GROUP)):
                n = group * GROUP + l
                norms[n, k], lost[n, k], turned[n, k] = square_of[l], loss_of[l], way_of[l]
        for l in range(GROUP):
            n = group * GROUP + l
            if n <= last:
                weights[n, 0], squares[n] = length[l], square_of[l]
                kept[0, n, 0], kept[0, n, 1] = inside[l], across[l]
