"""Writes decimals.txt: what Python's decimal module answers, one `expression<TAB>answer` a line. Run it with any
Python 3.11 or later; names are the decimals of NAMES."""

import decimal
import operator
import pathlib

NAMES = {
    "a": "1.10", "b": "2", "c": "3.14159", "d": "7.5", "e": "-7.5", "f": "0.1", "g": "1E-10",
    "h": "123456789012345678901234567890.123", "i": "0.00", "j": "-0.0", "k": "1E+25", "l": "NaN",
    "m": "Infinity", "n": "-Infinity", "o": "2.5", "p": "99999999999999999999999999995", "q": "0.05",
}
LARGE, ENDLESS = "hkp", "lmn"
VALUES = {name: decimal.Decimal(text) for name, text in NAMES.items()}
OPERATORS = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "//": operator.floordiv, "%": operator.mod, "**": operator.pow,
}
COMPARISONS = {"==": operator.eq, "!=": operator.ne, "<": operator.lt, ">=": operator.ge}
NUMBERS = ["0", "1", "-2", "3", "100"]
FLOATS = ["1.1", "2.0", "0.1", "7.5"]
SPECS = ["", ".2f", ",.1f", "e", ".3e", "g", ".3g", ".0f", "%", ".1%", "010.2f", "+", "f", "G", ".2", "n", " .1f", ">9"]
METHODS = [
    "adjusted()", "as_integer_ratio()", "as_tuple()", "copy_abs()", "copy_negate()", "is_finite()", "is_infinite()",
    "is_nan()", "is_signed()", "is_zero()", "ln()", "log10()", "exp()", "normalize()", "sqrt()", "to_integral_value()",
    "quantize(f)", "quantize(b)", "compare(b)", "max(a)", "min(a)", "real", "imag",
]


def answer(work):
    try:
        return repr(work())
    except decimal.DecimalException as error:
        return f"error: {error}"
    except (TypeError, ValueError, OverflowError) as error:
        return f"error: {error}"


def lines():
    for name, value in VALUES.items():
        yield name, answer(lambda: value)
        yield f"-{name}", answer(lambda: -value)
        for other, right in VALUES.items():
            for sign, work in OPERATORS.items():
                # No two implementations agree on the last digit of every large power.
                if sign == "**" and (name in LARGE + ENDLESS or other in LARGE + ENDLESS):
                    continue
                yield f"{name} {sign} {other}", answer(lambda: work(value, right))
            for sign, work in COMPARISONS.items():
                yield f"{name} {sign} {other}", answer(lambda: work(value, right))
        for number in NUMBERS:
            for sign, work in OPERATORS.items():
                if sign == "**" and name in LARGE + ENDLESS:
                    continue
                yield f"{name} {sign} {number}", answer(lambda: work(value, int(number)))
                yield f"{number} {sign} {name}", answer(lambda: work(int(number), value))
        for number in FLOATS:
            yield f"{name} + {number}", answer(lambda: value + float(number))
            for sign, work in COMPARISONS.items():
                yield f"{name} {sign} {number}", answer(lambda: work(value, float(number)))
        if name in ENDLESS:
            continue
        for spec in SPECS:
            yield f"'{{:{spec}}}'.format({name})", answer(lambda: format(value, spec))
        for places in (0, 2, -1, 10):
            yield f"{name} | round({places})", answer(lambda: round(value, places))
        yield f"{name} | abs", answer(lambda: abs(value))
        for method in METHODS:
            yield f"{name}.{method}", answer(lambda: eval(f"value.{method}", {"value": value, **VALUES}))


out = pathlib.Path(__file__).with_name("decimals.txt")
out.write_text("".join(f"{expression}\t{text}\n" for expression, text in lines()))
