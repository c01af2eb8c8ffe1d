"""The part of the printed C that is always the same: types, and exp, expm1, log, log1p and tanh without branches.

Compilers turn a loop over such a function into one over vectors. Each is right at zeros, infinities, NaN, overflow and subnormal
results; the largest errors, in units in the last place, of all float32 and of a dense sample of float64 are at most `ULPS`.
"""

from __future__ import annotations

__all__ = ["PRELUDE", "ULPS", "functions"]

ULPS = {
    "f": {"exp": 1.1, "expm1": 1.7, "log": 0.9, "log1p": 0.9, "tanh": 2.6},
    "d": {"exp": 1.1, "expm1": 1.9, "log": 0.9, "log1p": 0.9, "tanh": 2.6},
}

PRELUDE = r"""
#include <math.h>
#include <stdint.h>
#include <string.h>

/* One multiplication and addition with one rounding where the processor has it. Elsewhere each operation rounds, as in NumPy:
   this is compiled with -ffp-contract=off, and products of matrices alone are exempt from it. */
#if defined(__FMA__) || defined(__ARM_FEATURE_FMA)
#define FMA(a, b, c) __builtin_fma(a, b, c)
#define FMAF(a, b, c) __builtin_fmaf(a, b, c)
#else
#define FMA(a, b, c) ((a) * (b) + (c))
#define FMAF(a, b, c) ((a) * (b) + (c))
#endif
#if defined(__clang__)
#define FUSED
#define FUSED_BODY _Pragma("clang fp contract(fast)")
#else
#define FUSED __attribute__((optimize("fp-contract=fast")))
#define FUSED_BODY
#endif

/* An index that counts from the end if it is negative; one that is out of range is noted. */
static inline int64_t at(int64_t i, int64_t length, int *out_of_range) {
    i += i < 0 ? length : 0;
    int outside = (uint64_t)i >= (uint64_t)length;
    *out_of_range |= outside;
    return outside ? 0 : i;
}
"""

_TEMPLATE = r"""
static inline INT bits_of_X(REAL x) { INT i; memcpy(&i, &x, sizeof i); return i; }
static inline REAL of_bits_X(INT i) { REAL x; memcpy(&x, &i, sizeof x); return x; }

/* 2**k for a whole number k that is normal: SHIFTER + k has k in its lowest bits. */
static inline REAL power_of_two_X(REAL k) { return of_bits_X((INT)((UINT)(bits_of_X(k + SHIFTER) + BIAS) << MANTISSA)); }

/* exp(r) - 1 for |r| <= log(2)/2. */
static inline REAL small_expm1_X(REAL r) {
    REAL q = EXP_0;
EXP_HORNER
    return MULADD(r * r, q, r);
}

/* x = k log(2) + r */
#define REDUCE_X \
    REAL k = (MULADD(x, R(1.4426950408889634), SHIFTER)) - SHIFTER; \
    REAL r = MULADD(-k, LN2_LOW, MULADD(-k, LN2_HIGH, x));

static inline REAL exp_X(REAL x) {
    x = x > OVERFLOWS ? OVERFLOWS : x;
    x = x < -UNDERFLOWS ? -UNDERFLOWS : x;
    REDUCE_X
    REAL half = (k * R(0.5) + SHIFTER) - SHIFTER; /* in two factors, so that neither overflows */
    return (R(1.0) + small_expm1_X(r)) * power_of_two_X(half) * power_of_two_X(k - half);
}

static inline REAL expm1_X(REAL given) {
    REAL x = given > OVERFLOWS ? OVERFLOWS : given;
    x = x < -SATURATES ? -SATURATES : x;
    REDUCE_X
    REAL scale = power_of_two_X(k - R(1.0));
    REAL y = R(2.0) * MULADD(scale, small_expm1_X(r), scale - R(0.5));
    return given == 0 ? given : k == 0 ? small_expm1_X(r) : y;
}

/* log(x + low) for normal x with a low part that is small beside it: x = 2**k m with sqrt(1/2) < m < sqrt(2). */
static inline REAL log_sum_X(REAL x, REAL low, REAL subnormal) {
    INT shifted = bits_of_X(x) - SQRT_HALF;
    INT exponent = shifted & EXPONENT_BITS;
    REAL m = of_bits_X(bits_of_X(x) - exponent);
    REAL k = WHOLE(exponent) - subnormal;
    REAL f = m - R(1.0), s = f / (R(2.0) + f), z = s * s;
    REAL p = LOG_0;
LOG_HORNER
    REAL halved = R(0.5) * f * f;
    return MULADD(k, LN2_HIGH, f - (halved - (MULADD(s, halved + z * p, MULADD(k, LN2_LOW, low)))));
}

static inline REAL log_X(REAL x) {
    int tiny = x < SMALLEST;
    REAL y = log_sum_X(tiny ? x * SCALED : x, R(0.0), tiny ? R(MANTISSA.0) : R(0.0));
    y = x < 0 ? NAN : x == 0 ? -INFINITY : y;
    return x - x == 0 ? y : x == -INFINITY ? NAN : x;
}

static inline REAL log1p_X(REAL x) {
    REAL u = R(1.0) + x;
    REAL lost = x > R(1.0) ? R(1.0) - (u - x) : x - (u - R(1.0));
    REAL y = log_sum_X(u, lost / u, R(0.0));
    y = u < 0 ? NAN : u == 0 ? -INFINITY : x == 0 ? x : y;
    return x - x == 0 ? y : x == -INFINITY ? NAN : x;
}

static inline REAL tanh_X(REAL x) {
    REAL t = FABS(x) > SATURATES ? SATURATES : FABS(x);
    t = expm1_X(R(2.0) * t);
    return x != x ? x : COPYSIGN(t / (t + R(2.0)), x);
}
"""

