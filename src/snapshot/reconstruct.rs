//! The most even stake of single operators that reproduces the totals of their sets exactly.
//!
//! A source may state who is in each set and the stake of each set as a whole, and not the stake of
//! single operators. Many tables of single stakes reproduce the totals; this module finds the one
//! that assumes least: of all `x >= 0` with `sum of x over the members of s = total of s` for every
//! set `s`, the one with the least
//!
//! ```text
//! sum over o of x_o ln(x_o / (T / N)),   T = sum of x,   N = operators that may hold the asset
//! ```
//!
//! which is the total times its Kullback-Leibler divergence from equal shares: largest entropy
//! relative to uniform. (Where the totals fix `T` this is plain largest entropy. Where they do not,
//! plain `-sum x ln x` depends on the unit of the asset; this form does not.) The minimum has the
//! form `x_o = T/N exp(sum of l_s over the sets of o)`: one multiplier a set, so operators with the
//! same memberships hold the same, and the multipliers are found by Newton's method on the dual
//! (E. T. Jaynes, Phys. Rev. 106, 1957; I. Csiszar, Ann. Probab. 3, 1975 for existence and limits).

use super::{OperatorIndex, Provenance, SetIndex, Snapshot, Stake};
use std::collections::BTreeMap;

/// Largest relative difference between a total and the sum of its members that is accepted.
pub const TOLERANCE: f64 = 1e-10;
/// A stake below this part of the smallest total that it is in is zero: it is what remains of an
/// operator that the totals force out.
const DUST: f64 = 1e-13;
/// Newton stops when every total is met to this relative difference.
const TARGET: f64 = 1e-13;
/// Most Newton steps for one scale of the prior.
const NEWTON_STEPS: usize = 400;
/// Most scales of the prior that are tried.
const SCALES: usize = 60;
/// Most sweeps of iterative scaling before Newton's method.
const SWEEPS: usize = 5;

/// No non-negative stakes reproduce the totals.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error(
    "no stakes of single operators add up to the totals: set {set} states {total} and {reached} is the nearest reached"
)]
pub struct Contradiction {
    /// Place of the set in the list given.
    pub set: usize,
    /// Its total.
    pub total: f64,
    /// The sum over its members that the search ended with.
    pub reached: f64,
}

/// The most even stakes of `operators` operators in one asset, given the members and the total of
/// each set. Operators in no set hold nothing.
///
/// # Errors
/// When no non-negative stakes add up to the totals.
///
/// # Panics
/// When a member is not below `operators`, a total is negative or not finite, or the lists differ in
/// length.
pub fn most_even(
    operators: usize,
    members: &[Vec<OperatorIndex>],
    totals: &[f64],
) -> Result<Vec<f64>, Contradiction> {
    assert_eq!(members.len(), totals.len(), "one total for each set");
    for (set, &total) in totals.iter().enumerate() {
        assert!(
            total.is_finite() && total >= 0.0,
            "total of set {set} is {total}"
        );
    }
    let classes = Classes::of(operators, members, totals);
    if let Some(set) = (0..totals.len())
        .find(|&set| totals[set] > 0.0 && classes.rows.iter().all(|row| row.set != set))
    {
        return Err(Contradiction {
            set,
            total: totals[set],
            reached: 0.0,
        });
    }
    if classes.rows.is_empty() {
        return Ok(vec![0.0; operators]);
    }
    let masses = solve(&classes);
    let mut stakes = vec![0.0; operators];
    for (class, mass) in classes.classes.iter().zip(&masses) {
        for &operator in &class.operators {
            stakes[operator as usize] = mass / class.operators.len() as f64;
        }
    }
    for (set, members) in members.iter().enumerate() {
        let reached: f64 = members.iter().map(|&o| stakes[o as usize]).sum();
        if (reached - totals[set]).abs() > TOLERANCE * totals[set] {
            return Err(Contradiction {
                set,
                total: totals[set],
                reached,
            });
        }
    }
    Ok(stakes)
}

