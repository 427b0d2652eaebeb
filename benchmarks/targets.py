"""What gradarray aims for: the largest allowed ratio of its time to a peer's, by work."""

TARGETS: dict[str, dict[str, float]] = {
    "chain-0d": {"torch": 0.45, "mygrad": 0.2},
    "mlp-32": {"torch": 0.6},
    "rosenbrock-10": {"torch": 0.6},
    "rosenbrock-1000000": {"torch": 0.8},
    "jacobian-100": {"torch": 1.0, "autograd": 0.1},
    "hessian-100": {"torch": 1.0, "autograd": 0.1},
}
EVERY_GRADIENT: dict[str, float] = {"mygrad": 1.0, "autograd": 1.0}


def targets_of(work: str) -> dict[str, float]:
    """Return ``{peer: largest allowed ratio}`` of a work that takes gradients."""
    return EVERY_GRADIENT | TARGETS.get(work, {})
