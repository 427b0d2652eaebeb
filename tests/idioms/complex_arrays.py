"""Complex arrays that are made and filled."""

import numpy as np


def dft(x):
    n = len(x)
    X = np.zeros(n, dtype=complex)
    for k in range(n):
        for t in range(n):
            X[k] += x[t] * np.exp(-2j * np.pi * k * t / n)
    return np.abs(X)


def transfer(resistance, capacity):
    """The frequency response of a filter."""
    omega = np.logspace(0, 2, 5)
    H = np.empty(len(omega), dtype=np.complex128)
    for i, w in enumerate(omega):
        H[i] = 1 / (1 + 1j * w * resistance * capacity)
    return np.concatenate([np.abs(H), np.angle(H), H.real * H.imag])


def thin_film(thickness):
    """Characteristic matrices of two layers."""
    M = np.eye(2, dtype=complex)
    for n, d in [(1.4, thickness), (2.1, 0.08)]:
        delta = 2 * np.pi * n * d / 0.55
        layer = np.array([[np.cos(delta), 1j * np.sin(delta) / n], [1j * n * np.sin(delta), np.cos(delta)]])
        M = M @ layer
    B, C = M @ np.array([1.0, 1.5])
    r = (B - C) / (B + C)
    return np.abs(r) ** 2


def split_step(strength):
    """A wave packet in a trap, by Fourier transforms."""
    x = np.linspace(-4, 4, 16)
    psi = np.zeros(16, dtype="complex128")
    psi[:] = np.exp(-(x**2))
    psi[8] *= 1 + 0.5j * strength
    k = 2 * np.pi * np.fft.fftfreq(16, x[1] - x[0])
    for _ in range(3):
        psi *= np.exp(-0.5j * 0.1 * strength * x**2)
        psi = np.fft.ifft(np.exp(-0.5j * 0.1 * k**2) * np.fft.fft(psi))
    return np.abs(psi) ** 2


def spectrum_by_hand(amplitude, phase):
    """A real signal out of a filled spectrum."""
    spectrum = np.zeros(9, complex)
    spectrum[1] = amplitude * np.exp(1j * phase)
    spectrum[3] = amplitude**2 + 0j
    spectrum.imag[2] = 0.5
    return np.fft.irfft(spectrum)
