//! The canonical order of the tables, and whether they fit together.

use super::{Magnitudes, Snapshot, SplitScope};
use crate::units::WAD;
use std::cmp::Ordering;

/// Something in a snapshot that cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table `{table}`, row {row}: {problem}")]
pub struct Inconsistency {
    /// The table.
    pub table: &'static str,
    /// The row, counted from 0.
    pub row: usize,
    /// What is wrong.
    pub problem: String,
}

impl Snapshot {
    /// Brings a freshly read snapshot into canonical order: operators and AVSs by address, sets by
    /// AVS and id, assets by strategy, token and symbol, the rest by their indices; indices follow.
    ///
    /// # Panics
    /// When an index points outside its table.
    pub fn sort(&mut self) {
        let assets = permutation(&self.assets, |a, b| {
            (a.strategy, a.token, &a.symbol).cmp(&(b.strategy, b.token, &b.symbol))
        });
        let operators = permutation(&self.operators, |a, b| a.address.cmp(&b.address));
        let avss = permutation(&self.avss, |a, b| a.address.cmp(&b.address));
        apply(&mut self.assets, &assets);
        apply(&mut self.operators, &operators);
        apply(&mut self.avss, &avss);
        for set in &mut self.sets {
            set.avs = avss[set.avs as usize];
            for asset in &mut set.strategies {
                *asset = assets[*asset as usize];
            }
            set.strategies.sort_unstable();
        }
        let sets = permutation(&self.sets, |a, b| {
            (a.avs, a.kind as u8, a.id).cmp(&(b.avs, b.kind as u8, b.id))
        });
        apply(&mut self.sets, &sets);
        for row in &mut self.memberships {
            row.set = sets[row.set as usize];
            row.operator = operators[row.operator as usize];
        }
        for row in &mut self.stakes {
            row.operator = operators[row.operator as usize];
            row.asset = assets[row.asset as usize];
        }
        for row in &mut self.totals {
            row.set = sets[row.set as usize];
            row.asset = assets[row.asset as usize];
        }
        for row in &mut self.magnitudes {
            row.operator = operators[row.operator as usize];
            row.asset = assets[row.asset as usize];
        }
        for row in &mut self.allocations {
            row.operator = operators[row.operator as usize];
            row.set = sets[row.set as usize];
            row.asset = assets[row.asset as usize];
        }
        for row in &mut self.splits {
            row.operator = operators[row.operator as usize];
            row.scope = match row.scope {
                SplitScope::OperatorSet(set) => SplitScope::OperatorSet(sets[set as usize]),
                SplitScope::Avs(avs) => SplitScope::Avs(avss[avs as usize]),
                SplitScope::ProgrammaticIncentives => SplitScope::ProgrammaticIncentives,
            };
        }
        for row in &mut self.slashings {
            row.set = sets[row.set as usize];
            row.operator = operators[row.operator as usize];
            row.asset = assets[row.asset as usize];
        }
        for row in &mut self.rewards {
            row.avs = row.avs.map(|avs| avss[avs as usize]);
            row.set = row.set.map(|set| sets[set as usize]);
        }
        for row in &mut self.price_history {
            row.asset = assets[row.asset as usize];
        }
        for row in &mut self.observations {
            row.avs = row.avs.map(|avs| avss[avs as usize]);
            row.operator = row.operator.map(|operator| operators[operator as usize]);
        }
        self.memberships.sort_by_key(|m| (m.set, m.operator));
        self.stakes.sort_by_key(|s| (s.operator, s.asset));
        self.totals.sort_by_key(|t| (t.set, t.asset));
        self.magnitudes.sort_by_key(|m| (m.operator, m.asset));
        self.allocations
            .sort_by_key(|a| (a.operator, a.set, a.asset));
        self.splits
            .sort_by_key(|s| (s.operator, scope_key(s.scope)));
        self.slashings
            .sort_by_key(|s| (s.block, s.log_index, s.asset));
        self.rewards.sort_by_key(|r| (r.block, r.log_index));
        self.contracts
            .sort_by(|a, b| (&a.name, a.address).cmp(&(&b.name, b.address)));
        self.price_history.sort_by(|a, b| {
            (a.asset, a.timestamp, &a.source).cmp(&(b.asset, b.timestamp, &b.source))
        });
        self.observations.sort_by(|a, b| {
            (a.avs, a.operator, &a.metric, a.timestamp, &a.source).cmp(&(
                b.avs,
                b.operator,
                &b.metric,
                b.timestamp,
                &b.source,
            ))
        });
        self.facts.sort();
    }

