"""The cells of tests/cell/second_edition, from memory of their papers."""

from .arithmetic import *
from .gated import gru
from .lstms import LSTM, inside, lstm_step, update

BOTH = "H h c"


def minus(a, b):
    return plus(a, scaled(-1.0, b))


def normal_layer(p, k, v):
    """Mean and deviation, which is a softplus, from a layer's output."""
    mean, deviation = (plus(mul(p[f"{a.upper()}_{k}"], v), p[f"{a}_{k}"]) for a in "ms")
    return mean, each(softplus, deviation)


@cell(
    inside("f", LSTM.replace("HxI", "HxJ")) + "; 1xH w_p; 1 b_p",
    states=BOTH + "; 1 ponder",
    hyper={"steps": 4, "tau": 0.3, "epsilon": 0.05},
    sizes={"J": 4},
    ranges={"w_p": (-10.0, 10.0)},  # one to four updates
)
def act_lstm(p, x, s):
    """Graves 2016: N is the first update at which the sum of the h reaches 1 - epsilon."""
    h, c, halts, updates = s.h, s.c, [], []
    for n in range(p.steps):
        h, c = lstm_step(p.inside("f"), x + [1.0 if n == 0 else 0.0], h, c)
        updates.append((h, c))
        halts.append(sigmoid(dot(p.w_p[0], h) + p.b_p[0]))
        if sum(halts) >= 1.0 - p.epsilon:
            break
    remainder = 1.0 - sum(halts[:-1])
    weights = halts[:-1] + [remainder]
    h, c = (plus(*(scaled(w, u[k]) for w, u in zip(weights, updates))) for k in (0, 1))
    return h, {"h": h, "c": c, "ponder": [s.ponder[0] + len(weights) + remainder]}


@cell(
    "HxI W_x; HxL W_z; HxH W_p; HxD W_q W_d; H b_x b_z b_p b_q b_d; LxH M_p M_q S_p S_q; "
    "IxH M_d S_d; L m_p m_q s_p s_q; I m_d s_d; "
    + inside("f", all_of("z r c").replace("HxI", "HxD")),
    states="H h; 1 kl nll",
    inputs="L eps",
    hyper={"latent": 2},
    sizes={"L": 2, "D": 8},
    ranges={  # no deviation near zero, and few kinks near by
        **{n: (-0.5, 1.5) for n in ("b_x", "b_z", "b_p", "b_q", "b_d")},
        **{n: (-0.3, 0.3) for n in ("S_p", "S_q", "S_d", "M_p", "M_q", "M_d")},
        **{n: (0.5, 1.5) for n in ("s_p", "s_q", "s_d")},
    },
)
def vrnn(p, x, s, eps):
    """Chung et al. 2015: D_KL(q(z | x, h) || p(z | h)) and -log p(x | z, h) + log(2 pi) / 2."""

    def network(k, v):
        return each(relu, plus(mul(p["W_" + k], v), p["b_" + k]))

    of_x = network("x", x)
    prior_mean, prior_dev = normal_layer(p, "p", network("p", s.h))
    mean, dev = normal_layer(p, "q", network("q", of_x + s.h))
    of_z = network("z", each(lambda m, d, e: m + d * e, mean, dev, eps))
    x_mean, x_dev = normal_layer(p, "d", network("d", of_z + s.h))
    kl = nll = 0.0
    for m, d, prior_m, prior_d in zip(mean, dev, prior_mean, prior_dev):
        kl += log(prior_d) - log(d) + (d**2 + (m - prior_m) ** 2) / (2.0 * prior_d**2) - 0.5
    for v, m, d in zip(x, x_mean, x_dev):
        nll += log(d) + (v - m) ** 2 / (2.0 * d**2)
    h = gru(p.inside("f"), of_x + of_z, s.h, False)
    return h, {"h": h, "kl": [s.kl[0] + kl], "nll": [s.nll[0] + nll]}


@cell(
    all_of("z r c") + "; KxH E",
    states="H h; 1 codebook commitment",
    hyper={"codes": 5},
    sizes={"K": 5},
)
def vq_rnn(p, x, s):
    """van den Oord et al. 2017, equations 1 to 3, in a GRU; held() is their sg[]."""
    z, r = gate(p, "z", x, s.h), gate(p, "r", x, s.h)
    encoded = each(tanh, affine(p, "c", x, times(r, s.h)))

    def distance(a, b):
        return dot(minus(a, b), minus(a, b))

    code = min(p.E, key=lambda e: distance(e, encoded))
    codebook = distance(held(encoded), code)
    commitment = distance(encoded, held(code))
    passed = plus(encoded, held(minus(code, encoded)))  # the code, the encoder's gradient
    h = mix(z, passed, s.h)
    new = {"codebook": [s.codebook[0] + codebook], "commitment": [s.commitment[0] + commitment]}
    return h, {"h": h, **new}


