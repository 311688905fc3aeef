"""The common workload W in numba, tuned by hand: what the engine is compared with.

    python benches/peer/numba_w.py            (numpy and numba as in benches/peer/requirements.txt)

One core. Ziggurat normals over PCG64 (numpy's generator, compiled by numba), fast mathematics, one
path at a time, jumps as waiting times, the profit by one exponential, operators taken by partial
selection of the largest and only on days whose bound can matter. Prints JSON:
normals a second, and path-days a second of `unif` and `coal`, by the processor's time and the best
of some runs, as `stakewright bench` prints its own.
"""

import json
import time

import numba as nb
import numpy as np

DAYS = 365
PATHS = 10_000
ASSETS = 4
OPERATORS = 40
PRICES = np.array([3000.0, 3010.0, 3350.0, 1.5])
VOLATILITY = np.array([0.65, 0.66, 0.67, 1.10])
JUMPS_A_YEAR = np.array([6.0, 6.0, 6.0, 10.0])
JUMP_MEAN = np.array([-0.04, -0.04, -0.04, -0.06])
JUMP_SD = np.array([0.08, 0.08, 0.08, 0.12])
CORRELATION = np.array(
    [
        [1.0, 0.98, 0.97, 0.55],
        [0.98, 1.0, 0.96, 0.54],
        [0.97, 0.96, 1.0, 0.53],
        [0.55, 0.54, 0.53, 1.0],
    ]
)


def operators(seed: int) -> np.ndarray:
    """Tokens of each operator and asset: 1.2 bn USD in all."""
    rng = np.random.Generator(np.random.PCG64(seed))
    size = rng.lognormal(0.0, 1.2, OPERATORS)
    mix = rng.dirichlet([4.0, 3.0, 2.0, 1.0], OPERATORS)
    usd = size[:, None] * mix
    return usd / usd.sum() * 1.2e9 / PRICES


@nb.njit(fastmath=True)
def normals(rng, count):
    total = 0.0
    for _ in range(count):
        total += rng.standard_normal()
    return total


@nb.njit(fastmath=True)
def largest_until(values, threshold):
    """The largest values until they reach the threshold, by partial selection."""
    n = values.size
    total = 0.0
    for k in range(n):
        best = k
        for j in range(k + 1, n):
            if values[j] > values[best]:
                best = j
        values[k], values[best] = values[best], values[k]
        total += values[k]
        if total >= threshold:
            return total
    return total


@nb.njit(fastmath=True)
def play(rng, paths, tokens, root, drift, sd, jump_day, jump_mean, jump_sd, coal):
    assets = sd.size
    pool = np.zeros(assets)
    for k in range(tokens.shape[0]):
        for a in range(assets):
            pool[a] += tokens[k, a]
    start = np.log(PRICES)
    burned = 0.5 * 0.9
    value_sd = 0.8 / np.sqrt(365.0)
    value_drift = -0.5 * value_sd * value_sd
    log = np.empty(assets)
    price = np.empty(assets)
    z = np.empty(assets)
    held = np.empty(tokens.shape[0])
    strike = np.empty(assets, np.int64)
    rate = -np.log1p(-jump_day)
    out = np.empty(paths)
    for path in range(paths):
        for a in range(assets):
            log[a] = start[a]
            strike[a] = int(-np.log(rng.random()) / rate[a])
        log_value = np.log(15e6)
        smallest = np.inf
        for day in range(DAYS):
            for a in range(assets):
                z[a] = rng.standard_normal()
            for a in range(assets):
                step = drift[a]
                for b in range(a + 1):
                    step += root[a, b] * z[b]
                if strike[a] == day:
                    step += jump_mean[a] + jump_sd[a] * rng.standard_normal()
                    strike[a] += 1 + int(-np.log(rng.random()) / rate[a])
                log[a] += step
                price[a] = np.exp(log[a])
            log_value += value_drift + value_sd * rng.standard_normal()
            profit = np.exp(log_value - 0.18 + 0.6 * rng.standard_normal())
            stake = 0.0
            for a in range(assets):
                stake += pool[a] * price[a]
            cost = burned * stake / 3.0
            if coal:
                # The continuum bounds the set of whole operators from below.
                if cost - profit < smallest:
                    for k in range(held.size):
                        held[k] = 0.0
                        for a in range(assets):
                            held[k] += tokens[k, a] * price[a]
                    cost = burned * largest_until(held, stake / 3.0)
                else:
                    continue
            if cost - profit < smallest:
                smallest = cost - profit
        out[path] = smallest
    return out


def best_of(runs, run):
    best = float("inf")
    for _ in range(runs):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    daily = VOLATILITY / np.sqrt(365.0)
    chance = JUMPS_A_YEAR / 365.0
    mean_jump = np.exp(JUMP_MEAN + 0.5 * JUMP_SD**2)
    drift = -0.5 * daily**2 - np.log1p(chance * (mean_jump - 1.0))
    root = np.linalg.cholesky(CORRELATION) * daily[:, None]
    tokens = operators(12)
    rng = np.random.Generator(np.random.PCG64(1))
    arguments = (tokens, root, drift, daily, chance, JUMP_MEAN, JUMP_SD)
    normals(rng, 10)
    for coal in (False, True):
        play(rng, 2, *arguments, coal)
    count = 20_000_000
    rates = {"normals_per_second": count / best_of(3, lambda: normals(rng, count))}
    for name, coal in (("unif", False), ("coal", True)):
        seconds = best_of(3, lambda: play(rng, PATHS, *arguments, coal))
        rates[f"{name}_path_days_per_second"] = PATHS * DAYS / seconds
    print(json.dumps(rates, indent=1))


if __name__ == "__main__":
    main()
