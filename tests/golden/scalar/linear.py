"""Cells whose state goes through no matrix, state space models, and memories that are matrices."""

from .arithmetic import *

TWO_HEADS = {"H": 6, "D": 3, "G": 2}


def sru_form(activation, peephole=True):
    """Lei et al. 2018; x has a matrix where it is not as wide as the state."""

    def step(p, x, s):
        f, r = of_input(p, "f", x), of_input(p, "r", x)
        if peephole:
            f, r = plus(f, times(p.v_f, s.c)), plus(r, times(p.v_r, s.c))
        c = mix(each(sigmoid, f), s.c, mul(p.W_c, x))
        h = mix(each(sigmoid, r), each(activation, c), mul(p.W_x, x) if "W_x" in p else x)
        return h, {"c": c}

    return step


def same(v):
    return v


SRU = "HxI W_f W_r W_c W_x; H b_f b_r"
add("sru", sru_form(same), SRU + "; H v_f v_r", "H c")
add("sru_tanh", sru_form(tanh), SRU.replace(" W_x", "") + "; H v_f v_r", "H c", sizes={"I": 4})
add("sru_v1", sru_form(tanh, False), SRU, "H c")


def quasi(pool):
    """Bradbury et al. 2017, window 2: V reads the input of the step before."""

    def step(p, x, s):
        def pre(k):
            return plus(of_input(p, k, x), mul(p["V_" + k], s.x))

        c, h = pool(pre, each(tanh, pre("z")), s.c)
        return h, {"c": c, "x": x}

    return step


def pool_f(pre, z, c):
    c = mix(each(sigmoid, pre("f")), c, z)
    return c, c


def pool_fo(pre, z, c):
    c = mix(each(sigmoid, pre("f")), c, z)
    return c, times(each(sigmoid, pre("o")), c)


def pool_ifo(pre, z, c):
    c = plus(times(each(sigmoid, pre("f")), c), times(each(sigmoid, pre("i")), z))
    return c, times(each(sigmoid, pre("o")), c)


add("qrnn", quasi(pool_fo), all_of("z f o", "WVb"), "H c; I x")
add("qrnn_f", quasi(pool_f), all_of("z f", "WVb"), "H c; I x")
add("qrnn_ifo", quasi(pool_ifo), all_of("z f o i", "WVb"), "H c; I x")


def positive(v):
    """The map g of the log-space form."""
    return v + 0.5 if v >= 0 else sigmoid(v)


def min_gru_form(activation):
    """Feng et al. 2024."""

    def step(p, x, s):
        c = each(activation, of_input(p, "c", x))
        h = mix(each(sigmoid, of_input(p, "z", x)), c, s.h)
        return h, {"h": h}

    return step


def min_lstm_form(activation):
    """Feng et al. 2024."""

    def step(p, x, s):
        f, i = each(sigmoid, of_input(p, "f", x)), each(sigmoid, of_input(p, "i", x))
        c = each(activation, of_input(p, "c", x))
        h = each(lambda f, i, old, c: (f * old + i * c) / (f + i), f, i, s.h, c)
        return h, {"h": h}

    return step


add("min_gru", min_gru_form(same), all_of("z c", "Wb"))
add("min_gru_positive", min_gru_form(positive), all_of("z c", "Wb"))
add("min_lstm", min_lstm_form(same), all_of("f i c", "Wb"))
add("min_lstm_positive", min_lstm_form(positive), all_of("f i c", "Wb"))


@cell(all_of("f c", "Wb"), hyper={"lower": 0.2})
def hgrn(p, x, s):
    """Qin et al. 2023, real."""
    f = [p.lower + (1.0 - p.lower) * sigmoid(v) for v in of_input(p, "f", x)]
    h = mix(f, s.h, each(silu, of_input(p, "c", x)))
    return h, {"h": h}