    /// Lists what does not fit together: indices outside their table, rows out of order or twice,
    /// amounts below zero or not finite, magnitudes over their maximum. Empty when all is well.
    /// At most 20 are listed.
    #[must_use]
    pub fn check(&self) -> Vec<Inconsistency> {
        let mut found = Found::default();
        let (operators, assets) = (self.operators.len() as u32, self.assets.len() as u32);
        let (avss, sets) = (self.avss.len() as u32, self.sets.len() as u32);
        let tables = Sizes {
            operators,
            assets,
            avss,
            sets,
        };

        found.ascending("operators", &self.operators, |a, b| {
            a.address.cmp(&b.address)
        });
        found.ascending("avss", &self.avss, |a, b| a.address.cmp(&b.address));
        found.ascending("assets", &self.assets, |a, b| {
            (a.strategy, a.token, &a.symbol).cmp(&(b.strategy, b.token, &b.symbol))
        });
        found.ascending("sets", &self.sets, |a, b| {
            (a.avs, a.kind as u8, a.id).cmp(&(b.avs, b.kind as u8, b.id))
        });
        found.ascending("memberships", &self.memberships, |a, b| {
            (a.set, a.operator).cmp(&(b.set, b.operator))
        });
        found.ascending("stakes", &self.stakes, |a, b| {
            (a.operator, a.asset).cmp(&(b.operator, b.asset))
        });
        found.ascending("totals", &self.totals, |a, b| {
            (a.set, a.asset).cmp(&(b.set, b.asset))
        });
        found.ascending("magnitudes", &self.magnitudes, |a, b| {
            (a.operator, a.asset).cmp(&(b.operator, b.asset))
        });
        found.ascending("allocations", &self.allocations, |a, b| {
            (a.operator, a.set, a.asset).cmp(&(b.operator, b.set, b.asset))
        });
        found.ascending("facts", &self.facts.0, |a, b| a.key.cmp(&b.key));

        for (row, asset) in self.assets.iter().enumerate() {
            if let Some(price) = &asset.price
                && !(price.usd.is_finite() && price.usd > 0.0)
            {
                found.add(
                    "assets",
                    row,
                    format!("price of {} is {} USD", asset.symbol, price.usd),
                );
            }
        }
        for (row, set) in self.sets.iter().enumerate() {
            found.index("sets", row, "avs_index", set.avs, tables.avss);
            for &asset in &set.strategies {
                found.index(
                    "sets",
                    row,
                    "asset index in strategies",
                    asset,
                    tables.assets,
                );
            }
        }
        for (row, m) in self.memberships.iter().enumerate() {
            found.index("memberships", row, "set_index", m.set, tables.sets);
            found.index(
                "memberships",
                row,
                "operator_index",
                m.operator,
                tables.operators,
            );
        }
        for (row, s) in self.stakes.iter().enumerate() {
            found.index(
                "stakes",
                row,
                "operator_index",
                s.operator,
                tables.operators,
            );
            found.index("stakes", row, "asset_index", s.asset, tables.assets);
            if !(s.amount_tokens.is_finite() && s.amount_tokens >= 0.0) {
                found.add(
                    "stakes",
                    row,
                    format!("amount_tokens is {}", s.amount_tokens),
                );
            }
        }
        for (row, t) in self.totals.iter().enumerate() {
            found.index("totals", row, "set_index", t.set, tables.sets);
            found.index("totals", row, "asset_index", t.asset, tables.assets);
            if !(t.amount_tokens.is_finite() && t.amount_tokens >= 0.0) {
                found.add(
                    "totals",
                    row,
                    format!("amount_tokens is {}", t.amount_tokens),
                );
            }
        }
        for (row, m) in self.magnitudes.iter().enumerate() {
            found.index(
                "magnitudes",
                row,
                "operator_index",
                m.operator,
                tables.operators,
            );
            found.index("magnitudes", row, "asset_index", m.asset, tables.assets);
            magnitude_bounds(&mut found, row, m);
        }
        self.check_allocations(&mut found, &tables);
        self.check_history(&mut found, &tables);
        found.list
    }

    fn check_allocations(&self, found: &mut Found, tables: &Sizes) {
        for (row, a) in self.allocations.iter().enumerate() {
            found.index(
                "allocations",
                row,
                "operator_index",
                a.operator,
                tables.operators,
            );
            found.index("allocations", row, "set_index", a.set, tables.sets);
            found.index("allocations", row, "asset_index", a.asset, tables.assets);
            if a.current_magnitude_wad > WAD {
                found.add(
                    "allocations",
                    row,
                    format!(
                        "current_magnitude_wad is {} of {WAD}",
                        a.current_magnitude_wad
                    ),
                );
            }
        }
        for (row, s) in self.splits.iter().enumerate() {
            found.index(
                "splits",
                row,
                "operator_index",
                s.operator,
                tables.operators,
            );
            match s.scope {
                SplitScope::OperatorSet(set) => {
                    found.index("splits", row, "set_index", set, tables.sets)
                }
                SplitScope::Avs(avs) => found.index("splits", row, "avs_index", avs, tables.avss),
                SplitScope::ProgrammaticIncentives => {}
            }
            if s.split_bips > 10_000 {
                found.add(
                    "splits",
                    row,
                    format!("split_bips is {} of 10000", s.split_bips),
                );
            }
        }
    }

