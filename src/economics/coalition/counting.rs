//! A bound by counting heads: where many entities weigh about the same, the fractional relaxation
//! stops at ten and a half members where eleven are needed, and no branch can be cut.

/// For every depth, what the entities from there on weigh and cost at best.
pub(super) struct Counting {
    /// `[depth]`: running sums of the largest weights of what is left, none first.
    largest: Vec<Vec<f64>>,
    /// `[depth]`: running sums of the smallest costs of what is left, none first.
    cheapest: Vec<Vec<f64>>,
}

/// The most entities for which the sums are kept: two tables of half its square.
const MOST: usize = 600;

impl Counting {
    /// The tables for entities in the order of the search, or `None` when they are too many.
    pub(super) fn new(weights: &[f64], costs: &[f64]) -> Option<Self> {
        if weights.len() > MOST {
            return None;
        }
        let sums = |values: &[f64], ascending: bool| -> Vec<Vec<f64>> {
            let mut sorted: Vec<f64> = Vec::new();
            let mut tables = vec![vec![0.0]; values.len() + 1];
            for depth in (0..values.len()).rev() {
                let value = values[depth];
                let at = sorted.partition_point(|&other| {
                    if ascending {
                        other < value
                    } else {
                        other > value
                    }
                });
                sorted.insert(at, value);
                let mut sum = 0.0;
                tables[depth].extend(sorted.iter().map(|value| {
                    sum += value;
                    sum
                }));
            }
            tables
        };
        Some(Self {
            largest: sums(weights, false),
            cheapest: sums(costs, true),
        })
    }

    /// The least that collecting `missing` from `depth` on costs: as many entities as even the
    /// heaviest ones make necessary, at the price of the cheapest ones.
    pub(super) fn bound(&self, depth: usize, missing: f64) -> f64 {
        let members = self.largest[depth].partition_point(|&sum| sum < missing);
        self.cheapest[depth]
            .get(members)
            .copied()
            .unwrap_or(f64::INFINITY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_heads_from_each_depth_on() {
        let counting = Counting::new(&[5.0, 3.0, 4.0], &[1.0, 2.0, 9.0]).expect("few entities");
        for (depth, missing, expected) in [
            (0, 5.0, 1.0),
            (0, 5.1, 3.0),
            (0, 9.1, 12.0),
            (1, 4.0, 2.0),
            (1, 4.1, 11.0),
            (2, 1.0, 9.0),
        ] {
            assert!(
                (counting.bound(depth, missing) - expected).abs() < 1e-15,
                "{depth} {missing}"
            );
        }
        assert!(counting.bound(2, 4.1).is_infinite());
    }
}