@cell(
    "HxI W_x; GxDxD U_r U_i; H b_r b_i u_a",
    states="H h; 1 begun",
    hyper={"heads": 2},
    sizes=TWO_HEADS,
    ranges={"u_a": (-4.0, 0.0), "begun": (0.0, 1.0, 1.0)},
)
def rg_lru(p, x, s):
    """De et al. 2024: log a = -8 r softplus(u_a); the first step takes the input unscaled."""
    u = mul(p.W_x, x)
    r = each(sigmoid, plus(blocks(p.U_r, u), p.b_r))
    i = each(sigmoid, plus(blocks(p.U_i, u), p.b_i))
    a = each(lambda r, v: exp(-8.0 * r * softplus(v)), r, p.u_a)
    scale = [sqrt(1.0 - v * v) if s.begun[0] else 1.0 for v in a]
    h = plus(times(a, s.h), times(scale, i, u))
    return h, {"h": h, "begun": [1.0]}


@cell(
    "HxI W_i W_f W_z W_o; GxDxD U_i U_f U_z U_o; H b_i b_f b_z b_o",
    states="H h c n m",
    hyper={"heads": 2},
    sizes=TWO_HEADS,
    ranges={"n": (0.5, 1.5)},
)
def slstm(p, x, s):
    """Beck et al. 2024, sigmoid forget gate."""
    i, f, z, o = (
        plus(of_input(p, k, x), blocks(p["U_" + k], s.h)) for k in ("i", "f", "z", "o")
    )
    f = plus(each(logsigmoid, f), s.m)
    m = each(max, f, i)
    i, f = each(lambda i, m: exp(i - m), i, m), each(lambda f, m: exp(f - m), f, m)
    c = plus(times(f, s.c), times(i, each(tanh, z)))
    n = plus(times(f, s.n), i)
    h = each(lambda o, c, n: sigmoid(o) * c / n, o, c, n)
    return h, {"h": h, "c": c, "n": n, "m": m}


def into(matrix, decay, value, key):
    """matrix decay + value key^T; the decay is along the keys."""
    return entries(
        lambda a, b: matrix[a][b] * decay[b] + value[a] * key[b], len(value), len(key)
    )


def by_heads(p, x, *names):
    """W x of each name, cut into two heads."""
    return zip(*(heads_of(mul(p["W_" + k], x), 2) for k in names))


@cell(
    "HxI W_q W_k W_v W_o; H b_o; GxI W_i W_f; G b_i b_f",
    states="GxDxD C; GxD n; G m",
    hyper={"heads": 2},
    sizes=TWO_HEADS,
)
def mlstm(p, x, s):
    """Beck et al. 2024: C = f C + i v k^T; the 1e-6 is of the authors' code."""
    C, n, m, out = [], [], [], []
    i, f = of_input(p, "i", x), of_input(p, "f", x)
    for a, (q, k, v) in enumerate(by_heads(p, x, "q", "k", "v")):
        k = scaled(1.0 / sqrt(len(k)), k)
        kept = logsigmoid(f[a]) + s.m[a]
        m.append(max(kept, i[a]))
        f_a, i_a = exp(kept - m[a]), exp(i[a] - m[a])
        C.append(into(s.C[a], [f_a] * len(k), scaled(i_a, v), k))
        n.append(plus(scaled(f_a, s.n[a]), scaled(i_a, k)))
        below = max(abs(dot(n[a], q)), exp(-m[a])) + 1e-6
        out += scaled(1.0 / below, mul(C[a], q))
    h = times(each(sigmoid, of_input(p, "o", x)), out)
    return h, {"C": C, "n": n, "m": m}


def read(memory, query):
    """S q; S holds values by keys, as the paper of DeltaNet has it."""
    return mul(memory, query)


MEMORY = {"states": "GxDxD S", "hyper": {"heads": 2}, "sizes": {**TWO_HEADS, "R": 2}}


