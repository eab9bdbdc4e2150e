"""The long short-term memory and its relatives."""

from .arithmetic import *

LSTM = all_of("i f g o")
BOTH = "H h c"


def inside(name, parameters):
    """The shapes with the prefix of a cell inside another."""
    return "; ".join(
        " ".join([part.split()[0]] + [f"{name}.{k}" for k in part.split()[1:]])
        for part in parameters.split(";")
    )


def gates(p, x, h):
    i, f, o = (gate(p, k, x, h) for k in "ifo")
    return i, f, each(tanh, affine(p, "g", x, h)), o


def update(f, c, i, g):
    """f c + i g."""
    return plus(times(f, c), times(i, g))


def lstm_step(p, x, h, c):
    """Gers et al. 2000."""
    i, f, g, o = gates(p, x, h)
    c = update(f, c, i, g)
    return times(o, each(tanh, c)), c


def lstm(p, x, s):
    h, c = lstm_step(p, x, s.h, s.c)
    return h, {"h": h, "c": c}


for _name in ("lstm", "lstm_gers", "lstm_chrono"):  # they differ in first values
    add(_name, lstm, LSTM, BOTH, hyper={"t_max": 20} if _name == "lstm_chrono" else {})


def without(k):
    """That gate is 1: Hochreiter and Schmidhuber 1997, and Jozefowicz et al. 2015."""

    def step(p, x, s):
        i, f, o = (
            [1.0] * len(s.c) if name == k else gate(p, name, x, s.h) for name in ("i", "f", "o")
        )
        c = update(f, s.c, i, each(tanh, affine(p, "g", x, s.h)))
        h = times(o, each(tanh, c))
        return h, {"h": h, "c": c}

    return step


add("lstm_1997", without("f"), all_of("i g o"), BOTH)
add("lstm_no_f", without("f"), all_of("i g o"), BOTH)
add("lstm_no_i", without("i"), all_of("f g o"), BOTH)
add("lstm_no_o", without("o"), all_of("i f g"), BOTH)


def greff(off="", coupled=False, peepholes=True, activation=tanh, squash=tanh, full=False):
    """The vanilla LSTM of Greff et al. 2015 and its variants."""

    def step(p, x, s):
        def one(k, c):
            if k == off:
                return [1.0] * len(c)
            v = affine(p, k, x, s.h)
            if peepholes:
                v = plus(v, times(p["p_" + k], c))
            if full:
                for source in "ifo":
                    v = plus(v, mul(p[f"R_{source}{k}"], s[source]))
            return each(sigmoid, v)

        i = one("i", s.c)
        f = [1.0 - v for v in i] if coupled else one("f", s.c)
        c = update(f, s.c, i, each(activation, affine(p, "g", x, s.h)))
        o = one("o", c)
        h = times(o, each(squash, c))
        new = {"h": h, "c": c}
        return h, {**new, "i": i, "f": f, "o": o} if full else new

    return step


def same(v):
    return v


add("lstm_peephole", greff(), LSTM + "; H p_i p_f p_o", BOTH)
add("nig", greff(off="i"), all_of("f g o") + "; H p_f p_o", BOTH)
add("nfg", greff(off="f"), all_of("i g o") + "; H p_i p_o", BOTH)
add("nog", greff(off="o"), all_of("i f g") + "; H p_i p_f", BOTH)
add("niaf", greff(activation=same), LSTM + "; H p_i p_f p_o", BOTH)
add("noaf", greff(squash=same), LSTM + "; H p_i p_f p_o", BOTH)
add("np", greff(peepholes=False), LSTM, BOTH)
add("cifg", greff(coupled=True), all_of("i g o") + "; H p_i p_o", BOTH)
FGR = "; HxH " + " ".join(f"R_{a}{b}" for a in "ifo" for b in "ifo")
add("fgr", greff(full=True), LSTM + "; H p_i p_f p_o" + FGR, "H c h i f o")


@cell(
    "HxI W_i W_f W_g W_o; HxP U_i U_f U_g U_o; H b_i b_f b_g b_o; PxH P_h",
    states="P h; H c",
    sizes={"P": 2},
    hyper={"projection": 2},
)
def lstmp(p, x, s):
    """Sak et al. 2014."""
    h, c = lstm_step(p, x, s.h, s.c)
    h = mul(p.P_h, h)
    return h, {"h": h, "c": c}


@cell(all_of("f c"), hyper={"beta": 1.5, "t_max": 20})
def janet(p, x, s):
    """van der Westhuizen and Lasenby 2018."""
    q, c = affine(p, "f", x, s.h), each(tanh, affine(p, "c", x, s.h))
    h = each(lambda q, old, c: sigmoid(q) * old + (1.0 - sigmoid(q - p.beta)) * c, q, s.h, c)
    return h, {"h": h}


