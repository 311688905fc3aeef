//! What a simulation gives: plain columns, one value a path.

use super::fan::Fan;
use super::outcome::PathOutcome;
use super::{Cap, Cost, Plan, Record};
use crate::random::Seed;

/// In a column of days: it never happened.
pub const NEVER: u32 = u32::MAX;

/// All measures of a range of paths; index `i` of a column is path `first_path + i`.
#[derive(Debug, Clone, PartialEq)]
pub struct Ensemble {
    /// The seed that all paths draw from.
    pub seed: Seed,
    /// Index of the first path.
    pub first_path: u64,
    /// Number of paths.
    pub paths: usize,
    /// Days that were simulated.
    pub days: u32,
    /// Days that the columns named `horizon` look at.
    pub horizon_days: u32,
    /// Whether some attack of drawn size has nothing that caps its take.
    pub open_tail: bool,
    /// One set of columns for each [`Cost`] of the plan, in its order.
    pub costs: Vec<Columns>,
    /// Price at the end, `[asset][path]`, USD. Empty without [`Record::Full`].
    pub end_price_usd: Vec<Vec<f64>>,
    /// Value at risk at the end, USD. Empty without [`Record::Full`].
    pub end_value_usd: Vec<f64>,
}

/// The measures of one way of counting the cost.
///
/// "Insecure" means that the cost of some attack is below its profit. Days are the ends of
/// days 1..=days. [`Record`] says which columns stay empty.
#[derive(Debug, Clone, PartialEq)]
pub struct Columns {
    /// Whose loss is counted.
    pub cost: Cost,
    /// Smallest cost minus profit over all attacks and ends of days, USD; infinite if no
    /// attack was ever possible on the path.
    pub min_margin_usd: Vec<f64>,
    /// Its day, or [`NEVER`].
    pub min_margin_day: Vec<u32>,
    /// Index of its attack, or [`NEVER`].
    pub min_margin_attack: Vec<u32>,
    /// Cost at that moment, USD; NaN if never.
    pub coc_usd: Vec<f64>,
    /// Profit at that moment, USD; NaN if never.
    pub pfc_usd: Vec<f64>,
    /// The fewest entities that had the votes for that attack at that moment; 0 for pooled stake.
    pub coalition_size: Vec<u32>,
    /// Largest certified gap of the costs that the columns rest on (a cost that could not change
    /// them is not searched): the true cost is at most `1 + gap` times the one recorded, and
    /// never below it.
    pub largest_gap: Vec<f64>,
    /// Smallest `ln(cost / profit)` within the horizon; infinite if never a profit.
    pub min_log_ratio_horizon: Vec<f64>,
    /// Smallest `ln(cost / profit)` over all days.
    pub min_log_ratio: Vec<f64>,
    /// Smallest multiple of the whole stake that would have kept the path secure within the
    /// horizon; infinite if none does, 0 if any does.
    pub critical_scale_horizon: Vec<f64>,
    /// The same over all days.
    pub critical_scale: Vec<f64>,
    /// First day that is insecure, or [`NEVER`].
    pub first_insecure_day: Vec<u32>,
    /// Days under water.
    pub insecure_days: Vec<f64>,
    /// Probability, given the path, that an opportunity within the horizon is taken.
    pub attack_probability_horizon: Vec<f64>,
    /// The same over all days.
    pub attack_probability: Vec<f64>,
    /// Expected take of the first attack within the horizon, given the path, USD.
    pub expected_loss_usd_horizon: Vec<f64>,
    /// The same over all days.
    pub expected_loss_usd: Vec<f64>,
    /// Profit of the first attack at a drawn opportunity; 0 if none pays. USD.
    pub loss_usd: Vec<f64>,
    /// Day of that attack, or [`NEVER`].
    pub loss_day: Vec<u32>,
    /// Harm of that attack to users, USD.
    pub harm_usd: Vec<f64>,
    /// What of it no slash pays back, with the landing of the slash drawn, USD.
    pub uncovered_usd: Vec<f64>,
    /// Expected harm of the first attack within the horizon, given the path, USD.
    pub expected_harm_usd_horizon: Vec<f64>,
    /// The same over all days.
    pub expected_harm_usd: Vec<f64>,
    /// What of it no slash pays back, in expectation, USD.
    pub expected_uncovered_usd_horizon: Vec<f64>,
    /// The same over all days.
    pub expected_uncovered_usd: Vec<f64>,
    /// `[attack][path]`: what [`Columns::critical_scale_horizon`] would be with that attack alone.
    /// Kept by [`Record::Critical`] where the whole stake is the cost, which grows with it; else empty.
    pub attack_scale_horizon: Vec<Vec<f64>>,
    /// Log ratios of cost to profit, day by day, over all paths; attacks of random size that
    /// need an opportunity are not in it. Where cost is not proportional to votes it rests on
    /// the continuum bound of the cost, which is never above it.
    pub fan: Fan,
}

impl Ensemble {
    /// An ensemble of no paths, to append to.
    #[must_use]
    pub fn empty(plan: &Plan, seed: Seed, first_path: u64) -> Ensemble {
        let assets = match plan.record {
            Record::Full => plan.asset_count(),
            Record::MinMargin | Record::Critical => 0,
        };
        Ensemble {
            seed,
            first_path,
            paths: 0,
            days: plan.days,
            horizon_days: plan.horizon_days,
            open_tail: plan
                .attacks
                .iter()
                .any(|attack| attack.take.is_random() && attack.cap == Cap::Uncapped),
            costs: plan
                .costs
                .iter()
                .map(|&cost| Columns::empty(cost, Fan::empty(plan)))
                .collect(),
            end_price_usd: vec![Vec::new(); assets],
            end_value_usd: Vec::new(),
        }
    }

