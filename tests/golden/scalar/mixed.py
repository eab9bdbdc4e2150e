"""Cells of complex numbers, of matrices as states, of delays and of memories beside the state."""

import cmath

from .arithmetic import *
from .lstms import LSTM, inside, lstm_step

HEADS = {"hyper": {"heads": 2}, "sizes": {"H": 6, "D": 3, "G": 2}}


def heads(more_hyper, **more_sizes):
    return {
        "hyper": {**HEADS["hyper"], **more_hyper},
        "sizes": {**HEADS["sizes"], **more_sizes},
    }


def merged(re, im):
    if isinstance(re, list):
        return [merged(a, b) for a, b in zip(re, im)]
    return complex(re, im)


def number(names, name):
    """The complex value whose parts are NAME.re and NAME.im."""
    return merged(names[name + ".re"], names[name + ".im"])


def part(value, name):
    if isinstance(value, list):
        return [part(v, name) for v in value]
    return getattr(complex(value), name)


def parts(**values):
    """NAME.re and NAME.im of complex states."""
    return {f"{n}.{p[:2]}": part(v, p) for n, v in values.items() for p in ("real", "imag")}


def pairs(shape, names):
    """The shapes of complex parameters."""
    return shape + "".join(f" {n}.re {n}.im" for n in names.split())


def rank_one(a, b):
    return [[u * v for v in b] for u in a]


def added(*matrices):
    return [plus(*rows) for rows in zip(*matrices)]


def times_number(number, matrix):
    return [scaled(number, row) for row in matrix]


def unit(v, epsilon=1e-6):
    return scaled(1.0 / sqrt(dot(v, v) + epsilon), v)


def silu_unit(v):
    return unit(each(silu, v))


# --- one state ---


@cell("HxHxI W")
def second_order_rnn(p, x, s):
    """Giles et al. 1992."""
    n = len(s.h)
    h = [
        sigmoid(sum(p.W[i][j][k] * s.h[j] * x[k] for j in range(n) for k in range(len(x))))
        for i in range(n)
    ]
    return h, {"h": h}


@cell("HxI W_p; HxH U_q; H b_p")
def atr(p, x, s):
    """Zhang et al. 2018: the sum and the difference of the two."""
    a, b = of_input(p, "p", x), mul(p.U_q, s.h)
    h = [sigmoid(u + v) * u + sigmoid(u - v) * old for u, v, old in zip(a, b, s.h)]
    return h, {"h": h}


@cell("HxI W_q W_k W_v")
def lrn(p, x, s):
    """Zhang and Sennrich 2019."""
    q, k, v = (mul(p["W_" + n], x) for n in "qkv")
    h = [
        tanh(sigmoid(k[j] + old) * v[j] + sigmoid(q[j] - old) * old) for j, old in enumerate(s.h)
    ]
    return h, {"h": h}


def complex_modrelu(z, b):
    return relu(abs(z) + b) * z / abs(z)


@cell(
    "; ".join([pairs("HxI", "W_z W_r W_c"), pairs("HxH", "U_z U_r U_c"), pairs("H", "b_z b_r b_c")])
    + "; H b_h",
    states="H h.re h.im",
    hyper={"alpha": 0.3},
)
def cgrnn(p, x, s):
    """Wolter and Yao 2018."""
    old = number(s, "h")

    def sums(k, h):
        return plus(mul(number(p, "W_" + k), x), mul(number(p, "U_" + k), h), number(p, "b_" + k))

    def gates(k):
        return [sigmoid(p.alpha * v.real + (1.0 - p.alpha) * v.imag) for v in sums(k, old)]

    c = each(complex_modrelu, sums("c", times(gates("r"), old)), p.b_h)
    h = mix(gates("z"), c, old)
    return part(h, "real") + part(h, "imag"), parts(h=h)


@cell("HxI W_i W_f W_g W_o; H u_i u_f u_g u_o b_i b_f b_g b_o", states="H h c")
def indy_lstm(p, x, s):
    """Gonnet and Deselaers 2019: the LSTM with vectors in place of U."""
    i, f, g, o = (plus(of_input(p, k, x), times(p["u_" + k], s.h)) for k in "ifgo")
    c = [sigmoid(f[j]) * s.c[j] + sigmoid(i[j]) * tanh(g[j]) for j in range(len(g))]
    h = [sigmoid(o[j]) * tanh(c[j]) for j in range(len(c))]
    return h, {"h": h, "c": c}


