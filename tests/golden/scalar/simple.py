"""Cells without gates, and those that are steps of differential equations."""

from .arithmetic import *


@cell(all_of("h"))
def rnn_tanh(p, x, s):
    """Elman 1990."""
    h = each(tanh, affine(p, "h", x, s.h))
    return h, {"h": h}


def rnn_relu(p, x, s):
    h = each(relu, affine(p, "h", x, s.h))
    return h, {"h": h}


add("rnn_relu", rnn_relu, all_of("h"))
add("irnn", rnn_relu, all_of("h"))  # Le et al. 2015: only the first values differ


@cell("HxI W_h; H b_h u_h")
def indrnn(p, x, s):
    """Li et al. 2018."""
    h = each(relu, plus(of_input(p, "h", x), times(p.u_h, s.h)))
    return h, {"h": h}


@cell(all_of("h") + "; HxH V_y; H b_y", states="H y")
def jordan(p, x, s):
    """Jordan 1986: the output is fed back."""
    h = gate(p, "h", x, s.y)
    y = each(sigmoid, plus(mul(p.V_y, h), p.b_y))
    return y, {"y": y}


@cell(all_of("h"), hyper={"leak": 0.3})
def esn(p, x, s):
    """Jaeger 2001, leaky integrator."""
    h = mix([p.leak] * len(s.h), each(tanh, affine(p, "h", x, s.h)), s.h)
    return h, {"h": h}


@cell("HxI W_m W_h; HxH U_m V_h; H b_h")
def mrnn(p, x, s):
    """Sutskever et al. 2011, with as many factors as units."""
    m = times(mul(p.W_m, x), mul(p.U_m, s.h))
    h = each(tanh, plus(mul(p.W_h, x), mul(p.V_h, m), p.b_h))
    return h, {"h": h}


@cell(all_of("h") + "; H alpha beta1 beta2")
def mi_rnn(p, x, s):
    """Wu et al. 2016: beta1 goes with U h, beta2 with W x."""
    a, b = mul(p.W_h, x), mul(p.U_h, s.h)
    h = each(tanh, plus(times(p.alpha, a, b), times(p.beta1, b), times(p.beta2, a), p.b_h))
    return h, {"h": h}


@cell(
    "CxI W_c; HxC P_h; HxI W_h; HxH U_h; H b_h; HxH U_y; HxC V_y; H b_y",
    states="C c; H h",
    sizes={"C": 3},
    hyper={"context": 3, "alpha": 0.95},
)
def scrn(p, x, s):
    """Mikolov et al. 2015."""
    c = mix([p.alpha] * 3, s.c, mul(p.W_c, x))
    h = each(sigmoid, plus(mul(p.P_h, c), affine(p, "h", x, s.h)))
    y = each(sigmoid, plus(mul(p.U_y, h), mul(p.V_y, c), p.b_y))
    return y, {"c": c, "h": h}


@cell(all_of("h") + "; H a_h")
def plrnn(p, x, s):
    """Durstewitz 2017: the diagonal is a vector of its own."""
    n = len(s.h)
    U = entries(lambda i, j: 0.0 if i == j else p.U_h[i][j], n)
    h = plus(times(p.a_h, s.h), mul(U, each(relu, s.h)), of_input(p, "h", x))
    return h, {"h": h}


def skew(U, gamma):
    """U - U^T - gamma I."""
    return entries(lambda i, j: U[i][j] - U[j][i] - (gamma if i == j else 0.0), len(U))


ODE = {"epsilon": 0.1, "gamma": 0.01}


@cell(all_of("h"), hyper=ODE)
def antisymmetric_rnn(p, x, s):
    """Chang et al. 2019."""
    v = plus(mul(skew(p.U_h, p.gamma), s.h), of_input(p, "h", x))
    h = each(lambda old, a: old + p.epsilon * tanh(a), s.h, v)
    return h, {"h": h}


@cell(all_of("h") + "; HxI W_z; H b_z", hyper=ODE)
def antisymmetric_gated(p, x, s):
    """Chang et al. 2019, equation with the input gate: the gate has the same matrix."""
    v = mul(skew(p.U_h, p.gamma), s.h)
    z = each(sigmoid, plus(v, of_input(p, "z", x)))
    c = each(tanh, plus(v, of_input(p, "h", x)))
    h = each(lambda old, g, new: old + p.epsilon * g * new, s.h, z, c)
    return h, {"h": h}


@cell(all_of("h") + "; HxH U_a", hyper={"beta": 0.75, "gamma": 0.001, "epsilon": 0.03})
def lipschitz_rnn(p, x, s):
    """Erichson et al. 2021, forward Euler."""

    def matrix(M):
        return entries(
            lambda i, j: p.beta * (M[i][j] - M[j][i])
            + (1.0 - p.beta) * (M[i][j] + M[j][i])
            - (p.gamma if i == j else 0.0),
            len(M),
        )

    linear = mul(matrix(p.U_a), s.h)
    v = plus(mul(matrix(p.U_h), s.h), of_input(p, "h", x))
    h = each(lambda old, a, b: old + p.epsilon * (a + tanh(b)), s.h, linear, v)
    return h, {"h": h}


