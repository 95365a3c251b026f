#!/usr/bin/env python3
"""Makes statistics.json: what independent packages say of the inputs below.

    python3 -m venv venv && venv/bin/pip install scipy statsmodels
    venv/bin/python make_statistics.py > statistics.json

Takes scipy and statsmodels, and R (`Rscript`, with nothing but its base packages) for estimates, intervals and Student's t.
The versions used are written into the file. Inputs are made from a fixed seed and rounded, so that they can be read.

What comes from where:
- signed-rank without ties: R `wilcox.test(exact = TRUE, conf.int = TRUE)`; scipy `wilcoxon(method = "exact")` must agree
- signed-rank with ties and zeros (Pratt): scipy `permutation_test` over all assignments of signs
- signed-rank of many pairs: scipy `wilcoxon(method = "asymptotic", zero_method = "pratt", correction = True)`
- Mann-Whitney without ties: R `wilcox.test`; scipy `mannwhitneyu(method = "exact")` must agree
- Mann-Whitney with ties: scipy `permutation_test` over all ways to deal the values
- Mann-Whitney of many values: scipy `mannwhitneyu(method = "asymptotic", use_continuity = True)`
- Holm: statsmodels `multipletests`; R `p.adjust` must agree
- interval of the median: scipy `quantile_test(...).confidence_interval`, its level from scipy's binomial distribution
- sessions: R `t.test(var.equal = TRUE)`
"""

import json
import platform
import subprocess
import sys

import numpy
import scipy
import statsmodels
from scipy import stats
from statsmodels.stats.multitest import multipletests

random = numpy.random.default_rng(20261122)


def r(code):
    """What R prints of this code, as numbers."""
    printed = subprocess.run(["Rscript", "--vanilla", "-e", code], check=True, capture_output=True, text=True).stdout
    return [float(word) for word in printed.split()]


def vector(values):
    return "c(" + ",".join(repr(float(value)) for value in values) + ")"


def rounded(values, digits):
    return [round(float(value), digits) for value in values]


def agree(one, other):
    if abs(one - other) > 1e-9:
        sys.exit(f"the packages disagree: {one} {other}")
    return one


def pratt(differences, axis=-1):
    """Sum of the ranks of positive differences; zeros are ranked and left out."""
    ranks = stats.rankdata(numpy.abs(differences), axis=axis)
    return numpy.sum(ranks * (differences > 0), axis=axis)


R_INTERVAL = (
    "w <- suppressWarnings(wilcox.test({samples}, exact = TRUE, conf.int = TRUE, conf.level = {confidence}));"
    'cat(format(c(w$p.value, w$estimate, w$conf.int), digits = 17), "\\n")'
)


def signed_rank():
    cases = []
    for size, confidence in [(6, 0.95), (7, 0.975), (8, 0.95), (10, 0.95), (10, 0.99), (15, 0.9), (20, 0.95), (30, 0.95), (49, 0.95)]:
        differences = rounded(random.normal(0.02, 0.04, size), 5)
        # In the order of R's arguments, x alone: estimate and interval of its centre.
        p, estimate, low, high = r(R_INTERVAL.format(samples=vector(differences), confidence=confidence))
        agree(p, stats.wilcoxon(differences, method="exact").pvalue)
        cases.append({"name": f"{size} pairs", "differences": differences, "p": p, "estimate": estimate,
                      "interval": {"asked": confidence, "low": low, "high": high}})
    for size, digits, scale in [(5, 0, 2), (8, 0, 2), (10, 1, 0.2), (12, 0, 3), (12, 1, 0.15), (14, 0, 2)]:
        differences = rounded(random.normal(0.3 * scale, scale, size), digits)
        test = stats.permutation_test((numpy.array(differences),), pratt, vectorized=True, n_resamples=numpy.inf,
                                      permutation_type="samples", alternative="two-sided")
        cases.append({"name": f"{size} pairs with ties and zeros", "differences": differences, "p": float(test.pvalue)})
    for size, digits in [(60, 4), (90, 1), (120, 2)]:
        differences = rounded(random.normal(0.05, 0.3, size), digits)
        test = stats.wilcoxon(differences, method="asymptotic", zero_method="pratt", correction=True)
        cases.append({"name": f"{size} pairs, approximated", "differences": differences, "p": float(test.pvalue)})
    return cases


def beyond():
    cases = []
    for size, floor in [(8, 0.01), (10, 0.01), (10, 0.03), (20, 0.02)]:
        differences = rounded(random.normal(0.04, 0.03, size), 5)
        above = stats.wilcoxon(numpy.array(differences) - floor, method="exact", alternative="greater").pvalue
        below = stats.wilcoxon(numpy.array(differences) + floor, method="exact", alternative="less").pvalue
        cases.append({"differences": differences, "floor": floor, "p": float(min(1.0, 2.0 * min(above, below)))})
    return cases