    /// Appends the paths that follow directly.
    ///
    /// # Panics
    /// If they belong to another run or do not follow.
    pub fn append(&mut self, next: &Ensemble) {
        assert!(
            self.seed == next.seed,
            "seeds {} and {}",
            self.seed,
            next.seed
        );
        assert!(
            self.first_path + self.paths as u64 == next.first_path,
            "paths from {} do not follow {} paths from {}",
            next.first_path,
            self.paths,
            self.first_path
        );
        assert!(
            (self.days, self.horizon_days, self.costs.len())
                == (next.days, next.horizon_days, next.costs.len()),
            "ensembles of different plans"
        );
        self.paths += next.paths;
        for (mine, theirs) in self.costs.iter_mut().zip(&next.costs) {
            mine.append(theirs);
        }
        for (mine, theirs) in self.end_price_usd.iter_mut().zip(&next.end_price_usd) {
            mine.extend_from_slice(theirs);
        }
        self.end_value_usd.extend_from_slice(&next.end_value_usd);
    }

    /// Puts shards together, given in any order: the result is that of one run to the bit.
    ///
    /// # Panics
    /// If there is none, or they do not make up one range of paths of one run.
    #[must_use]
    pub fn merge(mut shards: Vec<Ensemble>) -> Ensemble {
        shards.sort_by_key(|shard| (shard.first_path, shard.paths));
        let mut shards = shards.into_iter();
        let mut whole = shards.next().expect("a merge of at least one shard");
        for shard in shards {
            whole.append(&shard);
        }
        whole
    }

    /// The columns of one way of counting the cost, if the plan asked for it.
    #[must_use]
    pub fn cost(&self, cost: Cost) -> Option<&Columns> {
        self.costs.iter().find(|columns| columns.cost == cost)
    }

    pub(super) fn push(&mut self, path: &PathOutcome, record: Record) {
        self.paths += 1;
        for (columns, outcome) in self.costs.iter_mut().zip(&path.costs) {
            columns.push(outcome, record);
        }
        if record == Record::Full {
            for (column, price) in self.end_price_usd.iter_mut().zip(&path.end_price_usd) {
                column.push(*price);
            }
            self.end_value_usd.push(path.end_value_usd);
        }
    }
}

/// Calls a macro with the columns by the records that keep them: all, [`Record::MinMargin`] and
/// a full one, [`Record::Critical`] and a full one, a full one alone.
macro_rules! with_columns {
    ($call:ident) => {
        $call! {
            always: [largest_gap]
            margin: [min_margin_usd min_margin_day min_margin_attack coc_usd pfc_usd coalition_size]
            critical: [min_log_ratio_horizon min_log_ratio critical_scale_horizon critical_scale]
            full: [first_insecure_day insecure_days attack_probability_horizon attack_probability
                expected_loss_usd_horizon expected_loss_usd loss_usd loss_day
                harm_usd uncovered_usd expected_harm_usd_horizon expected_harm_usd
                expected_uncovered_usd_horizon expected_uncovered_usd]
        }
    };
}

macro_rules! columns {
    (always: [$($a:ident)*] margin: [$($m:ident)*] critical: [$($c:ident)*] full: [$($f:ident)*]) => {
        impl Columns {
            fn empty(cost: Cost, fan: Fan) -> Columns {
                Columns {
                    cost,
                    $($a: Vec::new(),)* $($m: Vec::new(),)* $($c: Vec::new(),)* $($f: Vec::new(),)*
                    attack_scale_horizon: Vec::new(),
                    fan,
                }
            }

            fn append(&mut self, next: &Columns) {
                assert!(self.cost == next.cost, "columns of {:?} and {:?}", self.cost, next.cost);
                $(self.$a.extend_from_slice(&next.$a);)*
                $(self.$m.extend_from_slice(&next.$m);)*
                $(self.$c.extend_from_slice(&next.$c);)*
                $(self.$f.extend_from_slice(&next.$f);)*
                let attacks = self.attack_scale_horizon.len().max(next.attack_scale_horizon.len());
                self.attack_scale_horizon.resize(attacks, Vec::new());
                for (mine, theirs) in
                    self.attack_scale_horizon.iter_mut().zip(&next.attack_scale_horizon)
                {
                    mine.extend_from_slice(theirs);
                }
                self.fan.add(&next.fan);
            }

            fn push(&mut self, path: &super::outcome::CostOutcome, record: Record) {
                $(self.$a.push(path.$a);)*
                if record != Record::Critical {
                    $(self.$m.push(path.$m);)*
                }
                if record != Record::MinMargin {
                    $(self.$c.push(path.$c);)*
                }
                if record == Record::Full {
                    $(self.$f.push(path.$f);)*
                }
                self.attack_scale_horizon.resize(path.attack_scale_horizon.len(), Vec::new());
                for (column, scale) in
                    self.attack_scale_horizon.iter_mut().zip(&path.attack_scale_horizon)
                {
                    column.push(*scale);
                }
            }
        }
    };
}
with_columns!(columns);