@cell(
    LSTM,
    BOTH,
    inputs="H u_i u_f",
    hyper={"tau": 0.7},
    ranges={"u_i": (0.05, 0.95), "u_f": (0.05, 0.95)},
)
def gumbel_lstm(p, x, s, u_i, u_f):
    """Li et al. 2018: sigmoid((v + log u - log(1 - u)) / tau) for the input and forget gates."""

    def binary(k, noise):
        v = affine(p, k, x, s.h)
        return each(lambda v, u: sigmoid((v + log(u / (1.0 - u))) / p.tau), v, noise)

    g, o = each(tanh, affine(p, "g", x, s.h)), gate(p, "o", x, s.h)
    c = update(binary("f", u_f), s.c, binary("i", u_i), g)
    h = times(o, each(tanh, c))
    return h, {"h": h, "c": c}


@cell(
    "H u_nu u_theta u_gamma; HxI B.re B.im; IxH C.re C.im; I D",
    states="H h.re h.im",
    hyper={"r_min": 0.5},
)
def lru_complex(p, x, s):
    """Orvieto et al. 2023, in the real form: each number is a turn and a length."""
    re, im = [], []
    for j in range(len(s["h.re"])):
        size, angle = exp(-exp(p.u_nu[j])), exp(p.u_theta[j])
        a, b = size * math.cos(angle), size * math.sin(angle)
        old_re, old_im = s["h.re"][j], s["h.im"][j]
        gamma = sqrt(1.0 - size**2) * exp(p.u_gamma[j])
        re.append(a * old_re - b * old_im + gamma * dot(p["B.re"][j], x))
        im.append(a * old_im + b * old_re + gamma * dot(p["B.im"][j], x))
    y = minus(mul(p["C.re"], re), mul(p["C.im"], im))
    return plus(y, times(p.D, x)), {"h.re": re, "h.im": im}


@cell(
    "HxH A; IxH C; H q; I r",
    states="H m; HxH P",
    ranges={"P": (-0.1, 0.1), "q": (-1.0, 0.5), "r": (-0.5, 1.0)},
)
def kalman(p, x, s):
    """Kalman 1960; the gain is (S^-1 C P)^T, which is P C^T S^-1 as P is symmetric.

    The new P is that of Bucy and Joseph 1968.
    """
    H, I = len(p.q), len(p.r)
    P = product(product(p.A, s.P), transposed(p.A))
    P = entries(lambda i, j: P[i][j] + (exp(p.q[i]) if i == j else 0.0), H)
    S = product(product(p.C, P), transposed(p.C))
    S = entries(lambda i, j: S[i][j] + (exp(p.r[i]) if i == j else 0.0), I)
    gain = transposed(product(inverse(S), product(p.C, P)))
    m = mul(p.A, s.m)
    m = plus(m, mul(gain, minus(x, mul(p.C, m))))
    kept = each(minus, identity(H), product(gain, p.C))
    noise = product([times(row, each(exp, p.r)) for row in gain], transposed(gain))
    P = each(plus, product(product(kept, P), transposed(kept)), noise)
    return m, {"m": m, "P": P}


@cell(
    "MxKxW W_q; KxI W_key; HxI W_val; MxWxH W_z W_r W_c; MxWxW U_z U_r U_c C_v; "
    "MxW b_z b_r b_c; MxKxW C_q C_k",
    states="MxW h",
    hyper={"modules": 4, "active": 2, "keys": 3},
    sizes={"H": 8, "M": 4, "W": 2, "K": 3},
)
def rim(p, x, s):
    """Goyal et al. 2019: the modules that attend least to the zero input are active."""
    root = sqrt(p["keys"])
    rows = [x, [0.0] * len(x)]
    keys, values = ([mul(p[n], row) for row in rows] for n in ("W_key", "W_val"))

    def module_of(j):
        """The parameters of a module's GRU."""
        return Names({n: p[n][j] for n in (f"{k}_{g}" for k in "WUb" for g in "zrc")})

    attention = [
        softmax([dot(mul(p.W_q[j], h), key) / root for key in keys]) for j, h in enumerate(s.h)
    ]
    active = sorted(range(p.modules), key=lambda j: attention[j][1])[: p.active]
    states = list(s.h)
    for j in active:
        read = plus(*map(scaled, attention[j], values))
        states[j] = gru(module_of(j), read, s.h[j], False)
    asked, named, said = (
        [mul(p[n][j], v) for j, v in enumerate(states)] for n in ("C_q", "C_k", "C_v")
    )
    new = list(states)
    for j in active:
        weights = softmax([dot(asked[j], key) / root for key in named])
        new[j] = plus(states[j], *map(scaled, weights, said))
    return joined(new), {"h": new}


@cell(
    LSTM,
    BOTH,
    inputs="H d_c d_h",
    hyper={"z_c": 0.5, "z_h": 0.25},
    ranges={"d_c": (0.0, 1.0, 1.0), "d_h": (0.0, 1.0, 1.0)},
)
def zoneout_lstm(p, x, s, d_c, d_h):
    """Krueger et al. 2016: where a mask is 1 the old value stays."""
    h, c = lstm_step(p, x, s.h, s.c)
    h, c = mix(d_h, s.h, h), mix(d_c, s.c, c)
    return h, {"h": h, "c": c}