    fn check_history(&self, found: &mut Found, tables: &Sizes) {
        for (row, s) in self.slashings.iter().enumerate() {
            found.index("slashings", row, "set_index", s.set, tables.sets);
            found.index(
                "slashings",
                row,
                "operator_index",
                s.operator,
                tables.operators,
            );
            found.index("slashings", row, "asset_index", s.asset, tables.assets);
            if s.slashed_wad > WAD {
                found.add(
                    "slashings",
                    row,
                    format!("slashed_wad is {} of {WAD}", s.slashed_wad),
                );
            }
        }
        for (row, r) in self.rewards.iter().enumerate() {
            found.optional("rewards", row, "avs_index", r.avs, tables.avss);
            found.optional("rewards", row, "set_index", r.set, tables.sets);
        }
        for (row, p) in self.price_history.iter().enumerate() {
            found.index("price_history", row, "asset_index", p.asset, tables.assets);
            if !(p.price_usd.is_finite() && p.price_usd > 0.0) {
                found.add(
                    "price_history",
                    row,
                    format!("price_usd is {}", p.price_usd),
                );
            }
        }
        for (row, o) in self.observations.iter().enumerate() {
            found.optional("observations", row, "avs_index", o.avs, tables.avss);
            found.optional(
                "observations",
                row,
                "operator_index",
                o.operator,
                tables.operators,
            );
        }
        for (row, fact) in self.facts.0.iter().enumerate() {
            if !fact.value.is_finite() {
                found.add("facts", row, format!("{} is {}", fact.key, fact.value));
            }
        }
    }
}

fn magnitude_bounds(found: &mut Found, row: usize, m: &Magnitudes) {
    if m.max_magnitude_wad > WAD {
        found.add(
            "magnitudes",
            row,
            format!("max_magnitude_wad is {} of {WAD}", m.max_magnitude_wad),
        );
    }
    if m.encumbered_magnitude_wad > m.max_magnitude_wad {
        found.add(
            "magnitudes",
            row,
            format!(
                "encumbered_magnitude_wad {} is over max_magnitude_wad {}",
                m.encumbered_magnitude_wad, m.max_magnitude_wad
            ),
        );
    }
}

fn scope_key(scope: SplitScope) -> (u8, u32) {
    match scope {
        SplitScope::OperatorSet(set) => (0, set),
        SplitScope::Avs(avs) => (1, avs),
        SplitScope::ProgrammaticIncentives => (2, 0),
    }
}

struct Sizes {
    operators: u32,
    assets: u32,
    avss: u32,
    sets: u32,
}

/// Most problems that one check lists.
const LISTED: usize = 20;

#[derive(Default)]
struct Found {
    list: Vec<Inconsistency>,
}

impl Found {
    fn add(&mut self, table: &'static str, row: usize, problem: String) {
        if self.list.len() < LISTED {
            self.list.push(Inconsistency {
                table,
                row,
                problem,
            });
        }
    }

    fn index(&mut self, table: &'static str, row: usize, column: &str, index: u32, size: u32) {
        if index >= size {
            self.add(
                table,
                row,
                format!("{column} is {index}, and that table has {size} rows"),
            );
        }
    }

    fn optional(
        &mut self,
        table: &'static str,
        row: usize,
        column: &str,
        index: Option<u32>,
        size: u32,
    ) {
        if let Some(index) = index {
            self.index(table, row, column, index, size);
        }
    }

    fn ascending<T>(
        &mut self,
        table: &'static str,
        rows: &[T],
        order: impl Fn(&T, &T) -> Ordering,
    ) {
        for (i, pair) in rows.windows(2).enumerate() {
            match order(&pair[0], &pair[1]) {
                Ordering::Less => {}
                Ordering::Equal => {
                    self.add(table, i + 1, "the same row as the one before".to_owned())
                }
                Ordering::Greater => self.add(table, i + 1, "out of order".to_owned()),
            }
        }
    }
}

/// Where each row goes when the rows are sorted: `new[old]`.
fn permutation<T>(rows: &[T], order: impl Fn(&T, &T) -> Ordering) -> Vec<u32> {
    let mut old: Vec<usize> = (0..rows.len()).collect();
    old.sort_by(|&a, &b| order(&rows[a], &rows[b]));
    let mut new = vec![0; rows.len()];
    for (place, &i) in old.iter().enumerate() {
        new[i] = place as u32;
    }
    new
}

fn apply<T>(rows: &mut Vec<T>, new: &[u32]) {
    let mut placed: Vec<(u32, T)> = new.iter().copied().zip(rows.drain(..)).collect();
    placed.sort_by_key(|(place, _)| *place);
    rows.extend(placed.into_iter().map(|(_, row)| row));
}