@cell(LSTM + "; H p_i p_f p_o; HxH P_h; HxI W_r", states=BOTH)
def residual_lstm(p, x, s):
    """Kim et al. 2017."""
    i, f = (
        each(sigmoid, plus(affine(p, k, x, s.h), times(p["p_" + k], s.c))) for k in ("i", "f")
    )
    c = update(f, s.c, i, each(tanh, affine(p, "g", x, s.h)))
    o = each(sigmoid, plus(affine(p, "o", x, s.h), times(p.p_o, c)))
    h = times(o, plus(mul(p.P_h, each(tanh, c)), mul(p.W_r, x)))
    return h, {"h": h, "c": c}


@cell("HxI W_f W_z W_o; H u_f u_z b_f b_z b_o; HxH U_o", states="H c")
def elstm(p, x, s):
    """Irie et al. 2023."""
    f = each(sigmoid, plus(of_input(p, "f", x), times(p.u_f, s.c)))
    z = each(tanh, plus(of_input(p, "z", x), times(p.u_z, s.c)))
    c = mix(f, s.c, z)
    return times(gate(p, "o", x, c), c), {"c": c}


def normalised(fed_back):
    """Ba et al. 2016."""

    def step(p, x, s):
        a = times(p.gain_x, layer_norm(joined(mul(p["W_" + k], x) for k in "ifgo")))
        b = times(p.gain_h, layer_norm(joined(mul(p["U_" + k], s.h) for k in "ifgo")))
        i, f, g, o = (
            plus(u, v, p["b_" + k]) for k, u, v in zip("ifgo", heads_of(a, 4), heads_of(b, 4))
        )
        c = update(each(sigmoid, f), s.c, each(sigmoid, i), each(tanh, g))
        norm = plus(times(p.gain_c, layer_norm(c)), p.shift_c)
        h = times(each(sigmoid, o), each(tanh, norm))
        return h, {"h": h, "c": norm if fed_back else c}

    return step


LN = LSTM + "; G gain_x gain_h; H gain_c shift_c"
add("ln_lstm", normalised(False), LN, BOTH, sizes={"G": 16})
add("ln_lstm_fed_back", normalised(True), LN, BOTH, sizes={"G": 16})

GATES = "ifgo"
HYPER_LSTM = "; ".join(
    [
        "HxI W_i W_f W_g W_o; HxH U_i U_f U_g U_o; H b_i b_f b_g b_o",
        "ExN " + " ".join(f"A_{s}{k}" for s in "xhb" for k in GATES),
        "E " + " ".join(f"a_{s}{k}" for s in "xh" for k in GATES),
        "HxE " + " ".join(f"B_{s}{k}" for s in "xhb" for k in GATES),
        "H gain_i gain_f gain_g gain_o gain_c shift_c",
        "NxY small.W_i small.W_f small.W_g small.W_o",
        "NxN small.U_i small.U_f small.U_g small.U_o",
        "N small.b_i small.b_f small.b_g small.b_o",
    ]
)


@cell(
    HYPER_LSTM,
    states="H h c; N small.h small.c",
    hyper={"units": 2, "embedding": 3},
    sizes={"N": 2, "E": 3, "Y": 7},
)
def hyper_lstm(p, x, s):
    """Ha et al. 2017, the authors' code without its static bias inside the norm."""
    small_h, small_c = lstm_step(p.inside("small"), x + s.h, s["small.h"], s["small.c"])

    def pre(k):
        z_x = plus(mul(p["A_x" + k], small_h), p["a_x" + k])
        z_h = plus(mul(p["A_h" + k], small_h), p["a_h" + k])
        b = mul(p["B_b" + k], mul(p["A_b" + k], small_h))
        from_h = times(mul(p["B_h" + k], z_h), mul(p["U_" + k], s.h))
        from_x = times(mul(p["B_x" + k], z_x), mul(p["W_" + k], x))
        norm = layer_norm(plus(from_h, from_x, b))
        return plus(times(p["gain_" + k], norm), p["b_" + k])

    i, f, o = (each(sigmoid, pre(k)) for k in "ifo")
    c = update(f, s.c, i, each(tanh, pre("g")))
    h = times(o, each(tanh, plus(times(p.gain_c, layer_norm(c)), p.shift_c)))
    return h, {"h": h, "c": c, "small.h": small_h, "small.c": small_c}


@cell(LSTM + "; HxH U_d; H b_d", BOTH, inputs="1 delta", ranges={"delta": (0.3, 3.0)})
def time_lstm(p, x, s, delta):
    """Baytas et al. 2017."""
    short = each(tanh, plus(mul(p.U_d, s.c), p.b_d))
    weight = 1.0 / log(math.e + delta[0])
    adjusted = each(lambda c, v: (c - v) + v * weight, s.c, short)
    h, c = lstm_step(p, x, s.h, adjusted)
    return h, {"h": h, "c": c}


FAST_SLOW = "; ".join(
    [
        inside("fast_1", LSTM),
        *(inside(k, LSTM.replace("HxI", "HxH")) for k in ("slow", "fast_2")),
    ]
)


