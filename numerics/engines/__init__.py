"""The engines that advance chains of weights: readable in torch, fused in numba and Triton, folded exactly."""
