"""Cells with gates and one state: the GRU and its relatives."""

from .arithmetic import *


def gru(p, x, h, keep_is_z):
    """The reset multiplies h before the matrix."""
    z, r = gate(p, "z", x, h), gate(p, "r", x, h)
    c = each(tanh, affine(p, "c", x, times(r, h)))
    return mix(z, h, c) if keep_is_z else mix(z, c, h)


@cell(all_of("z r c"))
def gru_reset_before(p, x, s):
    """Chung et al. 2014: z = 1 takes the candidate."""
    h = gru(p, x, s.h, False)
    return h, {"h": h}


@cell(all_of("z r c"))
def gru_cho(p, x, s):
    """Cho et al. 2014: z = 1 keeps the old state."""
    h = gru(p, x, s.h, True)
    return h, {"h": h}


@cell(all_of("z r n") + "; H d_n")
def gru_reset_after(p, x, s):
    """cuDNN: the reset multiplies behind the matrix and the second bias."""
    z, r = gate(p, "z", x, s.h), gate(p, "r", x, s.h)
    inner = plus(mul(p.U_n, s.h), p.d_n)
    n = each(tanh, plus(of_input(p, "n", x), times(r, inner)))
    h = mix(z, s.h, n)
    return h, {"h": h}


def dey_salem(z, r):
    """Dey and Salem 2017: gates z and r of another form in the GRU."""

    def step(p, x, s):
        c = each(tanh, affine(p, "c", x, times(r(p, s.h), s.h)))
        h = mix(z(p, s.h), c, s.h)
        return h, {"h": h}

    return step


def state_and_bias(k):
    return lambda p, h: each(sigmoid, plus(mul(p["U_" + k], h), p["b_" + k]))


def state_alone(k):
    return lambda p, h: each(sigmoid, mul(p["U_" + k], h))


def bias_alone(k):
    return lambda p, h: each(sigmoid, p["b_" + k])


for _i, _form, _gate in (
    (1, state_and_bias, "; HxH U_{0}; H b_{0}"),
    (2, state_alone, "; HxH U_{0}"),
    (3, bias_alone, "; H b_{0}"),
):
    _c = all_of("c")
    add(f"gru{_i}", dey_salem(_form("z"), _form("r")), _c + _gate.format("z") + _gate.format("r"))
    # The same of the MGU, with one gate: Heck and Salem 2017.
    add(f"mgu{_i}", dey_salem(_form("f"), _form("f")), _c + _gate.format("f"))


@cell(all_of("z r c"), inputs="1 a", ranges={"a": (0.0, 1.0)})
def augru(p, x, s, a):
    """Zhou et al. 2019 (DIEN), the gate that keeps the old state times 1 - a."""
    z = scaled(1.0 - a[0], gate(p, "z", x, s.h))
    r = gate(p, "r", x, s.h)
    h = mix(z, s.h, each(tanh, affine(p, "c", x, times(r, s.h))))
    return h, {"h": h}


@cell(all_of("f c"))
def mgu(p, x, s):
    """Zhou et al. 2016."""
    f = gate(p, "f", x, s.h)
    h = mix(f, each(tanh, affine(p, "c", x, times(f, s.h))), s.h)
    return h, {"h": h}


def mut1_form(bare):
    """Jozefowicz et al. 2015."""

    def step(p, x, s):
        z = each(sigmoid, of_input(p, "z", x))
        r = gate(p, "r", x, s.h)
        inner = each(tanh, x if bare else mul(p.W_c, x))
        h = mix(z, each(tanh, plus(mul(p.U_c, times(r, s.h)), inner, p.b_c)), s.h)
        return h, {"h": h}

    return step


add("mut1", mut1_form(False), "HxI W_z W_r W_c; HxH U_r U_c; H b_z b_r b_c")
add("mut1_original", mut1_form(True), "HxI W_z W_r; HxH U_r U_c; H b_z b_r b_c", sizes={"I": 4})


@cell(all_of("z r c"))
def mut2(p, x, s):
    h = gru(p, x, s.h, False)  # with W_r x for the paper's x it is the GRU
    return h, {"h": h}


@cell("HxI W_z W_c; HxH U_z U_r U_c; H b_z b_r b_c", sizes={"I": 4})
def mut2_original(p, x, s):
    z = gate(p, "z", x, s.h)
    r = each(sigmoid, plus(x, mul(p.U_r, s.h), p.b_r))
    h = mix(z, each(tanh, affine(p, "c", x, times(r, s.h))), s.h)
    return h, {"h": h}


@cell(all_of("z r c"))
def mut3(p, x, s):
    z = gate(p, "z", x, each(tanh, s.h))
    r = gate(p, "r", x, s.h)
    h = mix(z, each(tanh, affine(p, "c", x, times(r, s.h))), s.h)
    return h, {"h": h}


@cell(all_of("g c"))
def ugrnn(p, x, s):
    """Collins et al. 2017."""
    h = mix(gate(p, "g", x, s.h), s.h, each(tanh, affine(p, "c", x, s.h)))
    return h, {"h": h}