@cell(
    "HxI W_q W_k W_v",
    **{**MEMORY, "states": "GxDxD S; GxD n"},
    ranges={"n": (0.5, 1.5)},
)
def linear_attention(p, x, s):
    """Katharopoulos et al. 2020; the 1e-6 is of the authors' code."""
    S, n, h = [], [], []
    for a, (q, k, v) in enumerate(by_heads(p, x, "q", "k", "v")):
        q, k = ([exp(e) if e < 0 else e + 1.0 for e in w] for w in (q, k))
        S.append(into(s.S[a], [1.0] * 3, v, k))
        n.append(plus(s.n[a], k))
        h += scaled(1.0 / (dot(q, n[a]) + 1e-6), read(S[a], q))
    return h, {"S": S, "n": n}


@cell("HxI W_q W_k W_v", **MEMORY)
def retnet(p, x, s):
    """Sun et al. 2023: head a decays by 1 - 2^(-5 - a); k is scaled as in the authors' code."""
    S, h = [], []
    for a, (q, k, v) in enumerate(by_heads(p, x, "q", "k", "v")):
        S.append(into(s.S[a], [1.0 - 2.0 ** (-5 - a)] * 3, v, scaled(1.0 / sqrt(3), k)))
        h += read(S[a], q)
    return h, {"S": S}


@cell(
    "HxI W_q W_k W_v; RxI W_r; HxR W_g; H b_g",
    **{**MEMORY, "hyper": {"heads": 2, "rank": 2}},
)
def gla(p, x, s):
    """Yang et al. 2024: the gate has rank R and is a sigmoid to the power 1 / 16."""
    S, h = [], []
    decay = [sigmoid(v) ** (1 / 16) for v in plus(mul(p.W_g, mul(p.W_r, x)), p.b_g)]
    for a, (q, k, v) in enumerate(by_heads(p, x, "q", "k", "v")):
        S.append(into(s.S[a], heads_of(decay, 2)[a], v, k))
        h += scaled(1.0 / sqrt(3), read(S[a], q))
    return h, {"S": S}


def delta_rule(decay):
    """Yang et al. 2024: S = S + beta (v - S k) k^T, S decayed first."""

    def unit(v):
        return scaled(1.0 / sqrt(dot(v, v) + 1e-6), v)

    def step(p, x, s):
        S, h = [], []
        rates = each(sigmoid, mul(p.W_b, x))
        for a, (q, k, v) in enumerate(by_heads(p, x, "q", "k", "v")):
            q, k = unit(each(silu, q)), unit(each(silu, k))
            old = [scaled(decay(p, x)[a], row) for row in s.S[a]]
            error = plus(v, scaled(-1.0, read(old, k)))
            S.append(into(old, [1.0] * 3, error, scaled(rates[a], k)))
            h += read(S[a], q)
        return h, {"S": S}

    return step


def mamba2_decay(p, x):
    return each(lambda a, v: exp(-exp(a) * softplus(v)), p.log_a, of_input(p, "a", x))


DELTA = "HxI W_q W_k W_v; GxI W_b"
add("delta_net", delta_rule(lambda p, x: [1.0, 1.0]), DELTA, **MEMORY)
add("gated_delta_net", delta_rule(mamba2_decay), DELTA + "; GxI W_a; G b_a log_a", **MEMORY)


@cell(
    "HxI W_u W_z; RxH W_r; HxR W_d; H b_d; NxH W_b W_c; HxN log_a; H D",
    states="HxN S",
    hyper={"order": 3, "rank": 2},
    sizes={"N": 3, "R": 2},
)
def mamba(p, x, s):
    """Gu and Dao 2023: A = -exp(log_a) (1, 2, .., order)."""
    u = each(silu, mul(p.W_u, x))
    step = each(softplus, plus(mul(p.W_d, mul(p.W_r, u)), p.b_d))
    B, C = mul(p.W_b, u), mul(p.W_c, u)
    S = entries(
        lambda j, n: exp(-step[j] * exp(p.log_a[j][n]) * (n + 1)) * s.S[j][n]
        + step[j] * u[j] * B[n],
        len(u),
        3,
    )
    y = plus(mul(S, C), times(p.D, u))
    return times(y, each(silu, mul(p.W_z, x))), {"S": S}