@cell(
    "HxI W_z; HxH U_z V_z; H b_z",
    states="H h z",
    hyper={"dt": 0.1, "gamma": 0.9, "epsilon": 1.2},
)
def cornn(p, x, s):
    """Rusch and Mishra 2021, explicit in z."""
    force = each(tanh, plus(mul(p.W_z, x), mul(p.U_z, s.h), mul(p.V_z, s.z), p.b_z))
    z = each(
        lambda z, f, h: z + p.dt * (f - p.gamma * h - p.epsilon * z), s.z, force, s.h
    )
    h = each(lambda h, z: h + p.dt * z, s.h, z)
    return h, {"h": h, "z": z}


@cell("HxI W_h; H b_h u_h u_c", states="H h z", hyper={"dt": 0.1, "alpha": 0.7})
def unicornn(p, x, s):
    """Rusch and Mishra 2021, symplectic."""
    v = plus(times(p.u_h, s.h), of_input(p, "h", x))
    step = [p.dt * sigmoid(c) for c in p.u_c]
    z = each(lambda z, d, a, h: z - d * (tanh(a) + p.alpha * h), s.z, step, v, s.h)
    h = each(lambda h, d, z: h + d * z, s.h, step, z)
    return h, {"h": h, "z": z}


@cell(all_of("1 2 z h"), states="H h z", hyper={"dt": 0.8})
def lem(p, x, s):
    """Rusch et al. 2022: W_1 belongs to z, W_2 to the paper's y, which is h here."""
    d1 = scaled(p.dt, gate(p, "1", x, s.h))
    d2 = scaled(p.dt, gate(p, "2", x, s.h))
    z = mix(d1, each(tanh, affine(p, "z", x, s.h)), s.z)
    h = mix(d2, each(tanh, affine(p, "h", x, z)), s.h)
    return h, {"h": h, "z": z}


@cell(all_of("h") + "; 1 alpha beta")
def fastrnn(p, x, s):
    """Kusupati et al. 2018."""
    c = each(tanh, affine(p, "h", x, s.h))
    h = plus(scaled(sigmoid(p.alpha[0]), c), scaled(sigmoid(p.beta[0]), s.h))
    return h, {"h": h}


@cell(all_of("h", "WU") + "; H b_z b_c; 1 zeta nu")
def fastgrnn(p, x, s):
    """Kusupati et al. 2018."""
    v = both(p, "h", x, s.h)
    z = each(sigmoid, plus(v, p.b_z))
    c = each(tanh, plus(v, p.b_c))
    zeta, nu = sigmoid(p.zeta[0]), sigmoid(p.nu[0])
    h = each(lambda z, c, old: (zeta * (1.0 - z) + nu) * c + z * old, z, c, s.h)
    return h, {"h": h}


@cell("HxI W_i W_g; H b_i b_o b_g; HxH W_o")
def shuffling_rnn(p, x, s):
    """Rotman and Wolf 2020."""
    hidden = each(relu, of_input(p, "i", x))
    d = times(plus(mul(p.W_o, hidden), p.b_o), each(sigmoid, of_input(p, "g", x)))
    h = each(relu, plus(s.h[-1:] + s.h[:-1], d))
    return h, {"h": h}


@cell("HxI W_h; HxH U_h; H b_h")
def exprnn(p, x, s):
    """Lezcano-Casado and Martinez-Rubio 2019."""
    h = each(modrelu, plus(mul(p.W_h, x), mul(expm(lower_skew(p.U_h)), s.h)), p.b_h)
    return h, {"h": h}


def lower_skew(U):
    """The antisymmetric matrix with the entries of U below the diagonal."""
    lower = entries(lambda i, j: U[i][j] if i > j else 0.0, len(U))
    return entries(lambda i, j: lower[i][j] - lower[j][i], len(U))


@cell("HxI W_h; HxH U_h; H b_h", hyper={"negative_share": 0.5})
def scornn(p, x, s):
    """Helfrich et al. 2018: inverse(I + A) (I - A) D."""
    n = len(s.h)
    A, one = lower_skew(p.U_h), identity(n)
    D = [-1.0 if i < p.negative_share * n else 1.0 for i in range(n)]
    rotated = mul(entries(lambda i, j: one[i][j] - A[i][j], n), times(D, s.h))
    rotated = mul(inverse(entries(lambda i, j: one[i][j] + A[i][j], n)), rotated)
    h = each(modrelu, plus(mul(p.W_h, x), rotated), p.b_h)
    return h, {"h": h}


@cell(
    all_of("h"),
    states="H h; 1 n",
    hyper={"modules": 3},
    sizes={"H": 6},
    ranges={"n": (-1.0, 2.0, 1.0)},
)
def clockwork_rnn(p, x, s):
    """Koutnik et al. 2014: n is the number of the step, module i has the period 2^i."""
    n = s.n[0] + 1.0
    size = len(s.h) // 3
    h = []
    for i in range(len(s.h)):
        module = i // size
        v = dot(p.W_h[i], x) + p.b_h[i]
        for j in range(module * size, len(s.h)):  # of this module and the slower ones
            v += p.U_h[i][j] * s.h[j]
        h.append(tanh(v) if n % 2**module == 0 else s.h[i])
    return h, {"h": h, "n": [n]}