impl Snapshot {
    /// Replaces the stakes of single operators by the most even ones that reproduce
    /// [`Snapshot::totals`], each marked as reconstructed. A set without a total in an asset states
    /// zero of it. The snapshot must be in canonical order.
    ///
    /// # Errors
    /// When the totals of an asset contradict each other; the set in the error is a [`SetIndex`].
    pub fn reconstruct_stakes(&mut self) -> Result<(), Contradiction> {
        let members: Vec<Vec<OperatorIndex>> = (0..self.sets.len() as SetIndex)
            .map(|set| self.operators_of_set(set))
            .collect();
        let mut stakes = Vec::new();
        for asset in 0..self.assets.len() as u32 {
            let mut totals = vec![0.0; self.sets.len()];
            for total in self.totals.iter().filter(|total| total.asset == asset) {
                totals[total.set as usize] = total.amount_tokens;
            }
            let amounts = most_even(self.operators.len(), &members, &totals)?;
            stakes.extend((0..).zip(amounts).filter(|(_, amount)| *amount > 0.0).map(
                |(operator, amount_tokens)| Stake {
                    operator,
                    asset,
                    amount_tokens,
                    shares: None,
                    queued_shares: None,
                    provenance: Provenance::Reconstructed,
                },
            ));
        }
        stakes.sort_by_key(|stake| (stake.operator, stake.asset));
        self.stakes = stakes;
        Ok(())
    }
}

/// Operators with the same memberships.
struct Class {
    operators: Vec<OperatorIndex>,
    /// Rows that the class is in, ascending.
    rows: Vec<usize>,
}

/// A set with a positive total.
struct Row {
    set: usize,
    total: f64,
    /// Classes in it, ascending.
    classes: Vec<usize>,
}

/// The problem in classes, without the operators that a zero total forces to zero.
struct Classes {
    classes: Vec<Class>,
    rows: Vec<Row>,
    /// Operators in the classes.
    operators: f64,
}

impl Classes {
    fn of(operators: usize, members: &[Vec<OperatorIndex>], totals: &[f64]) -> Self {
        let mut memberships = vec![Vec::new(); operators];
        for (set, members) in members.iter().enumerate() {
            for &operator in members {
                memberships[operator as usize].push(set);
            }
        }
        let mut groups: BTreeMap<Vec<usize>, Vec<OperatorIndex>> = BTreeMap::new();
        for (operator, mut sets) in (0..).zip(memberships) {
            sets.dedup();
            if !sets.is_empty() && sets.iter().all(|&set| totals[set] > 0.0) {
                groups.entry(sets).or_default().push(operator);
            }
        }
        let mut rows: Vec<Row> = Vec::new();
        let mut row_of = vec![usize::MAX; totals.len()];
        for set in 0..totals.len() {
            if groups.keys().any(|sets| sets.contains(&set)) {
                row_of[set] = rows.len();
                rows.push(Row {
                    set,
                    total: totals[set],
                    classes: Vec::new(),
                });
            }
        }
        let mut classes = Vec::new();
        for (sets, operators) in groups {
            let in_rows: Vec<usize> = sets.iter().map(|&set| row_of[set]).collect();
            for &row in &in_rows {
                rows[row].classes.push(classes.len());
            }
            classes.push(Class {
                operators,
                rows: in_rows,
            });
        }
        let operators = classes
            .iter()
            .map(|class| class.operators.len())
            .sum::<usize>() as f64;
        Self {
            classes,
            rows,
            operators,
        }
    }

    /// Sum of the masses of each row.
    fn sums(&self, masses: &[f64]) -> Vec<f64> {
        self.rows
            .iter()
            .map(|row| row.classes.iter().map(|&class| masses[class]).sum())
            .collect()
    }

    /// Largest relative difference between a total and its sum.
    fn difference(&self, sums: &[f64]) -> f64 {
        self.rows
            .iter()
            .zip(sums)
            .map(|(row, sum)| (row.total - sum).abs() / row.total)
            .fold(0.0, f64::max)
    }
}