@cell(FAST_SLOW, states="H h c slow.h slow.c")
def fast_slow_lstm(p, x, s):
    """Mujika et al. 2017: the fast state goes from cell to cell."""
    h, c = lstm_step(p.inside("fast_1"), x, s.h, s.c)
    slow_h, slow_c = lstm_step(p.inside("slow"), h, s["slow.h"], s["slow.c"])
    h, c = lstm_step(p.inside("fast_2"), slow_h, h, c)
    return h, {"h": h, "c": c, "slow.h": slow_h, "slow.c": slow_c}


@cell(
    inside("base", LSTM) + "; IxH Q.1 Q.2 Q.3; HxI R.1 R.2",
    states="H h base.c",
    hyper={"pairs": 2},
)
def mogrifier_lstm(p, x, s):
    """Melis et al. 2020, five rounds."""
    h = s.h
    for k in (1, 2, 3):
        x = times([2.0 * sigmoid(v) for v in mul(p[f"Q.{k}"], h)], x)
        if k < 3:
            h = times([2.0 * sigmoid(v) for v in mul(p[f"R.{k}"], x)], h)
    h, c = lstm_step(p.inside("base"), x, h, s["base.c"])
    return h, {"h": h, "base.c": c}


@cell("HxI W_m W_i W_f W_g W_o; HxH U_m V_i V_f V_g V_o; H b_i b_f b_g b_o", BOTH)
def mult_lstm(p, x, s):
    """Krause et al. 2016."""
    m = times(mul(p.W_m, x), mul(p.U_m, s.h))
    i, f, g, o = (plus(of_input(p, k, x), mul(p["V_" + k], m)) for k in GATES)
    c = update(each(sigmoid, f), s.c, each(sigmoid, i), each(tanh, g))
    h = times(each(sigmoid, o), each(tanh, c))
    return h, {"h": h, "c": c}


MI = "; H " + " ".join(f"{a}_{k}" for a in ("alpha", "beta1", "beta2") for k in GATES)


@cell(LSTM + MI, BOTH)
def mi_lstm(p, x, s):
    """Wu et al. 2016: beta1 goes with U h, beta2 with W x."""

    def pre(k):
        a, b = mul(p["W_" + k], x), mul(p["U_" + k], s.h)
        product_term = times(p["alpha_" + k], a, b)
        return plus(product_term, times(p["beta1_" + k], b), times(p["beta2_" + k], a), p["b_" + k])

    c = update(each(sigmoid, pre("f")), s.c, each(sigmoid, pre("i")), each(tanh, pre("g")))
    h = times(each(sigmoid, pre("o")), each(tanh, c))
    return h, {"h": h, "c": c}


@cell(LSTM + "; " + inside("inner", LSTM.replace("HxI", "HxH")), states="H h c inner.c")
def nested_lstm(p, x, s):
    """Moniz and Krueger 2017."""
    i, f, g, o = gates(p, x, s.h)
    c, inner_c = lstm_step(p.inside("inner"), times(i, g), times(f, s.c), s["inner.c"])
    h = times(o, each(tanh, c))
    return h, {"h": h, "c": c, "inner.c": inner_c}


def cumulated(vector):
    """cumsum of the softmax."""
    weights = softmax(vector)
    return [sum(weights[: k + 1]) for k in range(len(weights))]


@cell(
    LSTM + "; NxI W_mf W_mi; NxH U_mf U_mi; N b_mf b_mi",
    BOTH,
    hyper={"chunk": 2},
    sizes={"H": 6, "N": 3},
)
def on_lstm(p, x, s):
    """Shen et al. 2019."""
    i, f, g, o = gates(p, x, s.h)
    master_f = [v for v in cumulated(affine(p, "mf", x, s.h)) for _ in range(2)]
    master_i = [1.0 - v for v in cumulated(affine(p, "mi", x, s.h)) for _ in range(2)]
    overlap = times(master_f, master_i)
    f = each(lambda f, w, m: f * w + (m - w), f, overlap, master_f)
    i = each(lambda i, w, m: i * w + (m - w), i, overlap, master_i)
    c = update(f, s.c, i, g)
    h = times(o, each(tanh, c))
    return h, {"h": h, "c": c}


@cell(all_of("i f z o"), BOTH)
def sub_lstm(p, x, s):
    """Costa et al. 2017."""
    i, f, z, o = (gate(p, k, x, s.h) for k in "ifzo")
    c = each(lambda f, old, z, i: f * old + z - i, f, s.c, z, i)
    h = each(lambda c, o: sigmoid(c) - o, c, o)
    return h, {"h": h, "c": c}


@cell(
    inside("base", LSTM) + "; 1xH W_u; 1 b_u",
    states="H h c; 1 u d",
    ranges={"u": (0.05, 0.95), "d": (0.2, 0.8)},
    smooth=False,
)
def skip_lstm(p, x, s):
    """Campos et al. 2018: d is the increment of the last update."""
    u, d = s.u[0], s.d[0]
    h, c = s.h, s.c
    if u >= 0.5:
        h, c = lstm_step(p.inside("base"), x, h, c)
        d = sigmoid(dot(p.W_u[0], c) + p.b_u[0])
        u = d
    else:
        u = u + min(d, 1.0 - u)
    return h, {"h": h, "c": c, "u": [u], "d": [d]}