@cell("IxI W_y W_q; IxH U_y U_q; I b_y b_q; " + all_of("h p"))
def intersection_rnn(p, x, s):
    """Collins et al. 2017: q is the gate of y, p that of h."""
    y = mix(gate(p, "q", x, s.h), x, each(relu, affine(p, "y", x, s.h)))
    h = mix(gate(p, "p", x, s.h), s.h, each(tanh, affine(p, "h", x, s.h)))
    return y, {"h": h}


def additive(activation):
    """Lee et al. 2017."""

    def step(p, x, s):
        i, f = gate(p, "i", x, s.h), gate(p, "f", x, s.h)
        c = plus(times(i, mul(p.W_c, x)), times(f, s.c))
        h = each(activation, c)
        return h, {"h": h, "c": c}

    return step


add("ran", additive(tanh), all_of("i f") + "; HxI W_c", states="H h c")
add("ran_identity", additive(lambda c: c), all_of("i f") + "; HxI W_c", states="H c h")


@cell("HxI W_f; HxH U_f; H b_f")
def sgrn(p, x, s):
    """Zu and Wei 2020."""
    v = mul(p.W_f, x)
    f = each(sigmoid, plus(v, mul(p.U_f, s.h), p.b_f))
    h = each(tanh, mix(f, s.h, v))
    return h, {"h": h}


@cell("HxI W_f W_c; HxH U_f; H b_f")
def lightru(p, x, s):
    """Ye et al. 2024, with a sigmoid."""
    h = mix(gate(p, "f", x, s.h), each(tanh, mul(p.W_c, x)), s.h)
    return h, {"h": h}


@cell(all_of("z c"))
def ligru(p, x, s):
    """Ravanelli et al. 2018, without batch norm."""
    h = mix(gate(p, "z", x, s.h), s.h, each(relu, affine(p, "c", x, s.h)))
    return h, {"h": h}


@cell(all_of("theta eta") + "; HxI W_c")
def cfn(p, x, s):
    """Laurent and von Brecht 2017."""
    theta, eta = gate(p, "theta", x, s.h), gate(p, "eta", x, s.h)
    h = plus(times(theta, each(tanh, s.h)), times(eta, each(tanh, mul(p.W_c, x))))
    return h, {"h": h}


@cell("HxI W_z; H b_z b_u; HxH U_u V_u")
def minimal_rnn(p, x, s):
    """Chen 2017."""
    z = each(tanh, of_input(p, "z", x))
    u = each(sigmoid, plus(mul(p.U_u, s.h), mul(p.V_u, z), p.b_u))
    h = mix(u, s.h, z)
    return h, {"h": h}


@cell(all_of("r c") + "; 1 lambda")
def miru1(p, x, s):
    r = gate(p, "r", x, s.h)
    c = each(tanh, affine(p, "c", x, times(r, s.h)))
    h = mix(p["lambda"] * len(c), s.h, c)
    return h, {"h": h}


@cell(all_of("c") + "; 1 lambda theta")
def miru2(p, x, s):
    c = each(tanh, affine(p, "c", x, scaled(p.theta[0], s.h)))
    h = mix(p["lambda"] * len(c), s.h, c)
    return h, {"h": h}


def sgu_form(output):
    """Gao and Glowacka 2016."""

    def step(p, x, s):
        inner = times(mul(p.W_g, x), s.h)
        g = times(each(tanh, plus(mul(p.U_g, inner), p.b_g)), s.h)
        z = each(hard_sigmoid, affine(p, "z", x, s.h))
        h = each(lambda z, old, new: (1.0 - z) * old + z * new, z, s.h, output(p, g))
        return h, {"h": h}

    return step


add("sgu", sgu_form(lambda p, g: each(softplus, g)), all_of("g z"))
add("dsgu", sgu_form(lambda p, g: each(sigmoid, mul(p.U_c, g))), all_of("g z") + "; HxH U_c")


@cell("HxI W_z W_k; H b_z b_k; HxH U_k")
def star(p, x, s):
    """Turkoglu et al. 2021."""
    z, k = each(tanh, of_input(p, "z", x)), gate(p, "k", x, s.h)
    h = each(tanh, mix(k, z, s.h))
    return h, {"h": h}


def bistable(p, x, h, read):
    """Vecoven et al. 2021."""
    c = each(sigmoid, plus(of_input(p, "c", x), read("c")))
    a = [1.0 + tanh(v) for v in plus(of_input(p, "a", x), read("a"))]
    new = mix(c, h, each(tanh, plus(of_input(p, "h", x), times(a, h))))
    return new, {"h": new}


@cell("HxI W_c W_a W_h; H u_c u_a b_c b_a b_h")
def brc(p, x, s):
    return bistable(p, x, s.h, lambda k: times(p["u_" + k], s.h))


@cell("HxI W_c W_a W_h; HxH U_c U_a; H b_c b_a b_h")
def nbrc(p, x, s):
    return bistable(p, x, s.h, lambda k: mul(p["U_" + k], s.h))


