"""A decoder-only transformer with pre-norm, and with the normalisations that make its matrices scale-invariant.

``normalised`` says what, beside the inputs of every branch (pre-norm), has its root mean square set to 1:

- "queries and keys"  q and k per head: W_q and W_k are invariant per head
- "all"               the output of every matrix: q, k and v per head, the other matrices' outputs and the embeddings
                      per token: every matrix but the head is invariant, per head, as a tensor, or per row (embeddings)
- "none"              nothing: the scale-sensitive twin of both; hidden matrices have the same shapes

Pre-norm alone makes no matrix invariant, since each adds to a residual stream that others add to as well. Gains
follow the normalisations of "all" that add to the residual stream, and those of pre-norm, unless ``affine`` is False.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Generator, Tensor, nn
from torch.nn import Parameter, functional

from numerics.errors import BadTraining
from numerics.networks.grouping import Grouping
from numerics.networks.normalisation import EPS, Head, normal

NORMALISED = ("queries and keys", "all", "none")
POSITIONS = ("rotary", "learned")


class Matrix(nn.Module):
    """x -> N(W x), where N sets the root mean square of each part of a grouping to 1; without one it does nothing."""

    def __init__(
        self,
        inputs: int,
        rows: int,
        grouping: Grouping | None,
        *,
        affine: bool = False,
        eps: float = EPS,
        gain: float = 1.0,
    ) -> None:
        super().__init__()
        self.weight = Parameter(torch.empty(rows, inputs))
        self.grouping, self.eps, self.deviation = grouping, eps, math.sqrt(gain / inputs)
        self.gain = Parameter(torch.ones(rows)) if affine and grouping else None

    def forward(self, x: Tensor) -> Tensor:
        """[.., rows]."""
        out = functional.linear(x, self.weight)
        if self.grouping is not None:
            parts = out.unflatten(-1, (self.grouping.groups, -1))
            out = functional.rms_norm(parts, parts.shape[-1:], eps=self.eps).flatten(-2)
        return out if self.gain is None else out * self.gain

    def draw(self, generator: Generator) -> None:
        """Draw the weights."""
        normal(self.weight, self.deviation, generator)


class Embedding(nn.Module):
    """One row per index, of standard deviation 1 at the start; with a ``grouping`` of root mean square 1 always."""

    def __init__(self, indices: int, width: int, grouping: Grouping | None, eps: float) -> None:
        super().__init__()
        self.weight = Parameter(torch.empty(indices, width))
        self.grouping, self.eps = grouping, eps

    def forward(self, indices: Tensor) -> Tensor:
        """[.., width]."""
        rows = functional.embedding(indices, self.weight)
        return rows if self.grouping is None else functional.rms_norm(rows, rows.shape[-1:], eps=self.eps)

    def draw(self, generator: Generator) -> None:
        """Draw the weights."""
        normal(self.weight, 1.0, generator)


class Attention(nn.Module):
    """Causal attention with ``heads`` heads; normalised queries and keys give logits of size up to sqrt(head size)."""

    def __init__(self, width: int, heads: int, normalised: str, *, rotary: bool, affine: bool, eps: float) -> None:
        super().__init__()
        per_head = Grouping(heads, "head")
        asked = None if normalised == "none" else per_head
        self.query = Matrix(width, width, asked, eps=eps)
        self.key = Matrix(width, width, asked, eps=eps)
        self.value = Matrix(width, width, per_head if normalised == "all" else None, eps=eps)
        self.out = Matrix(width, width, _whole(normalised), affine=affine, eps=eps)
        self.heads, self.rotary = heads, rotary

    def forward(self, x: Tensor) -> Tensor:
        """[batch, positions, width]."""
        q, k, v = (
            matrix(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for matrix in (self.query, self.key, self.value)
        )
        if self.rotary:
            q, k = rotated(torch.stack((q, k)))
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).flatten(2))


def rotated(x: Tensor) -> Tensor:
    """Rotary positions (Su et al., 2021): plane i of [.., positions, size] turns by position / 10000^(2 i / size).

    Angles are in float32 at least: half precision does not have all positions above 256.
    """
    positions, size = x.shape[-2:]
    dtype = torch.promote_types(x.dtype, torch.float32)
    speeds = 10000.0 ** (-torch.arange(0, size, 2, device=x.device, dtype=dtype) / size)
    angles = torch.arange(positions, device=x.device, dtype=dtype)[:, None] * speeds
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    one, other = x.chunk(2, -1)
    return torch.cat((one * cos - other * sin, one * sin + other * cos), -1)


def _whole(normalised: str) -> Grouping | None:
    return Grouping(1, "tensor") if normalised == "all" else None


class Norm(nn.Module):
    """Root mean square 1, with a gain per channel where ``affine``."""

    def __init__(self, width: int, affine: bool, eps: float) -> None:
        super().__init__()
        self.gain = Parameter(torch.ones(width)) if affine else None
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[.., width]."""
        return functional.rms_norm(x, x.shape[-1:], self.gain, self.eps)