def quaternion_product(a, b):
    """Hamilton's rule: i i = j j = k k = i j k = -1."""
    r = a[0] * b[0] - a[1] * b[1] - a[2] * b[2] - a[3] * b[3]
    i = a[0] * b[1] + a[1] * b[0] + a[2] * b[3] - a[3] * b[2]
    j = a[0] * b[2] - a[1] * b[3] + a[2] * b[0] + a[3] * b[1]
    k = a[0] * b[3] + a[1] * b[2] - a[2] * b[1] + a[3] * b[0]
    return [r, i, j, k]


def quaternion_mul(Q, v):
    """Q has four matrices; v has its four parts one behind the other."""
    rows, columns = len(Q[0]), len(Q[0][0])
    result = [[0.0] * rows for _ in range(4)]
    for a in range(rows):
        for b in range(columns):
            weight = [Q[n][a][b] for n in range(4)]
            one = [v[n * columns + b] for n in range(4)]
            for n, value in enumerate(quaternion_product(weight, one)):
                result[n][a] += value
    return joined(result)


@cell(
    "4xMxN W_i W_f W_g W_o; 4xMxM U_i U_f U_g U_o; H b_i b_f b_g b_o",
    states="H h c",
    sizes={"H": 8, "I": 4, "4": 4, "M": 2, "N": 1},
)
def quaternion_lstm(p, x, s):
    """Parcollet et al. 2019."""
    i, f, g, o = (
        plus(quaternion_mul(p["W_" + k], x), quaternion_mul(p["U_" + k], s.h), p["b_" + k])
        for k in "ifgo"
    )
    c = plus(times(each(sigmoid, f), s.c), times(each(sigmoid, i), each(tanh, g)))
    h = times(each(sigmoid, o), each(tanh, c))
    return h, {"h": h, "c": c}


# --- linear recurrences ---


@cell(
    "HxI W_u; H b_u skip; Hx1 log_step; HxN log_re add_im; " + pairs("HxN", "P B C"),
    states="HxN s.re s.im",
    hyper={"order": 3},
    sizes={"H": 2, "N": 3},
)
def s4(p, x, s):
    """Gu et al. 2022, equation 3, the bilinear step, with full matrices.

    s = (I - A d/2)^-1 (I + A d/2) s + (I - A d/2)^-1 d B u, A = diag(a) - P P*.
    """
    old, P, B, C = number(s, "s"), number(p, "P"), number(p, "B"), number(p, "C")
    u = of_input(p, "u", x)
    new, y = [], []
    for j in range(len(u)):
        d = exp(p.log_step[j][0])
        a = [complex(-exp(p.log_re[j][n]), math.pi * n + p.add_im[j][n]) for n in range(3)]
        A = entries(lambda m, n: (a[m] if m == n else 0.0) - P[j][m] * P[j][n].conjugate(), 3)
        back = inverse(entries(lambda m, n: (m == n) - d / 2.0 * A[m][n], 3))
        ahead = entries(lambda m, n: (m == n) + d / 2.0 * A[m][n], 3)
        right = plus(mul(ahead, old[j]), scaled(d * u[j], B[j]))
        new.append(mul(back, right))
        y.append(2.0 * dot(C[j], new[j]).real + p.skip[j] * u[j])
    return y, parts(s=new)


@cell(
    "HxI W_u; H b_u; HxN u_alpha u_delta beta eta",
    states="HxN s",
    hyper={"order": 3},
    sizes={"N": 3},
)
def mega_ema(p, x, s):
    """Ma et al. 2023: s = alpha beta u + (1 - alpha delta) s, y = eta^T s."""
    u = of_input(p, "u", x)

    def entry(j, n):
        alpha, delta = sigmoid(p.u_alpha[j][n]), sigmoid(p.u_delta[j][n])
        return alpha * p.beta[j][n] * u[j] + (1.0 - alpha * delta) * s.s[j][n]

    new = entries(entry, len(u), 3)
    return each(dot, p.eta, new), {"s": new}


# --- matrices as states ---


def by_heads(v):
    return heads_of(v, 2)


@cell("HxI W_q W_f W_v", states="GxDxD S", **heads({"lower": 0.25}))
def hgrn2(p, x, s):
    """Qin et al. 2024: S = f S + (1 - f) v, keys along the columns."""
    f = [p.lower + (1.0 - p.lower) * sigmoid(v) for v in mul(p.W_f, x)]
    S, h = [], []
    for a, (q, f, v) in enumerate(
        zip(by_heads(each(silu, mul(p.W_q, x))), by_heads(f), by_heads(mul(p.W_v, x)))
    ):
        S.append(entries(lambda m, n: s.S[a][m][n] * f[n] + v[m] * (1.0 - f[n]), 3))
        h += mul(S[a], q)
    return h, {"S": S}


