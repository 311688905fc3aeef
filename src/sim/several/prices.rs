//! What a vote of each quorum is worth: the multipliers of the continuum's problem.
//!
//! For prices λ ≥ 0 of the votes, `Σ_q λ_q T_q - Σ_o (Σ_q λ_q w_oq - c_o)⁺` is no more than the cost of
//! any set that reaches all quorums (Lagrangian relaxation, Geoffrion 1974), and at its largest it is
//! what the continuum costs. Two prices are found exactly, one by bisection and the other in closed
//! form for each; more are found a pair at a time, and the bound holds wherever that ends.

/// Halvings of a price's range.
const HALVINGS: u32 = 48;
/// Times that each pair of more than two quorums is looked at.
const ROUNDS: usize = 3;

/// Prices of votes and the bound that they prove.
pub(super) struct Prices {
    /// USD a vote, `[quorum]`.
    pub each: Vec<f64>,
    pub bound: f64,
}

impl Prices {
    /// What an entity costs beyond what its votes are worth.
    pub fn excess(&self, costs: &[f64], quorums: &[Vec<f64>], entity: usize) -> f64 {
        let votes = self.each.iter().zip(quorums).map(|(p, v)| p * v[entity]);
        costs[entity] - votes.sum::<f64>()
    }
}

/// The prices that prove most.
pub(super) fn of(costs: &[f64], quorums: &[Vec<f64>], targets: &[f64]) -> Prices {
    let problem = Problem {
        costs,
        quorums,
        targets,
    };
    let n = quorums.len();
    let mut best = Prices {
        each: vec![0.0; n],
        bound: 0.0,
    };
    let rounds = if n == 2 { 1 } else { ROUNDS };
    for _ in 0..rounds {
        for a in 0..n {
            for b in a + 1..n {
                problem.pair(a, b, &mut best);
            }
        }
    }
    best
}

struct Problem<'a> {
    costs: &'a [f64],
    quorums: &'a [Vec<f64>],
    targets: &'a [f64],
}

impl Problem<'_> {
    fn bound(&self, prices: &[f64]) -> f64 {
        let paid: f64 = prices.iter().zip(self.targets).map(|(p, t)| p * t).sum();
        let over = (0..self.costs.len()).map(|o| {
            let worth: f64 = prices.iter().zip(self.quorums).map(|(p, v)| p * v[o]).sum();
            (worth - self.costs[o]).max(0.0)
        });
        paid - over.sum::<f64>()
    }

    /// The best prices of two quorums, the others' as they are.
    fn pair(&self, a: usize, b: usize, best: &mut Prices) {
        let mut prices = best.each.clone();
        (prices[a], prices[b]) = (0.0, 0.0);
        let left: Vec<f64> = (0..self.costs.len())
            .map(|o| {
                let worth = prices.iter().zip(self.quorums).map(|(p, v)| p * v[o]);
                self.costs[o] - worth.sum::<f64>()
            })
            .collect();
        let votes = &self.quorums[a];
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for (cost, votes) in left.iter().zip(votes) {
            if *votes > 0.0 {
                high = high.max(cost / votes);
            }
        }
        let mut order: Vec<usize> = Vec::new();
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            let (other, missing) = self.answer(a, b, middle, &left, &mut order);
            (prices[a], prices[b]) = (middle, other);
            let bound = self.bound(&prices);
            if bound > best.bound {
                best.bound = bound;
                best.each.clone_from(&prices);
            }
            if missing > 0.0 {
                low = middle;
            } else {
                high = middle;
            }
        }
    }

    /// The best price of the second quorum at a price of the first, and the votes of the first that
    /// are then still missing.
    fn answer(
        &self,
        a: usize,
        b: usize,
        price: f64,
        left: &[f64],
        order: &mut Vec<usize>,
    ) -> (f64, f64) {
        let (first, second) = (&self.quorums[a], &self.quorums[b]);
        let cost = |o: usize| left[o] - price * first[o];
        let mut missing = (self.targets[a], self.targets[b]);
        order.clear();
        for o in 0..left.len() {
            if cost(o) <= 0.0 {
                missing.0 -= first[o];
                missing.1 -= second[o];
            } else if second[o] > 0.0 {
                order.push(o);
            }
        }
        if missing.1 <= 0.0 {
            return (0.0, missing.0);
        }
        let ratio = |o: usize| cost(o) / second[o];
        order.sort_by(|&x, &y| ratio(x).total_cmp(&ratio(y)).then(x.cmp(&y)));
        let mut last = 0.0;
        for &o in order.iter() {
            last = ratio(o);
            let share = (missing.1 / second[o]).min(1.0);
            missing.0 -= share * first[o];
            missing.1 -= second[o];
            if missing.1 <= 0.0 {
                break;
            }
        }
        (last, missing.0)
    }
}