@cell(
    "I u_x b_x x_mean; HxI W_d; H b_d; HxI V_z V_r V_c; " + all_of("z r c"),
    states="H h; I last",
    inputs="I mask delta",
    ranges={"mask": (0.0, 1.0, 1.0), "delta": (0.3, 2.0)},
)
def gru_d(p, x, s, mask, delta):
    """Che et al. 2018."""
    decay_x = [exp(-max(0.0, u * d + b)) for u, d, b in zip(p.u_x, delta, p.b_x)]
    decay_h = [exp(-max(0.0, v)) for v in of_input(p, "d", delta)]
    x = mix(mask, x, mix(decay_x, s.last, p.x_mean))
    last = mix(mask, x, s.last)
    old = times(decay_h, s.h)

    def sums(k, h):
        return plus(affine(p, k, x, h), mul(p["V_" + k], mask))

    z, r = each(sigmoid, sums("z", old)), each(sigmoid, sums("r", old))
    h = mix(z, each(tanh, sums("c", times(r, old))), old)
    return h, {"h": h, "last": last}


RHN = "; ".join(f"HxH U_c.{k} U_g.{k}; H b_c.{k} b_g.{k}" for k in (1, 2, 3))


@cell("HxI W_c W_g; " + RHN, hyper={"depth": 3})
def rhn(p, x, s):
    """Zilly et al. 2017, carry gate 1 - g."""
    h = s.h
    for k in range(1, 4):
        c = plus(mul(p[f"U_c.{k}"], h), p[f"b_c.{k}"])
        g = plus(mul(p[f"U_g.{k}"], h), p[f"b_g.{k}"])
        if k == 1:
            c, g = plus(c, mul(p.W_c, x)), plus(g, mul(p.W_g, x))
        h = mix(each(sigmoid, g), each(tanh, c), h)
    return h, {"h": h}


@cell("HxI W_z W_f; H b_z b_f")
def t_rnn(p, x, s):
    """Balduzzi and Ghifary 2016."""
    h = mix(each(sigmoid, of_input(p, "f", x)), s.h, of_input(p, "z", x))
    return h, {"h": h}


def typed(p, x, last):
    """z, f, o of the T-GRU and the T-LSTM."""
    z, f, o = (plus(of_input(p, k, x), mul(p["V_" + k], last)) for k in "zfo")
    return z, each(sigmoid, f), each(tanh, o)


@cell(all_of("z f o", "WVb"), states="H h; I x")
def t_gru(p, x, s):
    z, f, o = typed(p, x, s.x)
    h = plus(times(f, s.h), times(z, o))
    return h, {"h": h, "x": x}


@cell(all_of("z f o", "WVb"), states="H c; I x")
def t_lstm(p, x, s):
    z, f, o = typed(p, x, s.x)
    c = mix(f, s.c, z)
    return times(c, o), {"c": c, "x": x}


@cell(
    all_of("z r n") + "; H d_n; G gain_x gain_h",
    sizes={"G": 12},
)
def ln_gru(p, x, s):
    """haste: layer norm of the products with x and of those with h."""
    a = times(p.gain_x, layer_norm(joined(mul(p["W_" + k], x) for k in "zrn")))
    b = times(p.gain_h, layer_norm(joined(mul(p["U_" + k], s.h) for k in "zrn")))
    (a_z, a_r, a_n), (b_z, b_r, b_n) = heads_of(a, 3), heads_of(b, 3)
    z, r = each(sigmoid, plus(a_z, b_z, p.b_z)), each(sigmoid, plus(a_r, b_r, p.b_r))
    n = each(tanh, plus(a_n, p.b_n, times(r, plus(b_n, p.d_n))))
    h = mix(z, s.h, n)
    return h, {"h": h}


@cell(
    "; ".join(all_of(k) for k in "uzga"),
    states="H h h[t-1] h[t-2] h[t-3] h[t-4]",
    hyper={"delay": 4},
)
def tau_gru(p, x, s):
    """Erichson et al. 2022: z reads the state of five steps ago."""
    u = each(tanh, affine(p, "u", x, s.h))
    z = each(tanh, affine(p, "z", x, s["h[t-4]"]))
    g, a = gate(p, "g", x, s.h), gate(p, "a", x, s.h)
    h = mix(g, plus(u, times(a, z)), s.h)
    delayed = {f"h[t-{k}]": s["h" if k == 1 else f"h[t-{k - 1}]"] for k in (1, 2, 3, 4)}
    return h, {"h": h, **delayed}


@cell(
    "HxI gru.W_z gru.W_r gru.W_c; HxH gru.U_z gru.U_r gru.U_c; H gru.b_z gru.b_r gru.b_c; "
    "HxH U_1 U_2; H b_1 b_2",
    inputs="1 delta",
    hyper={"substeps": 4},
    ranges={"delta": (0.3, 2.0)},
)
def ode_rnn(p, x, s, delta):
    """Rubanova et al. 2019, Euler."""
    h = s.h
    for _ in range(4):
        slope = plus(mul(p.U_2, each(tanh, plus(mul(p.U_1, h), p.b_1))), p.b_2)
        h = plus(h, scaled(delta[0] / 4, slope))
    h = gru(p.inside("gru"), x, h, False)
    return h, {"h": h}