@cell(
    "HxI W_u W_z; RxH W_r; HxR W_b; H b_b D; NxH W_k W_q",
    states="HxN S",
    hyper={"order": 3, "rank": 2},
    sizes={"N": 3, "R": 2},
)
def longhorn(p, x, s):
    """Liu et al. 2024, with the diagonal of k k^T."""
    u = each(silu, mul(p.W_u, x))
    k, q = mul(p.W_k, u), mul(p.W_q, u)
    beta = each(sigmoid, plus(mul(p.W_b, mul(p.W_r, u)), p.b_b))
    rate = [b / (1.0 + b * dot(k, k)) for b in beta]
    S = entries(
        lambda j, n: (1.0 - rate[j] * k[n] * k[n]) * s.S[j][n] + rate[j] * u[j] * k[n], len(u), 3
    )
    y = plus(mul(S, q), times(p.D, u))
    return times(y, each(silu, mul(p.W_z, x))), {"S": S}


@cell(
    "HxI W_q W_k W_v; QxI W_a",
    states="GxNxD K V",
    **heads({"slots": 4}, N=4, Q=8),
)
def gsa(p, x, s):
    """Zhang et al. 2024: o = V^T softmax(K q)."""
    q, k, v = (by_heads(each(silu, mul(p["W_" + n], x))) for n in "qkv")
    alpha = by_heads([sigmoid(e) ** 0.125 for e in mul(p.W_a, x)])
    K, V, h = [], [], []
    for a in range(2):
        K.append([mix([g] * 3, old, k[a]) for g, old in zip(alpha[a], s.K[a])])
        V.append([mix([g] * 3, old, v[a]) for g, old in zip(alpha[a], s.V[a])])
        weights = softmax([dot(row, q[a]) / sqrt(3.0) for row in K[a]])
        h += [sum(w * row[j] for w, row in zip(weights, V[a])) for j in range(3)]
    return h, {"K": K, "V": V}


@cell(
    "HxI W_q W_k.1 W_k.2 W_v.1 W_v.2; GxI W_b.1 W_b.2",
    states="GxDxD S",
    **heads({"products": 2}),
)
def delta_product(p, x, s):
    """Siems et al. 2025: S = S (I - beta k k^T) + beta v k^T, twice."""
    S, h = [], []
    queries = by_heads(each(silu, mul(p.W_q, x)))
    for a in range(2):
        M = s.S[a]
        for n in ("1", "2"):
            k = unit(by_heads(each(silu, mul(p["W_k." + n], x)))[a])
            v = by_heads(mul(p["W_v." + n], x))[a]
            beta = 2.0 * sigmoid(mul(p["W_b." + n], x)[a])
            factor = entries(lambda i, j: (i == j) - beta * k[i] * k[j], 3)
            M = added(product(M, factor), rank_one(scaled(beta, v), k))
        S.append(M)
        h += mul(M, unit(queries[a]))
    return h, {"S": S}


@cell(
    "HxI W_q W_k W_v; 1xI W_e; 1 b_e; HxH M_0; H m_0 gain shift",
    states="HxH M; H m",
)
def ttt_linear(p, x, s):
    """Sun et al. 2024: the inner gradient by hand, of |k + norm(M k + m) - v|^2."""
    q, k, v = (mul(p["W_" + n], x) for n in "qkv")
    n = len(k)
    rate = sigmoid(of_input(p, "e", x)[0]) / n

    def model(M, m, key):
        return plus(key, times(p.gain, layer_norm(plus(mul(M, key), m))), p.shift)

    z = plus(mul(s.M, k), s.m)
    normed, middle = layer_norm(z), sum(z) / n
    spread = sqrt(sum((e - middle) ** 2 for e in z) / n + 1e-5)
    miss = plus(model(s.M, s.m, k), scaled(-1.0, v))
    back = scaled(2.0, times(miss, p.gain))  # by the normed values
    mean, along = sum(back) / n, dot(back, normed) / n
    by_z = [(e - mean - one * along) / spread for e, one in zip(back, normed)]
    M = added(s.M, times_number(-rate, rank_one(by_z, k)))
    m = plus(s.m, scaled(-rate, by_z))
    return model(M, m, q), {"M": M, "m": m}