@cell(
    "1xI e_x; 1xH e_h; 1xQ e_m; HxI W_h; HxH U_h; HxQ V_h",
    states="H h; Q m",
    hyper={"order": 4, "theta": 6.0},
    sizes={"Q": 4},
)
def lmu(p, x, s):
    """Voelker et al. 2019, zero-order hold."""
    n = len(s.m)

    def entry(i, j):
        if i == n:
            return 0.0
        if j == n:
            return (2 * i + 1) * (-1.0) ** i / p.theta
        return (2 * i + 1) * (-1.0 if i < j else (-1.0) ** (i - j + 1)) / p.theta

    held = expm(entries(entry, n + 1))  # [A B; 0 1]
    u = dot(p.e_x[0], x) + dot(p.e_h[0], s.h) + dot(p.e_m[0], s.m)
    m = mul(held, s.m + [u])[:n]
    h = each(tanh, plus(both(p, "h", x, s.h), mul(p.V_h, m)))
    return h, {"h": h, "m": m}


@cell(
    "I mu_r mu_k mu_v; HxI W_r W_k W_v; H u_w u_k; HxH W_o",
    states="H a b m; I x",
    ranges={"b": (0.5, 1.5)},
)
def rwkv4(p, x, s):
    """Peng et al. 2023, time mixing; a and b are relative to exp(m)."""
    r, k, v = (mul(p["W_" + n], mix(p["mu_" + n], x, s.x)) for n in "rkv")
    out, a, b, m = [], [], [], []
    for j in range(len(r)):
        now = exp(p.u_k[j] + k[j] - s.m[j])
        out.append(sigmoid(r[j]) * (s.a[j] + now * v[j]) / (s.b[j] + now))
        kept = s.m[j] - exp(p.u_w[j])
        m.append(max(kept, k[j]))
        a.append(exp(kept - m[j]) * s.a[j] + exp(k[j] - m[j]) * v[j])
        b.append(exp(kept - m[j]) * s.b[j] + exp(k[j] - m[j]))
    return mul(p.W_o, out), {"a": a, "b": b, "m": m, "x": x}


@cell(
    "HxI W_u W_g W_a; HxH U_g U_a; H b_u b_g s_0",
    states="H h n d m",
    ranges={"d": (0.5, 1.5)},
)
def rwa(p, x, s):
    """Ostmeyer and Cowell 2017; n and d are relative to exp(m)."""
    z = times(of_input(p, "u", x), each(tanh, affine(p, "g", x, s.h)))
    a = both(p, "a", x, s.h)
    m = each(max, s.m, a)
    old, new = each(lambda m, o: exp(o - m), m, s.m), each(lambda m, a: exp(a - m), m, a)
    n = plus(times(s.n, old), times(z, new))
    d = plus(times(s.d, old), new)
    h = each(lambda n, d: tanh(n / d), n, d)
    return h, {"h": h, "n": n, "d": d, "m": m}


@cell(
    "H u_nu u_theta u_gamma; HxI B_re B_im; IxH C_re C_im; I D",
    states="H h_re h_im",
)
def lru(p, x, s):
    """Orvieto et al. 2023: h = lambda h + gamma B x, y = Re(C h) + D x."""
    new = []
    for j in range(len(s.h_re)):
        size, angle = exp(-exp(p.u_nu[j])), exp(p.u_theta[j])
        factor = complex(size * math.cos(angle), size * math.sin(angle))
        gamma = sqrt(1.0 - size**2) * exp(p.u_gamma[j])
        entry = complex(dot(p.B_re[j], x), dot(p.B_im[j], x))
        new.append(factor * complex(s.h_re[j], s.h_im[j]) + gamma * entry)
    y = [
        sum((complex(a, b) * h).real for a, b, h in zip(re, im, new)) + d * v
        for re, im, d, v in zip(p.C_re, p.C_im, p.D, x)
    ]
    return y, {"h_re": [h.real for h in new], "h_im": [h.imag for h in new]}