/// Mass of each class at the minimum. The prior is `T / N` for each operator, and `T` is known only
/// at the end: Newton's method in one variable, the logarithm of the prior's scale, around the
/// problem with the scale given.
fn solve(problem: &Classes) -> Vec<f64> {
    let largest = problem.rows.iter().map(|row| row.total).fold(0.0, f64::max);
    let mut scale = largest / problem.operators;
    let mut masses: Vec<f64> = problem
        .classes
        .iter()
        .map(|class| scale * class.operators.len() as f64)
        .collect();
    for _ in 0..SWEEPS {
        for row in &problem.rows {
            let sum: f64 = row.classes.iter().map(|&class| masses[class]).sum();
            for &class in &row.classes {
                masses[class] *= row.total / sum;
            }
        }
    }
    for _ in 0..SCALES {
        meet_totals(problem, &mut masses);
        let sum: f64 = masses.iter().sum();
        let excess = libm::log(sum / problem.operators / scale);
        if excess.abs() <= TARGET {
            break;
        }
        // How the sum follows the scale: not at all where the totals fix it.
        let sums = problem.sums(&masses);
        let step = newton_step(problem, &masses, &sums);
        let fixed: f64 = sums.iter().zip(&step).map(|(a, b)| a * b).sum();
        let follow = (1.0 - fixed / sum).clamp(0.0, 0.99);
        let change = excess / (1.0 - follow);
        scale *= libm::exp(change);
        let factor = libm::exp(change);
        masses.iter_mut().for_each(|mass| *mass *= factor);
    }
    for (class, mass) in problem.classes.iter().zip(&mut masses) {
        let smallest = class
            .rows
            .iter()
            .map(|&row| problem.rows[row].total)
            .fold(f64::INFINITY, f64::min);
        if *mass < DUST * smallest {
            *mass = 0.0;
        }
    }
    masses
}

/// Newton's method on the dual, with a line search. Masses stay of the form `prior times exp(sum of
/// multipliers)`, so each step keeps the minimum's form and only the totals are left to meet.
fn meet_totals(problem: &Classes, masses: &mut [f64]) {
    let mut best = f64::INFINITY;
    let mut stalled = 0;
    for _ in 0..NEWTON_STEPS {
        let sums = problem.sums(masses);
        let difference = problem.difference(&sums);
        // Rounding ends the progress before the target where totals differ by many orders.
        stalled = if difference < 0.9 * best {
            0
        } else {
            stalled + 1
        };
        best = best.min(difference);
        if difference <= TARGET || (stalled >= 12 && difference <= TOLERANCE / 10.0) {
            return;
        }
        let gap: Vec<f64> = problem
            .rows
            .iter()
            .zip(&sums)
            .map(|(row, sum)| row.total - sum)
            .collect();
        let step = newton_step(problem, masses, &gap);
        let growth: Vec<f64> = problem
            .classes
            .iter()
            .map(|class| class.rows.iter().map(|&row| step[row]).sum())
            .collect();
        let slope: f64 = gap.iter().zip(&step).map(|(g, s)| g * s).sum();
        let linear: f64 = problem
            .rows
            .iter()
            .zip(&step)
            .map(|(row, s)| row.total * s)
            .sum();
        // Falling masses are safe at any speed; rising ones overflow.
        let fastest = growth.iter().copied().fold(0.0, f64::max);
        let mut length = if fastest > 3.0 { 3.0 / fastest } else { 1.0 };
        for _ in 0..60 {
            let rise: f64 = masses
                .iter()
                .zip(&growth)
                .map(|(m, g)| m * libm::expm1(length * g))
                .sum::<f64>()
                - length * linear;
            if rise <= -1e-4 * length * slope || difference < 1e-7 {
                break;
            }
            length /= 2.0;
        }
        for (mass, g) in masses.iter_mut().zip(&growth) {
            *mass *= libm::exp(length * g);
        }
    }
}

/// Solves `(A diag(masses) A') step = right`, `A` the memberships of rows in classes. Rows that
/// depend on others make it singular: a ridge of 10^-14 after scaling keeps those still.
fn newton_step(problem: &Classes, masses: &[f64], right: &[f64]) -> Vec<f64> {
    const RIDGE: f64 = 1e-14;
    let size = problem.rows.len();
    let mut matrix = vec![0.0; size * size];
    for (class, mass) in problem.classes.iter().zip(masses) {
        for &a in &class.rows {
            for &b in &class.rows {
                matrix[a * size + b] += mass;
            }
        }
    }
    let scale: Vec<f64> = (0..size)
        .map(|i| 1.0 / matrix[i * size + i].sqrt())
        .collect();
    for i in 0..size {
        for j in 0..size {
            matrix[i * size + j] *= scale[i] * scale[j];
        }
        matrix[i * size + i] += RIDGE;
    }
    let right: Vec<f64> = right.iter().zip(&scale).map(|(r, s)| r * s).collect();
    let mut step = cholesky_solve(&mut matrix, size, right);
    step.iter_mut().zip(&scale).for_each(|(x, s)| *x *= s);
    step
}