@cell(
    "HxI W_q W_k W_v; 1xI W_s W_m W_d; 1 b_s b_m b_d; NxH first_1; "
    "HxN first_2",
    states="NxH M_1 S_1; HxN M_2 S_2",
    hyper={"width": 3, "rate": 0.5},
    sizes={"N": 3},
)
def titans(p, x, s):
    """Behrouz et al. 2024, a memory of two layers: the inner gradient by hand."""
    q, k = silu_unit(mul(p.W_q, x)), silu_unit(mul(p.W_k, x))
    v = each(silu, mul(p.W_v, x))
    rate, keep, forget = (sigmoid(of_input(p, n, x)[0]) for n in "smd")
    rate *= p.rate
    z = mul(s.M_1, k)
    a = each(silu, z)
    miss = scaled(2.0, plus(mul(s.M_2, a), scaled(-1.0, v)))
    by_2 = rank_one(miss, a)
    by_a = mul(transposed(s.M_2), miss)
    by_z = [g * (sigmoid(e) + e * sigmoid(e) * (1.0 - sigmoid(e))) for g, e in zip(by_a, z)]
    by_1 = rank_one(by_z, k)
    S_1 = added(times_number(keep, s.S_1), times_number(-rate, by_1))
    S_2 = added(times_number(keep, s.S_2), times_number(-rate, by_2))
    M_1 = added(times_number(1.0 - forget, s.M_1), S_1)
    M_2 = added(times_number(1.0 - forget, s.M_2), S_2)
    h = mul(M_2, each(silu, mul(M_1, q)))
    return h, {"M_1": M_1, "S_1": S_1, "M_2": M_2, "S_2": S_2}


@cell(
    "HxI W_q W_k W_v; GxI W_a W_b; G b_a b_b; GxD u_ridge",
    states="GxDxD G H",
    ranges={"H": (-0.1, 0.1)},
    **HEADS,
)
def mesa(p, x, s):
    """von Oswald et al. 2025: o = G (H + ridge)^-1 q."""
    G, H, h = [], [], []
    q, k, v = (by_heads(mul(p["W_" + n], x)) for n in "qkv")
    decay = each(sigmoid, of_input(p, "a", x))
    rate = each(sigmoid, of_input(p, "b", x))
    for a in range(2):
        key, query = silu_unit(k[a]), silu_unit(q[a])
        new = scaled(rate[a], key)
        G.append(added(times_number(decay[a], s.G[a]), rank_one(v[a], new)))
        H.append(added(times_number(decay[a], s.H[a]), rank_one(key, new)))
        ridge = [0.25 + softplus(e) for e in p.u_ridge[a]]
        system = entries(lambda i, j: H[a][i][j] + (ridge[i] if i == j else 0.0), 3)
        h += mul(G[a], mul(inverse(system), query))
    return h, {"G": G, "H": H}


@cell(
    all_of("h"),
    states="H h; HxH A",
    hyper={"rounds": 2, "keep": 0.9, "rate": 0.4},
)
def fast_weights(p, x, s):
    """Ba et al. 2016."""
    A = added(times_number(p.keep, s.A), times_number(p.rate, rank_one(s.h, s.h)))
    v = affine(p, "h", x, s.h)
    h = each(relu, v)
    for _ in range(2):
        h = each(relu, layer_norm(plus(v, mul(A, h))))
    return h, {"h": h, "A": A}


@cell(
    "I mu_r mu_k mu_v mu_g; HxI W_r W_k W_v W_g; H u_w u_k; HxH W_o",
    states="I x; GxDxD S",
    **HEADS,
)
def rwkv5(p, x, s):
    """Peng et al. 2024, Eagle: the decay is a parameter."""
    r, k, v, g = (mul(p["W_" + n], mix(p["mu_" + n], x, s.x)) for n in "rkvg")
    S, out = [], []
    for a, (r, k, v, bonus, w) in enumerate(zip(*map(by_heads, (r, k, v, p.u_k, p.u_w)))):
        now = rank_one(v, k)
        looked_at = entries(lambda i, j: s.S[a][i][j] + bonus[j] * now[i][j], 3)
        S.append(entries(lambda i, j: exp(-exp(w[j])) * s.S[a][i][j] + now[i][j], 3))
        out += layer_norm(mul(looked_at, r))
    return mul(p.W_o, times(each(silu, g), out)), {"x": x, "S": S}