# Of exp: (exp(r) - 1 - r) / r**2 by a Chebyshev fit. Of log: the coefficients of FreeBSD's e_log.c and e_logf.c.
_EXP = {
    "d": "0x1.1f731ea5352cap-29 0x1.af4e196027428p-26 0x1.27e4db57442fbp-22 0x1.71de021a90822p-19 0x1.a01a01a6dcaffp-16 "
    "0x1.a01a01abef415p-13 0x1.6c16c16c162ccp-10 0x1.11111111100cep-7 0x1.5555555555556p-5 0x1.5555555555557p-3 0.5",
    "f": "0x1.6d113cp-10 0x1.120ba2p-7 0x1.555518p-5 0x1.5554dcp-3 0.5",
}
_LOG = {
    "d": "1.479819860511658591e-01 1.531383769920937332e-01 1.818357216161805012e-01 2.222219843214978396e-01 "
    "2.857142874366239149e-01 3.999999999940941908e-01 6.666666666666735130e-01",
    "f": "0.24279078841 0.28498786688 0.40000972152 0.66666662693",
}
_NUMBERS = {
    "d": {
        **{"REAL": "double", "UINT": "uint64_t", "INT": "int64_t", "SHIFTER": "0x1.8p52", "BIAS": "1023", "MANTISSA": "52"},
        **{"LN2_HIGH": "0x1.62e42feep-1", "LN2_LOW": "0x1.a39ef35793c76p-33", "OVERFLOWS": "710.0", "UNDERFLOWS": "746.0"},
        **{"SATURATES": "40.0", "SQRT_HALF": "0x3fe6a09e667f3bcdll", "EXPONENT_BITS": "(int64_t)0xfff0000000000000ull"},
        **{"SMALLEST": "0x1p-1022", "SCALED": "0x1p52", "FABS": "fabs", "COPYSIGN": "copysign", "MULADD": "FMA"},
        # The exponent lies 52 bits up; as the lowest bits of a number around SHIFTER it becomes a whole one without a conversion.
        "WHOLE": "whole_d",
    },
    "f": {
        **{"REAL": "float", "UINT": "uint32_t", "INT": "int32_t", "SHIFTER": "0x1.8p23f", "BIAS": "127", "MANTISSA": "23"},
        **{"LN2_HIGH": "0x1.62e4p-1f", "LN2_LOW": "0x1.7f7d1cp-20f", "OVERFLOWS": "89.0f", "UNDERFLOWS": "104.0f"},
        **{"SATURATES": "20.0f", "SQRT_HALF": "0x3f3504f3", "EXPONENT_BITS": "(int32_t)0xff800000u"},
        **{"SMALLEST": "0x1p-126f", "SCALED": "0x1p23f", "FABS": "fabsf", "COPYSIGN": "copysignf", "MULADD": "FMAF"},
        "WHOLE": "whole_f",
    },
}
_WHOLE = """
/* How often 2**k was found in the bits of the exponent. */
static inline double whole_d(int64_t exponent) {
    int64_t shifter;
    double number = 0x1.8p52;
    memcpy(&shifter, &number, sizeof shifter);
    shifter += (int64_t)((uint64_t)exponent >> 52) - ((uint64_t)exponent >> 63 << 12);
    memcpy(&number, &shifter, sizeof number);
    return number - 0x1.8p52;
}
static inline float whole_f(int32_t exponent) { return (float)(exponent / (1 << 23)); }
"""


def functions(used: str) -> str:
    """The functions of float32 and float64 that a text calls."""
    kinds = [kind for kind in "fd" if any(f"{name}_{kind}(" in used for name in ULPS[kind])]
    return (_WHOLE if kinds else "") + "".join(map(_functions, kinds))


def _functions(kind: str) -> str:
    def number(text: str) -> str:
        return text + ("f" if kind == "f" else "")

    def horner(coefficients: str, variable: str, result: str) -> str:
        muladd = _NUMBERS[kind]["MULADD"]
        return "\n".join(f"    {result} = {muladd}({result}, {variable}, {number(c)});" for c in coefficients.split()[1:])

    text = _TEMPLATE.replace("EXP_HORNER", horner(_EXP[kind], "r", "q")).replace("LOG_HORNER", horner(_LOG[kind], "z", "p"))
    text = text.replace("EXP_0", number(_EXP[kind].split()[0])).replace("LOG_0", number(_LOG[kind].split()[0]))
    for name, meaning in _NUMBERS[kind].items():
        text = text.replace(name, meaning)
    parts = text.replace("_X", f"_{kind}").split("R(")
    return parts[0] + "".join(number(part[: part.index(")")]) + part[part.index(")") + 1 :] for part in parts[1:])