def rank_sum():
    cases = []
    for sizes, confidence in [((4, 4), 0.95), ((5, 7), 0.95), ((10, 10), 0.95), ((10, 10), 0.99), ((6, 20), 0.95), ((20, 25), 0.9)]:
        a, b = rounded(random.normal(1.0, 0.1, sizes[0]), 5), rounded(random.normal(1.06, 0.1, sizes[1]), 5)
        p, estimate, low, high = r(R_INTERVAL.format(samples=f"{vector(b)}, {vector(a)}", confidence=confidence))
        agree(p, stats.mannwhitneyu(a, b, method="exact").pvalue)
        cases.append({"name": f"{sizes[0]} and {sizes[1]}", "a": a, "b": b, "p": p, "estimate": estimate,
                      "interval": {"asked": confidence, "low": low, "high": high}})
    for sizes in [(5, 5), (6, 8), (7, 7), (4, 12)]:
        a, b = rounded(random.normal(3, 2, sizes[0]), 0), rounded(random.normal(4, 2, sizes[1]), 0)
        test = stats.permutation_test((a, b), lambda a, b: stats.rankdata(numpy.concatenate([a, b]))[: len(a)].sum(),
                                      n_resamples=numpy.inf, permutation_type="independent", alternative="two-sided")
        cases.append({"name": f"{sizes[0]} and {sizes[1]} with ties", "a": a, "b": b, "p": float(test.pvalue)})
    for sizes, digits in [((40, 50), 4), ((40, 50), 1), ((12, 90), 1)]:
        a, b = rounded(random.normal(3, 1, sizes[0]), digits), rounded(random.normal(3.4, 1, sizes[1]), digits)
        test = stats.mannwhitneyu(a, b, method="asymptotic", use_continuity=True)
        cases.append({"name": f"{sizes[0]} and {sizes[1]}, approximated", "a": a, "b": b, "p": float(test.pvalue)})
    return cases


def holm():
    cases = []
    for size in [1, 2, 6, 24]:
        p = rounded(random.uniform(0, 1, size) ** 4, 6)
        _, adjusted, _, _ = multipletests(p, alpha=0.05, method="holm")
        by_r = r(f'cat(format(p.adjust({vector(p)}, "holm"), digits = 17), "\\n")')
        cases.append({"p": p, "adjusted": [agree(float(one), other) for one, other in zip(adjusted, by_r)]})
    tied = [0.01, 0.01, 0.02, 0.2, 0.2, 0.9]
    cases.append({"p": tied, "adjusted": [float(one) for one in multipletests(tied, method="holm")[1]]})
    return cases


def median_interval():
    cases = []
    for size, confidence in [(6, 0.95), (9, 0.95), (10, 0.95), (15, 0.99), (20, 0.95), (25, 0.9), (100, 0.95)]:
        values = rounded(random.lognormal(2, 0.3, size), 4)
        # Of a two-sided test against any median: the interval does not depend on which.
        found = stats.quantile_test(values, q=1.0, p=0.5).confidence_interval(confidence)
        below = sum(value < found.low for value in values)
        attained = 1.0 - 2.0 * stats.binom.cdf(below, size, 0.5)
        cases.append({"values": values, "asked": confidence, "low": float(found.low), "high": float(found.high),
                      "attained": float(attained)})
    return cases


def sessions():
    cases = []
    for stored, candidate, confidence in [(6, 1, 0.95), (8, 1, 0.9), (20, 1, 0.95), (6, 3, 0.95), (12, 2, 0.99)]:
        x, y = rounded(random.normal(0, 0.02, stored), 5), rounded(random.normal(-0.03, 0.02, candidate), 5)
        low, high = r(f"t <- t.test({vector(y)}, {vector(x)}, var.equal = TRUE, conf.level = {confidence});"
                      'cat(format(t$conf.int, digits = 17), "\\n")')
        cases.append({"stored": x, "candidate": y, "asked": confidence, "low": low, "high": high})
    return cases


def main():
    version_of_r = subprocess.run(["Rscript", "--version"], check=True, capture_output=True, text=True)
    made = {
        "made_with": {
            "python": platform.python_version(),
            "numpy": numpy.__version__,
            "scipy": scipy.__version__,
            "statsmodels": statsmodels.__version__,
            "r": (version_of_r.stdout + version_of_r.stderr).strip(),
        },
        "signed_rank": signed_rank(),
        "beyond": beyond(),
        "rank_sum": rank_sum(),
        "holm": holm(),
        "median_interval": median_interval(),
        "sessions": sessions(),
    }
    # One case a line.
    print("{")
    print(f'"made_with": {json.dumps(made.pop("made_with"))},')
    sections = [f'"{name}": [\n' + ",\n".join(json.dumps(case) for case in cases) + "\n]" for name, cases in made.items()]
    print(",\n".join(sections))
    print("}")


if __name__ == "__main__":
    main()