class Block(nn.Module):
    """x + attention(norm x), then x + W2 gelu(W1 norm x)."""

    def __init__(self, width: int, heads: int, normalised: str, *, rotary: bool, affine: bool, eps: float) -> None:
        super().__init__()
        self.before_attention, self.before_mlp = (Norm(width, affine, eps) for _ in range(2))
        self.attention = Attention(width, heads, normalised, rotary=rotary, affine=affine, eps=eps)
        self.up = Matrix(width, 4 * width, _whole(normalised), eps=eps)
        self.down = Matrix(4 * width, width, _whole(normalised), affine=affine, eps=eps, gain=2.0)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, positions, width]."""
        x = x + self.attention(self.before_attention(x))
        return x + self.down(functional.gelu(self.up(self.before_mlp(x))))


class GPT(nn.Module):
    """``depth`` blocks between an embedding of ``classes`` tokens and a head over the same tokens.

    ``inputs`` is (context,), the most positions. Raises BadTraining for sizes and names that do not fit.
    """

    def __init__(
        self,
        inputs: Sequence[int],
        classes: int,
        *,
        width: int = 64,
        depth: int = 2,
        heads: int = 4,
        normalised: str = "queries and keys",
        positions: str = "rotary",
        affine: bool = True,
        eps: float = EPS,
        frozen_head: bool = False,
        head_scale: float = 1.0,
    ) -> None:
        super().__init__()
        for name, value, known in (("normalised", normalised, NORMALISED), ("positions", positions, POSITIONS)):
            if value not in known:
                raise BadTraining(f"{name} = {value} is unknown; known are {', '.join(known)}")
        if len(inputs) != 1:
            raise BadTraining(f"inputs = {tuple(inputs)} is not one number of positions, which a GPT takes")
        if width % (2 * heads):
            raise BadTraining(f"width = {width} is not divisible by twice the heads = {heads}")
        rotary = positions == "rotary"
        rows = [Grouping(number, "token") if normalised == "all" else None for number in (classes, inputs[0])]
        self.tokens = Embedding(classes, width, rows[0], eps)
        self.positions = None if rotary else Embedding(inputs[0], width, rows[1], eps)
        self.blocks = nn.ModuleList(
            Block(width, heads, normalised, rotary=rotary, affine=affine, eps=eps) for _ in range(depth)
        )
        self.norm = Norm(width, affine, eps)
        self.head = Head(width, classes, frozen=frozen_head, scale=head_scale)

    def forward(self, tokens: Tensor) -> Tensor:
        """Logits of the next token [batch, positions, classes] of tokens [batch, positions]."""
        x = self.tokens(tokens)
        if self.positions is not None:
            x = x + self.positions(torch.arange(tokens.shape[1], device=tokens.device))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))