@cell(all_of("h", "WU") + "; H alpha beta1 beta2 b_z b_r")
def delta_rnn(p, x, s):
    """Ororbia et al. 2017."""
    d1, d2 = mul(p.U_h, s.h), mul(p.W_h, x)
    z = each(tanh, plus(times(p.alpha, d1, d2), times(p.beta1, d1), times(p.beta2, d2), p.b_z))
    r = each(sigmoid, plus(d2, p.b_r))
    h = each(tanh, mix(r, s.h, z))
    return h, {"h": h}


DECAYS = (0.0, 0.25, 0.5, 0.9, 0.99)


@cell(
    "HxM U_r U_o; H b_r b_f b_o; HxH U_f; HxI W_f",
    states="H m1 m2 m3 m4 m5",
    sizes={"M": 20},
)
def statistical_ru(p, x, s):
    """Oliva et al. 2017."""
    old = [s[f"m{k + 1}"] for k in range(5)]
    r = each(relu, plus(mul(p.U_r, joined(old)), p.b_r))
    f = each(relu, affine(p, "f", x, r))
    new = [mix([a] * len(f), m, f) for a, m in zip(DECAYS, old)]
    o = each(relu, plus(mul(p.U_o, joined(new)), p.b_o))
    return o, {f"m{k + 1}": m for k, m in enumerate(new)}


POSITIVE = (0.3, 2.0)


@cell(all_of("h") + "; H tau", inputs="1 delta", ranges={"delta": POSITIVE, "tau": (1.0, 3.0)})
def ctrnn(p, x, s, delta):
    """Funahashi and Nakamura 1993, Euler."""
    v = affine(p, "h", x, s.h)
    h = each(lambda h, a, tau: h + delta[0] * (tanh(a) - h) / tau, s.h, v, p.tau)
    return h, {"h": h}


@cell(
    "HxH W_h sigma_h mu_h E_h; HxI W_x sigma_x mu_x E_x; H g_leak v_leak c_m",
    inputs="1 delta",
    hyper={"unfolds": 6, "epsilon": 1e-8},
    ranges={"delta": POSITIVE},
)
def ltc(p, x, s, delta):
    """Hasani et al. 2021: the fused solver."""

    def synapses(kind, i, sources):
        """Sums of conductance times potential, and of conductance, into neuron i."""
        W, sigma, mu, E = (p[name + kind][i] for name in ("W_", "sigma_", "mu_", "E_"))
        g = [
            softplus(W[j]) * sigmoid(sigma[j] * (v - mu[j])) for j, v in enumerate(sources)
        ]
        return dot(g, E), sum(g)

    v = s.h
    for _ in range(p.unfolds):
        new = []
        for i in range(len(v)):
            capacity = softplus(p.c_m[i]) / (delta[0] / p.unfolds)
            leak = softplus(p.g_leak[i])
            (above_x, below_x), (above_h, below_h) = synapses("x", i, x), synapses("h", i, v)
            above = capacity * v[i] + leak * p.v_leak[i] + above_h + above_x
            new.append(above / (capacity + leak + below_h + below_x + p.epsilon))
        v = new
    return v, {"h": v}


CFC = "HxI W_b; HxH U_b; H b_b"


def backbone(p, x, h):
    return [1.7159 * tanh(0.666 * v) for v in affine(p, "b", x, h)]


def time_gate(p, y, delta):
    a, b = of_input(p, "p", y), of_input(p, "q", y)
    return each(lambda a, b: sigmoid(a * delta[0] + b), a, b)


def cfc(p, x, s, delta):
    """Hasani et al. 2022."""
    y = backbone(p, x, s.h)
    f1, f2 = each(tanh, of_input(p, "1", y)), each(tanh, of_input(p, "2", y))
    h = mix(time_gate(p, y, delta), f2, f1)
    return h, {"h": h}


def cfc_no_gate(p, x, s, delta):
    y = backbone(p, x, s.h)
    f1, f2 = each(tanh, of_input(p, "1", y)), each(tanh, of_input(p, "2", y))
    h = plus(f1, times(time_gate(p, y, delta), f2))
    return h, {"h": h}


def cfc_pure(p, x, s, delta):
    f = of_input(p, "1", backbone(p, x, s.h))
    h = each(
        lambda f, w, A: A - A * exp(-delta[0] * (abs(w) + abs(f))) * f, f, p.w_tau, p.A
    )
    return h, {"h": h}


HEADS = CFC + "; HxH W_1 W_2 W_p W_q; H b_1 b_2 b_p b_q"
add("cfc", cfc, HEADS, inputs="1 delta", ranges={"delta": POSITIVE})
add("cfc_no_gate", cfc_no_gate, HEADS, inputs="1 delta", ranges={"delta": POSITIVE})
add(
    "cfc_pure",
    cfc_pure,
    CFC + "; HxH W_1; H b_1 w_tau A",
    inputs="1 delta",
    ranges={"delta": POSITIVE},
)
