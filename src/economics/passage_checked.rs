//! First passage of a log margin that is looked at now and then: exact, by backward recursion.
//!
//! P(fail at this check or later | X) is the step's probability of landing below zero plus the
//! integral of the later failure probability over where else it lands. The integral runs over
//! panels one deviation of the narrowest part wide, so the kernel between two points depends on
//! the distance of their panels alone and is computed once.

use super::solve::gauss_legendre;
use crate::stats::normal;

/// The move of X between two checks: a mixture of normals.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    /// Probability, mean and standard deviation of each part.
    pub parts: Vec<(f64, f64, f64)>,
}

impl Step {
    /// P(X + move < 0).
    fn below_zero(&self, x: f64) -> f64 {
        self.parts
            .iter()
            .map(|(weight, mean, deviation)| weight * normal::cdf((-x - mean) / deviation))
            .sum()
    }

    fn density(&self, move_by: f64) -> f64 {
        self.parts
            .iter()
            .map(|(weight, mean, deviation)| {
                weight * normal::density((move_by - mean) / deviation) / deviation
            })
            .sum()
    }

    fn narrowest(&self) -> f64 {
        self.parts
            .iter()
            .map(|part| part.2)
            .fold(f64::INFINITY, f64::min)
    }

    /// How far a move reaches before its probability is lost in rounding.
    fn reach(&self) -> f64 {
        self.parts
            .iter()
            .map(|(_, mean, deviation)| mean.abs() + 9.0 * deviation)
            .fold(0.0, f64::max)
    }
}

/// P(X < 0 at one of `checks` checks | X = `start`), failing nowhere above `top`.
pub(super) fn failure(start: f64, top: f64, step: &Step, checks: usize) -> f64 {
    if checks == 1 {
        return step.below_zero(start);
    }
    let grid = Grid::new(top, step);
    let mut later = vec![0.0; grid.panels * NODES];
    for _ in 1..checks {
        later = grid.one_check_earlier(&later);
    }
    grid.at(start, &later).min(1.0)
}

const NODES: usize = 12;

struct Grid<'a> {
    rule: Vec<(f64, f64)>,
    panels: usize,
    width: f64,
    step: &'a Step,
    below_zero: Vec<f64>,
    /// `[panel distance + reach][to node][from node]`: weight × density.
    kernel: Vec<f64>,
    reach: usize,
}

impl<'a> Grid<'a> {
    fn new(top: f64, step: &'a Step) -> Self {
        let rule = gauss_legendre(NODES);
        let width = step.narrowest();
        let panels = (top / width).ceil() as usize + 1;
        let reach = (step.reach() / width).ceil() as usize + 1;
        let cells = panels.saturating_mul(reach);
        assert!(
            cells < 20_000_000,
            "{panels} panels of reach {reach}: the checks are too close for this recursion"
        );
        let mut kernel = Vec::with_capacity((2 * reach + 1) * NODES * NODES);
        for distance in 0..=2 * reach {
            let distance = distance as f64 - reach as f64;
            for &(to, _) in &rule {
                for &(from, weight) in &rule {
                    let move_by = width * (distance + 0.5 * (from - to));
                    kernel.push(0.5 * width * weight * step.density(move_by));
                }
            }
        }
        let mut grid = Self {
            rule,
            panels,
            width,
            step,
            below_zero: Vec::new(),
            kernel,
            reach,
        };
        grid.below_zero = (0..panels * NODES)
            .map(|point| step.below_zero(grid.position(point)))
            .collect();
        grid
    }

    fn position(&self, point: usize) -> f64 {
        ((point / NODES) as f64 + 0.5 + 0.5 * self.rule[point % NODES].0) * self.width
    }

    fn one_check_earlier(&self, later: &[f64]) -> Vec<f64> {
        let mut earlier = self.below_zero.clone();
        for (point, total) in earlier.iter_mut().enumerate() {
            let (panel, node) = (point / NODES, point % NODES);
            let first = panel.saturating_sub(self.reach);
            let last = (panel + self.reach).min(self.panels - 1);
            for from in first..=last {
                let row = ((from + self.reach - panel) * NODES + node) * NODES;
                let kernel = &self.kernel[row..row + NODES];
                let values = &later[from * NODES..(from + 1) * NODES];
                *total += kernel.iter().zip(values).map(|(k, f)| k * f).sum::<f64>();
            }
        }
        earlier
    }

    fn at(&self, x: f64, later: &[f64]) -> f64 {
        let mut total = self.step.below_zero(x);
        for (point, failure) in later.iter().enumerate() {
            let weight = 0.5 * self.width * self.rule[point % NODES].1;
            total += weight * self.step.density(self.position(point) - x) * failure;
        }
        total
    }
}
