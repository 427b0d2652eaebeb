"""What the tour says: prose, and lines after ``>>>`` with what they must give, which `teach` executes."""

from __future__ import annotations

LESSONS: tuple[tuple[str, str], ...] = (
    (
        "Tensors are arrays",
        """\
A tensor is made, shown, indexed and computed with as a NumPy array is.

    >>> import numpy as np
    >>> import gradarray as ga
    >>> ga.tensor([1., 2., 3.], dtype="float32")
    Tensor([1., 2., 3.], dtype=float32)
    >>> x = ga.tensor([[0., 1., 2.],
    ...                [3., 4., 5.]])
    >>> x ** 2
    Tensor([[ 0.,  1.,  4.],
            [ 9., 16., 25.]])
    >>> x.sum(axis=1)
    Tensor([ 3., 12.])
    >>> x[0].shape, x.T.shape, x.ndim
    ((3,), (3, 2), 2)

NumPy's own functions take tensors, and give tensors back.

    >>> np.sqrt(x)
    Tensor([[0.        , 1.        , 1.41421356],
            [1.73205081, 2.        , 2.23606798]])
    >>> np.matmul(x, x.T)
    Tensor([[ 5., 14.],
            [14., 50.]])

The array inside is yours at any time.

    >>> x.data
    array([[0., 1., 2.],
           [3., 4., 5.]])
""",
    ),
    (
        "Shapes",
        """\
Shapes change as NumPy's do, by methods, by assignment and by functions.

    >>> x = ga.linspace(1, 4, 4)
    >>> x.reshape(2, 2)
    Tensor([[1., 2.],
            [3., 4.]])
    >>> x.shape = (2, 2)
    >>> x.T
    Tensor([[1., 3.],
            [2., 4.]])
    >>> np.concatenate([x, x[:1]])
    Tensor([[1., 2.],
            [3., 4.],
            [1., 2.]])
""",
    ),
    (
        "Derivatives",
        """\
What is computed from a tensor is recorded. `backward` walks the record from the result
to the tensors it came from, and leaves there the derivative of the result.

f(x) = 2 x, at x = 10:

    >>> x = ga.tensor(10.)
    >>> f = 2 * x
    >>> f.backward()
    >>> x.grad
    array(2.)

f(x, y) = x^2 + y, at x = 10, y = 20; one derivative for each variable:

    >>> x = ga.tensor(10.)
    >>> y = ga.tensor(20.)
    >>> f = x ** 2 + y
    >>> f.backward()
    >>> x.grad, y.grad
    (array(20.), array(1.))

f(x) = x0^2 + x1^2 + x2^2; the derivatives of a whole array at once:

    >>> x = ga.tensor([-1., 4., 6.])
    >>> f = np.sum(x ** 2)
    >>> f.backward()
    >>> x.grad
    array([-2.,  8., 12.])
""",
    ),
    (
        "Constants",
        """\
A constant is passed over: no derivative is computed for it.

    >>> base = ga.tensor(3.)
    >>> exponent = ga.tensor(2., constant=True)
    >>> f = base ** exponent
    >>> f.backward()
    >>> base.grad
    array(6.)
    >>> exponent.grad is None
    True

Arrays, lists and numbers are constants, and so are tensors of integers.

    >>> ga.sum([1., 2.]).constant
    True
    >>> ga.tensor([1, 2]).constant
    True
    >>> ga.tensor([1, 2], constant=False)
    Traceback (most recent call last):
    ValueError: Integer-valued tensors must be treated as constants.
""",
    ),
    (
        "The chain rule, step by step",
        """\
ga.explain shows each value that a function computes, with the derivative of the result by it, and with
steps=True how the chain rule gives one from the other, from the result up.

    >>> def f(x):
    ...     a = x * np.sin(x)
    ...     return np.sum(a)
    >>> x = np.array([0.5, 1., 2.])
    >>> ga.explain(f, x, steps=True)
                                                d result
      name  computed as  value                   / d name
      ----  ----------  ----------------------  --------------------
      x     (argument)  [0.5 1 2]               [0.9182 1.382 0.077]
    2: a = x * np.sin(x)
      v1    np.sin(x)   [0.4794 0.8415 0.9093]  [0.5 1 2]
      a     x * v1      [0.2397 0.8415 1.819]   [1 1 1]
    3: return np.sum(a)
      v2    np.sum(a)   2.9                     1
    <BLANKLINE>
    Backward, from the result up. d v is the derivative of the result by v;
    each starts at 0.
       d v2 = 1, since v2 is the result
    1. v2 = np.sum(a)
       d a += d v2, spread over (3,) = [1 1 1]
    2. a = x * v1
       d x += d a * v1 = [0.4794 0.8415 0.9093]
           (way 1 of 2 to x)
       d v1 += d a * x = [0.5 1 2]
    3. v1 = np.sin(x)
       d x += d v1 * np.cos(x) = [0.4388 0.5403 -0.8323]
           (2 ways lead to x: they add to [0.9182 1.382 0.077])
    <BLANKLINE>
    Look next: ga.graph(f, x) draws it; ga.source(ga.grad(f), x) writes the
    derivative as a function in plain NumPy.
""",
    ),
    (
        "Forward mode",
        """\
The other way round: ga.jvp carries a derivative along with each value, from the arguments down. It gives the
value and how fast it changes in a direction, without a record.

    >>> direction = np.array([1., 0., 0.])
    >>> value, slope = ga.jvp(f, (x,), (direction,))
    >>> value.round(6), slope.round(6)
    (np.float64(2.899779), np.float64(0.918217))

That is the gradient, which backward mode gives for all directions at once, times the direction.

    >>> np.allclose(ga.grad(f)(x) @ direction, slope, rtol=1e-12)
    True
""",
    ),
    (
        "Gradient and Hessian of a function",
        """\
ga.grad takes a function of arrays as it is, and gives the function that is its gradient; ga.hessian gives the
matrix of second derivatives. Transforms can be nested.

    >>> def rosenbrock(x):
    ...     left, right = x[:-1], x[1:]
    ...     return np.sum(100 * (right - left ** 2) ** 2 + (1 - left) ** 2)
    >>> point = np.array([-1., 2., 0.5])
    >>> ga.grad(rosenbrock)(point)
    array([ 396., 3002., -700.])
    >>> ga.hessian(rosenbrock)(point)
    array([[ 402.,  400.,    0.],
           [ 400., 4802., -800.],
           [   0., -800.,  200.]])
    >>> ga.grad(ga.grad(lambda t: t ** 3))(2.)
    np.float64(12.0)
""",
    ),
    (
        "Code as it stands",
        """\
In the function of a transform, arrays that NumPy makes can be filled with what is to be differentiated, and
`math` takes it: code written long before, here for a pendulum, keeps its loops.

    >>> import math
    >>> def swing(angle, steps=50):
    ...     path = np.zeros(steps)
    ...     path[0], speed = angle, 0.0
    ...     for k in range(steps - 1):
    ...         speed = speed - 0.1 * math.sin(path[k])
    ...         path[k + 1] = path[k] + 0.1 * speed
    ...     return path[-1]
    >>> slope = ga.grad(swing)(1.0)
    >>> slope.round(6)
    np.float64(-0.702156)
    >>> difference = (swing(1.0 + 1e-6) - swing(1.0 - 1e-6)) / 2e-6
    >>> np.allclose(slope, difference, rtol=1e-7)
    True
""",
    ),
    (
        "Where a gradient would be lost",
        """\
A plain array holds no gradient. Where one that was made before takes a variable, there would be a wrong zero
later on: it is an error now, which quotes the line and says what to write instead.

    >>> saved = np.zeros(3)
    >>> t = ga.tensor(3.)
    >>> saved[0] = t ** 2
    Traceback (most recent call last):
    gradarray.GradientLossError: an assignment cannot write a variable into a plain ndarray, which holds
        no gradient: `saved[0] = t ** 2`. Let the array be a Tensor from the start, as np.zeros(n,
        like=t) or np.zeros_like(t), or collect the values in a list and join them with np.stack; to
        write the bare value, take t.data. In drop-in mode, `with ga.drop_in():` or a transform without
        drop_in=False, the arrays that NumPy makes can be filled.

One of the remedies that it names, an array that is a tensor from the start:

    >>> saved = np.zeros(3, like=t)
    >>> saved[0] = t ** 2
    >>> saved.sum().backward()
    >>> t.grad
    array(6.)
""",
    ),
    (
        "Programs",
        """\
ga.jit carries out a function once, and from then on the NumPy calls that it came to, without a record. ga.source
shows such a program: here the derivative of f, from above.

    >>> fast = ga.jit(ga.grad(f))
    >>> np.allclose(fast(x), ga.grad(f)(x), rtol=1e-12)
    True
    >>> print(ga.source(ga.grad(f), x).rstrip())
    def grad_of_f(x):
        # forward
        a = np.sin(x)  # a = x * np.sin(x)
        # backward
        g1 = a + x * np.cos(x)  # a = x * np.sin(x)
        return g1
""",
    ),
    (
        "Are they right?",
        """\
ga.check_grads compares the derivatives of a function, in both modes and the second ones too, with differences. It
says nothing where they agree.

    >>> ga.check_grads(rosenbrock, (point,))

A derivative that is half of what it should be, as part of the function was taken for a constant:

    >>> ga.check_grads(lambda t: ga.stop_gradient(t) * t, (2.,), modes="rev")
    Traceback (most recent call last):
    AssertionError: check_grads: the derivative of order 1 by reverse mode is wrong
      argument args[0], shape (), element ()
      analytic 2
      numeric  4 (central differences, step 0.00074)
      1 of the 1 elements compared differ
      likely cause: it is off by the constant factor 0.5
""",
    ),
)

ON_TENSORS = """\
Its data: Fisher's 150 irises (1936), four measurements each, of three species.

    >>> measurements.shape, np.bincount(species)
    ((150, 4), array([50, 50, 50]))
    >>> weights = np.linspace(-1, 1, 12).reshape(4, 3)
    >>> bias = np.zeros(3)
    >>> loss(weights, bias, measurements, species).round(8)
    np.float64(2.19425923)

With tensors in the place of two of the arrays, it gives the same number, and can be differentiated.

    >>> w, b = ga.tensor(weights), ga.tensor(bias)
    >>> f = loss(w, b, measurements, species)
    >>> f
    Tensor(2.19425923)
    >>> f.backward()

Are these the right derivatives? A little to the left and to the right of each number, on plain arrays:

"""