@cell(
    "I mu_r mu_w mu_k mu_v mu_a mu_g; HxI W_r W_k W_v; RxI A_w A_a A_g; HxR B_w B_a B_g; "
    "H b_w b_a u_remove u_add; GxD u_bonus; HxH W_o",
    states="I x; GxDxD S",
    **heads({"rank": 2}, R=2),
)
def rwkv7(p, x, s):
    """Peng et al. 2025, Goose: S = S (diag(w) - k^T (a k)) + v^T k~."""

    def shifted(n):
        return mix(p["mu_" + n], x, s.x)

    r, k, v = (mul(p["W_" + n], shifted(n)) for n in "rkv")
    d = plus(p.b_w, mul(p.B_w, each(tanh, mul(p.A_w, shifted("w")))))
    w = [exp(-exp(-0.5) * sigmoid(e)) for e in d]
    a = each(sigmoid, plus(p.b_a, mul(p.B_a, mul(p.A_a, shifted("a")))))
    g = mul(p.B_g, each(sigmoid, mul(p.A_g, shifted("g"))))
    removed = times(k, p.u_remove)
    added_key = [key * (1.0 + (rate - 1.0) * u) for key, rate, u in zip(k, a, p.u_add)]
    S, out = [], []
    rows = zip(*map(by_heads, (r, v, w, a, removed, added_key)))
    for n, (r, v, w, a, gone, key) in enumerate(rows):
        gone = scaled(1.0 / sqrt(dot(gone, gone) + 1e-12), gone)
        change = entries(lambda i, j: (w[i] if i == j else 0.0) - gone[i] * a[j] * gone[j], 3)
        S.append(added(product(s.S[n], change), rank_one(v, key)))
        bonus = sum(r[j] * p.u_bonus[n][j] * key[j] for j in range(3))
        out += plus(layer_norm(mul(S[n], r)), scaled(bonus, v))
    return mul(p.W_o, times(g, out)), {"x": x, "S": S}


# --- orthogonal matrices ---


@cell(
    pairs("HxI", "W_h") + "; H theta_1 theta_2 theta_3 b_h; HxH P; " + pairs("H", "v_1 v_2 h_0"),
    states="H h.re h.im",
)
def urnn(p, x, s):
    """Arjovsky et al. 2016: D_3 R_2 F^-1 D_2 P R_1 F D_1."""
    n = len(p.b_h)

    def turned(k, v):
        return [cmath.exp(1j * angle) * e for angle, e in zip(p[f"theta_{k}"], v)]

    def fourier(v, sign):
        return [
            sum(cmath.exp(sign * 2j * math.pi * j * k / n) * v[k] for k in range(n)) / sqrt(n)
            for j in range(n)
        ]

    def reflected(k, v):
        u = number(p, f"v_{k}")
        along = sum(a.conjugate() * b for a, b in zip(u, v)) / sum(abs(a) ** 2 for a in u)
        return plus(v, scaled(-2.0 * along, u))

    v = fourier(turned(1, number(s, "h")), -1)
    v = mul(p.P, reflected(1, v))
    v = turned(3, reflected(2, fourier(turned(2, v), 1)))
    h = each(complex_modrelu, plus(mul(number(p, "W_h"), x), v), p.b_h)
    return part(h, "real") + part(h, "imag"), parts(h=h)


@cell("HxI W_h; H b_h u.1 u.2 u.3", hyper={"reflections": 3})
def householder_rnn(p, x, s):
    """Mhammedi et al. 2017."""
    h = s.h
    for k in (1, 2, 3):
        u = [0.0] * (k - 1) + p[f"u.{k}"][k - 1 :]
        h = plus(h, scaled(-2.0 * dot(u, h) / dot(u, u), u))
    h = [v if v > 0 else 0.1 * v for v in plus(of_input(p, "h", x), h)]
    return h, {"h": h}


# --- differential equations ---


@cell(
    "; ".join(all_of(k) for k in "zrc"),
    inputs="1 delta",
    hyper={"substeps": 3},
    ranges={"delta": (0.3, 2.0)},
)
def gru_ode(p, x, s, delta):
    """De Brouwer et al. 2019, Euler."""
    h = s.h
    for _ in range(3):
        z, r = gate(p, "z", x, h), gate(p, "r", x, h)
        c = each(tanh, affine(p, "c", x, times(r, h)))
        h = [old + delta[0] / 3.0 * (1.0 - g) * (new - old) for old, g, new in zip(h, z, c)]
    return h, {"h": h}


