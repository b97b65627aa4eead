"""The loss of one AMCL head as algebra: torch only, no registry, no runner.

Shapes: D embedding dimensions; c the cross-correlation matrix and tau the temperatures, (D, D).
The diagonal holds the positive pairs of channels, the rest the negative ones.
"""

from torch import Tensor


def pair_terms(c_DD: Tensor, tau_DD: Tensor, lambd: float, beta: float) -> dict[str, Tensor]:
    """Invariance, redundancy and regularizer by name, scalars, whose sum is the loss of the head.

    sum_l (1 - C_ll / tau_ll)^2,    lambda sum_{l != m} C_lm^2 / tau_lm,
    beta (sum_l Omega(tau_ll) - sum_{l != m} Omega(tau_lm))
    """
    positive, negative = tau_DD.diagonal(), off_diagonal(tau_DD)
    D = len(tau_DD)
    invariance = (1 - c_DD.diagonal() / positive).square().sum()
    redundancy = (off_diagonal(c_DD).square() / negative).sum()
    regularizer = omega(positive, D).sum() - omega(negative, D).sum()
    return dict(
        loss_invariance=invariance,
        loss_redundancy=lambd * redundancy,
        loss_regularizer=beta * regularizer,
    )


def omega(tau: Tensor, D: int) -> Tensor:
    """Omega(tau) = D / 2 ln tau + 1 / tau, least at tau = 2 / D."""
    return D / 2 * tau.log() + 1 / tau


def off_diagonal(x_DD: Tensor) -> Tensor:
    """All entries but the diagonal, (D - 1, D), without looking where they are on the device."""
    D = len(x_DD)
    return x_DD.flatten()[1:].view(D - 1, D + 1)[:, :-1]