/// Solves a symmetric positive semidefinite system in place; a pivot that rounding made smaller than
/// the ridge counts as dependent and its unknown stays zero.
fn cholesky_solve(matrix: &mut [f64], size: usize, mut right: Vec<f64>) -> Vec<f64> {
    const SMALLEST_PIVOT: f64 = 5e-15;
    let at = |i: usize, j: usize| i * size + j;
    let mut free = vec![true; size];
    for j in 0..size {
        for k in 0..j {
            let factor = matrix[at(j, k)];
            for i in j..size {
                matrix[at(i, j)] -= matrix[at(i, k)] * factor;
            }
        }
        let pivot = matrix[at(j, j)];
        free[j] = pivot > SMALLEST_PIVOT;
        let inverse = if free[j] { 1.0 / pivot.sqrt() } else { 0.0 };
        for i in j..size {
            matrix[at(i, j)] *= inverse;
        }
    }
    for i in 0..size {
        for k in 0..i {
            right[i] -= matrix[at(i, k)] * right[k];
        }
        right[i] = if free[i] {
            right[i] / matrix[at(i, i)]
        } else {
            0.0
        };
    }
    for i in (0..size).rev() {
        for k in i + 1..size {
            right[i] -= matrix[at(k, i)] * right[k];
        }
        right[i] = if free[i] {
            right[i] / matrix[at(i, i)]
        } else {
            0.0
        };
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn close(a: f64, b: f64, tolerance: f64) -> bool {
        (a - b).abs() <= tolerance * a.abs().max(b.abs())
    }

    #[test]
    fn members_of_one_set_share_equally() {
        let stakes = most_even(4, &[vec![0, 1, 2]], &[30.0]).unwrap();
        assert!(
            stakes[..3].iter().all(|&s| close(s, 10.0, 1e-12)),
            "{stakes:?}"
        );
        assert!(stakes[3] == 0.0, "in no set");
    }

    /// Rows and columns of a table: the largest entropy is the product of the margins.
    #[test]
    fn a_table_with_margins_is_their_product() {
        let (rows, columns) = ([10.0, 30.0], [8.0, 12.0, 20.0]);
        let mut members = vec![Vec::new(); 5];
        for r in 0..2usize {
            for c in 0..3usize {
                members[r].push((r * 3 + c) as u32);
                members[2 + c].push((r * 3 + c) as u32);
            }
        }
        let stakes = most_even(6, &members, &[10.0, 30.0, 8.0, 12.0, 20.0]).unwrap();
        for r in 0..2 {
            for c in 0..3 {
                assert!(
                    close(stakes[r * 3 + c], rows[r] * columns[c] / 40.0, 1e-11),
                    "{stakes:?}"
                );
            }
        }
    }

    /// Two sets that share operator 1 and leave the sum open: the stationary point solved by hand.
    /// With x_o = q exp(..), x1 = x0 x2 / q and q the mean: sums a, b give x1 from
    /// (a - x1)(b - x1) 3 = x1 (a + b - x1).
    #[test]
    fn an_open_sum_is_the_mean_of_its_own_prior() {
        let (a, b) = (10.0, 4.0);
        let stakes = most_even(3, &[vec![0, 1], vec![1, 2]], &[a, b]).unwrap();
        // 3(ab - (a+b)x + x^2) = (a+b)x - x^2  =>  4x^2 - 4(a+b)x + 3ab = 0
        let x1 = ((a + b) - ((a + b) * (a + b) - 3.0 * a * b).sqrt()) / 2.0;
        assert!(close(stakes[1], x1, 1e-11), "{stakes:?} and {x1}");
        assert!(
            close(stakes[0], a - x1, 1e-11) && close(stakes[2], b - x1, 1e-11),
            "{stakes:?}"
        );
    }

    #[test]
    fn the_unit_does_not_matter() {
        let members = [vec![0, 1, 2], vec![1, 2, 3], vec![3, 4]];
        let small = most_even(5, &members, &[3e-15, 2e-15, 5e-16]).unwrap();
        let large = most_even(5, &members, &[3e15, 2e15, 5e14]).unwrap();
        for (s, l) in small.iter().zip(&large) {
            assert!(close(s * 1e30, *l, 1e-9), "{small:?} {large:?}");
        }
    }

    #[test]
    fn zero_totals_and_equal_totals_force_zeros() {
        let stakes = most_even(
            4,
            &[vec![0, 1], vec![0], vec![2, 3], vec![3]],
            &[5.0, 5.0, 7.0, 0.0],
        )
        .unwrap();
        assert!(
            close(stakes[0], 5.0, 1e-12) && stakes[1] == 0.0,
            "{stakes:?}"
        );
        assert!(
            close(stakes[2], 7.0, 1e-12) && stakes[3] == 0.0,
            "{stakes:?}"
        );
    }

    #[test]
    fn contradictions_name_the_set() {
        assert_eq!(
            most_even(2, &[vec![0], vec![0]], &[1.0, 0.0])
                .unwrap_err()
                .set,
            0
        );
        assert_eq!(most_even(1, &[vec![]], &[1.0]).unwrap_err().set, 0);
        let error = most_even(2, &[vec![0, 1], vec![0]], &[1.0, 2.0]).unwrap_err();
        assert!(
            error.total > 0.0 && !close(error.total, error.reached, 1e-3),
            "{error}"
        );
    }

    /// A graph of operators in sets, and the stakes that the totals come from.
    fn graph() -> impl Strategy<Value = (Vec<Vec<OperatorIndex>>, Vec<f64>)> {
        (2usize..25, 1usize..9).prop_flat_map(|(operators, sets)| {
            let stake =
                prop_oneof![1 => Just(0.0), 6 => (0.0f64..18.0).prop_map(|e| 10f64.powf(e / 3.0))];
            (
                prop::collection::vec(
                    prop::collection::btree_set(0..operators as u32, 1..=operators),
                    sets,
                ),
                prop::collection::vec(stake, operators),
            )
                .prop_map(|(members, stakes)| {
                    (
                        members
                            .into_iter()
                            .map(|m| m.into_iter().collect())
                            .collect(),
                        stakes,
                    )
                })
        })
    }

    fn divergence(stakes: &[f64], may_hold: f64) -> f64 {
        let total: f64 = stakes.iter().sum();
        stakes
            .iter()
            .filter(|s| **s > 0.0)
            .map(|s| s * (s * may_hold / total).ln())
            .sum()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]

        #[test]
        fn every_total_is_met_and_nothing_is_more_even((members, mut origin) in graph()) {
            for (operator, stake) in origin.iter_mut().enumerate() {
                if !members.iter().any(|m| m.contains(&(operator as u32))) {
                    *stake = 0.0;
                }
            }
            let totals: Vec<f64> = members.iter().map(|m| m.iter().map(|&o| origin[o as usize]).sum()).collect();
            let stakes = most_even(origin.len(), &members, &totals).unwrap();
            prop_assert!(stakes.iter().all(|s| *s >= 0.0 && s.is_finite()));
            for (m, total) in members.iter().zip(&totals) {
                let sum: f64 = m.iter().map(|&o| stakes[o as usize]).sum();
                prop_assert!((sum - total).abs() <= 1e-9 * total, "{sum} and {total}");
            }
            // Operators with the same memberships hold the same.
            for a in 0..origin.len() as u32 {
                for b in 0..a {
                    if members.iter().all(|m| m.contains(&a) == m.contains(&b)) {
                        prop_assert_eq!(stakes[a as usize].to_bits(), stakes[b as usize].to_bits());
                    }
                }
            }
            // The stakes that the totals came from are no more even.
            let may_hold = (0..origin.len() as u32)
                .filter(|o| members.iter().any(|m| m.contains(o)))
                .filter(|o| members.iter().zip(&totals).all(|(m, t)| *t > 0.0 || !m.contains(o)))
                .count() as f64;
            let (found, other) = (divergence(&stakes, may_hold), divergence(&origin, may_hold));
            let size: f64 = origin.iter().sum();
            prop_assert!(found <= other + 1e-7 * size, "{found} and {other}");
        }
    }
}