@cell(
    inside("base", LSTM) + "; HxH U_1 U_2; H b_1 b_2",
    states="H h c",
    inputs="1 delta",
    hyper={"substeps": 2},
    ranges={"delta": (0.3, 2.0)},
)
def ode_lstm(p, x, s, delta):
    """Lechner and Hasani 2020, Runge-Kutta."""

    def slope(v):
        return plus(mul(p.U_2, each(tanh, plus(mul(p.U_1, v), p.b_1))), p.b_2)

    h, c = lstm_step(p.inside("base"), x, s.h, s.c)
    step = delta[0] / 2.0
    for _ in range(2):
        a = slope(h)
        b = slope(plus(h, scaled(step / 2.0, a)))
        d = slope(plus(h, scaled(step / 2.0, b)))
        e = slope(plus(h, scaled(step, d)))
        h = plus(h, scaled(step / 6.0, plus(a, scaled(2.0, b), scaled(2.0, d), e)))
    return h, {"h": h, "c": c}


# --- delays ---


def past(s, name, k):
    """The state of k steps ago."""
    return s[name if k == 1 else f"{name}[t-{k - 1}]"]


def passed_on(s, name, most):
    """The states behind name, one step older."""
    return {f"{name}[t-{k}]": past(s, name, k) for k in range(1, most)}


def delayed(name, most):
    return "".join(f" {name}[t-{k}]" for k in range(1, most))


@cell(
    inside("base", "; ".join(all_of(k) for k in "zrc")),
    states="H h" + delayed("h", 3),
    hyper={"dilation": 3},
)
def dilated_gru(p, x, s):
    """Chang et al. 2017, a GRU whose reset is in front of the matrix."""
    old, p = past(s, "h", 3), p.inside("base")
    z, r = gate(p, "z", x, old), gate(p, "r", x, old)
    h = mix(z, each(tanh, affine(p, "c", x, times(r, old))), old)
    return h, {"h": h, **passed_on(s, "h", 3)}


@cell(
    "QxI W_a; QxH U_a; Q b_a; " + "; ".join(all_of(k) for k in "rh"),
    states="H h" + delayed("h", 4),
    hyper={"delays": 3},
    sizes={"Q": 3},
)
def mist_rnn(p, x, s):
    """DiPietro et al. 2017: states of 1, 2 and 4 steps ago."""
    a, r = softmax(affine(p, "a", x, s.h)), gate(p, "r", x, s.h)
    mixture = plus(*(scaled(a[k], past(s, "h", 2**k)) for k in range(3)))
    h = each(tanh, affine(p, "h", x, times(r, mixture)))
    return h, {"h": h, **passed_on(s, "h", 4)}


@cell(
    "HxI W_h; HxH U_h.1 U_h.2 U_h.3; H b_h",
    states="H h" + delayed("h", 3),
    hyper={"order": 3},
)
def hornn(p, x, s):
    """Soltani and Jiang 2016."""
    sums = plus(of_input(p, "h", x), *(mul(p[f"U_h.{k}"], past(s, "h", k)) for k in (1, 2, 3)))
    h = each(tanh, sums)
    return h, {"h": h, **passed_on(s, "h", 3)}


# --- memories beside the state ---


@cell(
    inside("controller", LSTM.replace("HxI", "HxY"))
    + "; VxH W_w W_r; V b_w b_r; NxH W_e W_a; N b_e b_a; HxH U_y; HxN V_y; H b_y; "
    "SxN M_0; S w_0 r_0; N read_0",
    states="SxN M; S w r; N read; H controller.h controller.c",
    hyper={"slots": 4, "width": 2},
    sizes={"S": 4, "N": 2, "V": 8, "Y": 5},
    ranges={"w": (0.05, 0.5), "r": (0.05, 0.5)},
)
def ntm(p, x, s):
    """Graves et al. 2014."""
    h, c = lstm_step(p.inside("controller"), x + s.read, s["controller.h"], s["controller.c"])

    def address(v, M, old):
        k, beta, g = v[:2], softplus(v[2]), sigmoid(v[3])
        shift, gamma = softmax(v[4:7]), 1.0 + softplus(v[7])

        def likeness(row):
            return dot(row, k) / (sqrt(dot(row, row) + 1e-12) * sqrt(dot(k, k) + 1e-12) + 1e-8)

        by_content = softmax([beta * likeness(row) for row in M])
        gated = [g * a + (1.0 - g) * b for a, b in zip(by_content, old)]
        moved = [
            sum(gated[(i - step) % 4] * shift[step + 1] for step in (-1, 0, 1)) for i in range(4)
        ]
        powers = [e**gamma for e in moved]
        return [e / (sum(powers) + 1e-16) for e in powers]

    def from_h(k, matrix="W_"):
        return plus(mul(p[matrix + k], h), p["b_" + k])

    w = address(from_h("w"), s.M, s.w)
    erase, add = each(sigmoid, from_h("e")), from_h("a")
    M = entries(lambda i, j: s.M[i][j] * (1.0 - w[i] * erase[j]) + w[i] * add[j], 4, 2)
    r = address(from_h("r"), M, s.r)
    read = mul(transposed(M), r)
    y = plus(mul(p.U_y, h), mul(p.V_y, read), p.b_y)
    return y, {"M": M, "w": w, "r": r, "read": read, "controller.h": h, "controller.c": c}


