"""What functions of functions cost beside what they stand on: a step with tensors, a gradient, a plain call."""

from benchmarks.work import Transform, Work, mlp, rosenbrock

BASES = {"grad": "backward", "hvp": "grad", "jvp": ""}
ABOUT = {"grad": "gradient", "hvp": "Hessian times a vector", "jvp": "derivative along a vector"}


def transform(what: str, work: Work) -> Transform:
    return Transform(
        f"transform-{what}-{work.name}",
        f"{ABOUT[what]}: {work.about}",
        work.inputs,
        work.loss,
        work.by_hand,
        what=what,
        base=BASES[what],
    )


WORKS = [transform(what, work) for what in BASES for work in (rosenbrock.WORKS[0], mlp.WORKS[0])]