@cell(
    "HxI W_h; HxH U_h; HxQ P_h; CxH A; KxH D",
    states="H h; KxN S",
    hyper={"stacks": 2, "depth": 3, "top": 2},
    sizes={"Q": 4, "C": 6, "K": 2, "N": 3},
)
def stack_rnn(p, x, s):
    """Joulin and Mikolov 2015: push, pop and keep of each stack."""
    h = each(sigmoid, plus(both(p, "h", x, s.h), mul(p.P_h, joined(row[:2] for row in s.S))))
    actions, values, S = heads_of(mul(p.A, h), 2), each(sigmoid, mul(p.D, h)), []
    for logits, value, old in zip(actions, values, s.S):
        push, pop, keep = softmax(logits)
        around = [value, *old, -1.0]
        S.append(
            [push * around[i] + pop * around[i + 2] + keep * around[i + 1] for i in range(3)]
        )
    return h, {"h": h, "S": S}


@cell(
    LSTM + "; HxH V_h V_m; HxI V_x; H v",
    states="H h_mix h c" + delayed("h", 3) + delayed("c", 3),
    hyper={"window": 3},
)
def lstmn(p, x, s):
    """Cheng et al. 2016, the last three states."""
    steps = (1, 2, 3)
    scores = [
        dot(
            p.v,
            each(tanh, plus(mul(p.V_h, past(s, "h", k)), mul(p.V_x, x), mul(p.V_m, s.h_mix))),
        )
        for k in steps
    ]
    weights = softmax(scores)
    h_mix = plus(*(scaled(w, past(s, "h", k)) for w, k in zip(weights, steps)))
    c_mix = plus(*(scaled(w, past(s, "c", k)) for w, k in zip(weights, steps)))
    h, c = lstm_step(p, x, h_mix, c_mix)
    return h, {"h_mix": h_mix, "h": h, "c": c, **passed_on(s, "h", 3), **passed_on(s, "c", 3)}


@cell(
    "NxI W_i W_f W_o; NxH U_i U_f U_o; N b_i b_f b_o; HxI W_p W_q W_u; HxH U_p U_q U_u; "
    "H b_p b_q b_u; NxN P.1 P.2",
    states="N h.re h.im; KxN c.re c.im",
    hyper={"copies": 2},
    sizes={"H": 4, "N": 2, "K": 2},
)
def associative_lstm(p, x, s):
    """Danihelka et al. 2016."""
    old = s["h.re"] + s["h.im"]

    def bound(z):
        return z / max(1.0, abs(z))

    def bounded(k):
        v = affine(p, k, x, old)
        return [bound(complex(a, b)) for a, b in zip(v[:2], v[2:])]

    i, f, o = (gate(p, k, x, old) for k in "ifo")
    key, question, u = bounded("p"), bounded("q"), bounded("u")
    c, answers = [], []
    for k, memory in enumerate(number(s, "c")):
        P = p[f"P.{k + 1}"]
        new = plus(times(f, memory), times(mul(P, key), i, u))
        c.append(new)
        answers.append(times(mul(P, question), new))
    h = [gate * bound((a + b) / 2.0) for gate, a, b in zip(o, *answers)]
    return part(h, "real") + part(h, "imag"), parts(h=h, c=c)


@cell(
    "HxI W_g W_h; HxH U_g U_h; HxN V_g V_h; H b_g b_h; 1xH e; NxN A",
    states="H h; N m; 1 n",
    hyper={"order": 3},
    sizes={"N": 3},
    ranges={"n": (1.0, 3.0)},
)
def hippo_legs(p, x, s):
    """Gu et al. 2020: the bilinear step of A / t and B / t."""
    t = s.n[0] + 1.0

    def sums(k):
        return plus(affine(p, k, x, s.h), mul(p["V_" + k], s.m))

    h = mix(each(sigmoid, sums("g")), each(tanh, sums("h")), s.h)
    f = dot(p.e[0], h)
    back = inverse(entries(lambda i, j: (i == j) - p.A[i][j] / t / 2.0, 3))
    ahead = entries(lambda i, j: (i == j) + p.A[i][j] / t / 2.0, 3)
    B = [sqrt(2.0 * n + 1.0) for n in range(3)]
    m = mul(back, plus(mul(ahead, s.m), scaled(f / t, B)))
    return h, {"h": h, "m": m, "n": [t]}


# --- cells of several parts ---


@cell(
    "VxI W_1; VxH U_1 T_1; V b_1; YxH W_2 U_2; Y b_2; 1xC V_1 V_2; HxH E_1 E_2",
    states="H c_1 h_1 c_2 h_2; 1 z",
    hyper={"slope": 2},
    sizes={"H": 3, "V": 13, "Y": 12, "C": 6},
    ranges={"z": (0.0, 1.0, 1.0)},
    smooth=False,
)
def hm_lstm(p, x, s):
    """Chung et al. 2017: copy, update or flush."""

    def level(v, h, c, flush, below):
        f, i, o = (each(sigmoid, v[k : k + 3]) for k in (0, 3, 6))
        g = each(tanh, v[9:12])
        if flush:
            c = times(i, g)
        elif below:
            c = plus(times(f, c), times(i, g))
        else:
            return h, c
        return times(o, each(tanh, c)), c

    v = plus(mul(p.W_1, x), mul(p.U_1, s.h_1), p.b_1)
    if s.z[0] == 1.0:
        v = plus(v, mul(p.T_1, s.h_2))
    h_1, c_1 = level(v, s.h_1, s.c_1, s.z[0] == 1.0, True)
    z = 1.0 if max(0.0, min(1.0, (p.slope * v[12] + 1.0) / 2.0)) > 0.5 else 0.0
    v = plus(mul(p.U_2, s.h_2), p.b_2)
    if z:
        v = plus(v, mul(p.W_2, h_1))
    h_2, c_2 = level(v, s.h_2, s.c_2, False, z == 1.0)
    g = [sigmoid(mul(p[f"V_{k}"], h_1 + h_2)[0]) for k in (1, 2)]
    y = each(relu, plus(scaled(g[0], mul(p.E_1, h_1)), scaled(g[1], mul(p.E_2, h_2))))
    return y, {"c_1": c_1, "h_1": h_1, "c_2": c_2, "h_2": h_2, "z": [z]}


@cell(
    "HxN W_h; HxH U_h; H b_h; 1xH V_p; 1 b_p",
    states="H h; 1 ponder",
    hyper={"limit": 3, "epsilon": 0.1},
    sizes={"N": 4},
)
def act_rnn(p, x, s):
    """Graves 2016: the last round has what remains of 1."""
    states, numbers, h = [], [], s.h
    for n in range(3):
        h = each(tanh, affine(p, "h", x + [1.0 if n == 0 else 0.0], h))
        halt = sigmoid(of_input({"W_p": p.V_p, "b_p": p.b_p}, "p", h)[0])
        states.append(h)
        if sum(numbers) + halt >= 1.0 - p.epsilon or n == 2:
            break
        numbers.append(halt)
    remainder = 1.0 - sum(numbers)
    new = plus(*(scaled(a, v) for a, v in zip([*numbers, remainder], states)))
    return new, {"h": new, "ponder": [s.ponder[0] + len(states) + remainder]}


@cell(
    "3xCx1 W_i W_f W_g W_o; 3xCxC U_i U_f U_g U_o; CxI v_i v_f v_o; Cx1 b_i b_f b_g b_o",
    states="CxI h c",
    sizes={"H": 8, "I": 4, "3": 3, "C": 2},
)
def conv_lstm(p, x, s):
    """Shi et al. 2015, along one dimension: K[d] meets the place d - 1 further on."""

    def convolved(K, image):
        return entries(
            lambda a, j: sum(
                K[d][a][b] * image[b][j + d - 1]
                for d in range(3)
                for b in range(len(image))
                if 0 <= j + d - 1 < 4
            ),
            2,
            4,
        )

    def sums(k, j, i):
        return from_x[k][j][i] + from_h[k][j][i] + p["b_" + k][j][0]

    from_x = {k: convolved(p["W_" + k], [x]) for k in "ifgo"}
    from_h = {k: convolved(p["U_" + k], s.h) for k in "ifgo"}

    def gated(k, j, n, memory):
        return sigmoid(sums(k, j, n) + p["v_" + k][j][n] * memory[j][n])

    def new(j, n):
        added = gated("i", j, n, s.c) * tanh(sums("g", j, n))
        return gated("f", j, n, s.c) * s.c[j][n] + added

    c = entries(new, 2, 4)
    h = entries(lambda j, n: gated("o", j, n, c) * tanh(c[j][n]), 2, 4)
    return joined(h), {"h": h, "c": c}
