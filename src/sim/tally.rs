//! The account of one path: how each day changes its measures.

use super::costing::{Finder, Values, proportional};
use super::harm::{Loss, Met};
use super::market::Market;
use super::outcome::CostOutcome;
use super::profit::Profit;
use super::proof::Proofs;
use super::{Attack, Coalition, Cost, Fan, Monitoring, Plan, Weights, When, formulas};
use crate::units::DAYS_PER_YEAR;

/// The account of one path for one way of counting the cost.
pub(super) struct Tally {
    pub out: CostOutcome,
    worst_prices: Vec<f64>,
    /// For each attack, whether it paid at the end of the day before.
    insecure: Vec<bool>,
    untouched: f64,
    /// The attack that was drawn first.
    met: Option<Met>,
    /// For each attack, the set that last proved the continuum's cost on this path.
    proofs: Vec<Vec<u32>>,
}

/// What a tally sees of one attack on one day.
pub(super) struct Sight<'a> {
    pub profit: &'a Profit,
    /// The cost, or its bound by the continuum.
    pub bound: f64,
    /// Certified gap, where the bound is the cost.
    pub gap: f64,
    /// `ln(bound / profit)`, if the day has a profit without an opportunity.
    pub log_ratio: f64,
    /// How far the log ratio dips below its end within the day; 0 unless somebody looks there.
    pub dip: f64,
}

/// Where a tally stands: a cell of a tile.
pub(super) struct Cell<'a> {
    pub plan: &'a Plan,
    pub market: &'a Market,
    pub cost: Cost,
    pub day: u32,
    pub row: usize,
    pub lane: usize,
    /// Index of the day in the fan.
    pub fan: Option<usize>,
    /// Entities by value at the start, largest first.
    pub by_size: &'a [u32],
    pub proofs: &'a Proofs,
    /// All slashable stake, USD.
    pub pool: f64,
}

/// What the opportunities of one day take in expectation.
#[derive(Default)]
struct Hazards {
    hazard: f64,
    loss: Loss,
    certain: Option<Loss>,
}

impl Hazards {
    fn add(&mut self, rate: f64, probability: f64, loss: Loss) {
        self.hazard += rate * probability;
        self.loss.add(loss.times(rate));
    }
}

/// The cost where it is decided: searched once a cell at most.
struct Searched {
    coc: f64,
    gap: f64,
}

impl Tally {
    pub fn new() -> Tally {
        Tally {
            out: CostOutcome::new(),
            worst_prices: Vec::new(),
            insecure: Vec::new(),
            untouched: 1.0,
            met: None,
            proofs: Vec::new(),
        }
    }

    /// Notes whether the next attack paid on day 0.
    pub fn begin(&mut self, insecure: bool) {
        self.insecure.push(insecure);
    }

    /// Looks at one day. `sights` has one entry for each attack.
    pub fn day(&mut self, cell: &Cell, sights: &[Sight], values: &mut Values, fan: &mut Fan) {
        let plan = cell.plan;
        let mut sum = Hazards::default();
        let mut under_water = 0.0_f64;
        let mut day_ratio = None::<f64>;
        for (k, (attack, sight)) in plan.attacks.iter().zip(sights).enumerate() {
            let arrivals = match attack.when {
                When::Standing => &[][..],
                When::Poisson { .. } => sight.profit.arrivals(cell.row, cell.lane),
            };
            let known = sight.profit.known_row(cell.row).map(|row| row[cell.lane]);
            let today = [known.unwrap_or_default()];
            let seen = if known.is_some() {
                &today[..]
            } else {
                arrivals
            };
            let mut searched = None;
            let mut insecure_within = false;
            let mut insecure_end = false;
            for &profit in seen {
                let log_ratio = if known.is_some() {
                    sight.log_ratio
                } else {
                    formulas::log_ratio(sight.bound, profit)
                };
                let dip = sight.dip;
                if known.is_some() {
                    day_ratio = Some(day_ratio.map_or(log_ratio, |r: f64| r.min(log_ratio)));
                }
                let low = log_ratio - dip;
                let decides = sight.bound - profit < self.out.min_margin_usd
                    || low < self.out.min_log_ratio
                    || low < 0.0;
                if decides {
                    if self.proofs.len() <= k {
                        self.proofs.resize_with(k + 1, Vec::new);
                    }
                    let proof = &mut self.proofs[k];
                    let found =
                        searched.get_or_insert_with(|| search(cell, attack, sight, values, proof));
                    let (coc, gap) = (found.coc, found.gap);
                    self.out.largest_gap = self.out.largest_gap.max(gap);
                    self.see(cell, coc, profit, k);
                    // The bound is the cost where both have the same bits: its logarithm is known.
                    let end = if coc.to_bits() == sight.bound.to_bits() {
                        log_ratio
                    } else {
                        formulas::log_ratio(coc, profit)
                    };
                    let lowest = end - dip;
                    self.out.min_log_ratio = self.out.min_log_ratio.min(lowest);
                    insecure_end |= coc < profit;
                    insecure_within |= coc < profit || lowest < 0.0;
                }
                if cell.cost == Cost::OperatorRational {
                    let needed = profit * libm::exp(dip);
                    self.out.critical_scale =
                        enough(cell, attack, needed, self.out.critical_scale, values);
                }
            }
            let mut occupied = f64::from(u8::from(insecure_end));
            if let Some(before) = self.insecure.get(k).filter(|_| bridged(plan, attack)) {
                occupied = 0.5 * (f64::from(u8::from(*before)) + occupied);
            }
            if insecure_within && self.out.first_insecure_day > cell.day {
                self.out.first_insecure_day = cell.day;
            }
            under_water = under_water.max(occupied);
            let coc = searched.map_or(sight.bound, |s| s.coc);
            self.take(cell, attack, arrivals, known, insecure_within, coc, values);
            self.hazard(
                cell,
                attack,
                sight,
                known,
                insecure_within,
                occupied,
                &mut sum,
                values,
            );
            if let Some(before) = self.insecure.get_mut(k) {
                *before = insecure_end;
            }
        }
        self.out.insecure_days += under_water;
        self.pay(&sum);
        if cell.day == plan.horizon_days {
            self.out.min_log_ratio_horizon = self.out.min_log_ratio;
            self.out.critical_scale_horizon = self.critical_scale(cell.cost);
            self.out.close_horizon(self.untouched);
        }
        if let (Some(ratio), Some(index)) = (day_ratio, cell.fan) {
            fan.count(index, ratio);
        }
    }

    fn see(&mut self, cell: &Cell, coc: f64, profit: f64, attack: usize) {
        let margin = coc - profit;
        if margin.is_nan() {
            // Nothing is below it any more, and the end of the path says so.
            self.out.min_margin_usd = margin;
        }
        if margin < self.out.min_margin_usd {
            self.out.min_margin_usd = margin;
            self.out.min_margin_day = cell.day;
            self.out.min_margin_attack = attack as u32;
            self.out.coc_usd = coc;
            self.out.pfc_usd = profit;
            self.worst_prices.resize(cell.plan.asset_count(), 0.0);
            cell.market
                .prices(cell.row, cell.lane, &mut self.worst_prices);
        }
    }

    /// What a drawn opportunity takes, if none came before.
    #[expect(
        clippy::too_many_arguments,
        reason = "what one attack looked like today"
    )]
    fn take(
        &mut self,
        cell: &Cell,
        attack: &Attack,
        arrivals: &[f64],
        known: Option<f64>,
        insecure: bool,
        coc: f64,
        values: &mut Values,
    ) {
        let taken = match attack.when {
            When::Standing => known.filter(|_| insecure),
            When::Poisson { .. } => arrivals.iter().copied().find(|profit| *profit > coc),
        };
        if let (Some(profit), true) = (taken, self.out.loss_day > cell.day) {
            self.out.loss_usd = profit;
            self.out.loss_day = cell.day;
            self.out.harm_usd = attack.harm.of(profit - attack.extra_profit_usd);
            self.met = Some(Met::of(attack, pledged(cell, attack, values)));
        }
    }

    /// What opportunities take in expectation.
    #[expect(
        clippy::too_many_arguments,
        reason = "what one attack looked like today"
    )]
    fn hazard(
        &self,
        cell: &Cell,
        attack: &Attack,
        sight: &Sight,
        known: Option<f64>,
        insecure: bool,
        occupied: f64,
        sum: &mut Hazards,
        values: &mut Values,
    ) {
        match (attack.when, known) {
            (When::Standing, profit) => {
                if let (true, None, Some(profit)) = (insecure, sum.certain, profit) {
                    let stake = pledged(cell, attack, values);
                    sum.certain = Some(Loss::known(attack, profit, stake));
                }
            }
            (When::Poisson { per_year }, Some(profit)) => {
                if occupied > 0.0 {
                    let loss = Loss::known(attack, profit, pledged(cell, attack, values));
                    sum.add(per_year / DAYS_PER_YEAR, occupied, loss.times(occupied));
                }
            }
            (When::Poisson { per_year }, None) => {
                let value = cell.market.price[cell.plan.asset_count()][cell.row][cell.lane];
                let stake = pledged(cell, attack, values);
                let above = |cost| formulas::profit_above(attack, value, cost);
                let (probability, loss) = Loss::drawn(attack, sight.bound, stake, above);
                sum.add(per_year / DAYS_PER_YEAR, probability, loss);
            }
        }
    }

    /// The first attack of the day, if none came before: certain, or with a hazard.
    fn pay(&mut self, sum: &Hazards) {
        if let Some(loss) = sum.certain {
            self.out.expect(self.untouched, loss);
            self.untouched = 0.0;
        } else if sum.hazard > 0.0 {
            let stays = libm::exp(-sum.hazard);
            let first = self.untouched * (1.0 - stays) / sum.hazard;
            self.out.expect(first, sum.loss);
            self.untouched *= stays;
        }
    }

    fn critical_scale(&self, cost: Cost) -> f64 {
        match cost {
            Cost::WholeStake => libm::exp(-self.out.min_log_ratio),
            Cost::OperatorRational => self.out.critical_scale,
        }
    }

    /// The account closed.
    /// `landing` draws the uniform number that decides whether the slash of a drawn attack lands.
    pub fn finish(
        mut self,
        plan: &Plan,
        cost: Cost,
        landing: impl Fn() -> f64,
        values: &mut Values,
    ) -> CostOutcome {
        if let Some(met) = self.met {
            self.out.uncovered_usd = met.uncovered(self.out.harm_usd, landing());
        }
        self.out.critical_scale = self.critical_scale(cost);
        self.out.attack_probability = 1.0 - self.untouched;
        if let Some(attack) = plan.attacks.get(self.out.min_margin_attack as usize)
            && plan.coalition != Coalition::Pooled
        {
            values.at(plan, &self.worst_prices);
            self.out.coalition_size = values.fewest(plan, attack);
        }
        self.out
    }
}

/// Whether the moments between the ends of days count for an attack.
pub(super) fn bridged(plan: &Plan, attack: &Attack) -> bool {
    plan.monitoring == Monitoring::Continuous && !attack.take.is_random()
}

/// Slashable stake that any coalition with the votes for an attack holds at least, USD; nothing
/// where no slash pays anybody.
fn pledged(cell: &Cell, attack: &Attack, values: &mut Values) -> f64 {
    let plan = cell.plan;
    let threshold = plan.thresholds[attack.threshold];
    if !attack.payout.pays() {
        return 0.0;
    }
    if plan.operators.weights == Weights::SlashableValue && attack.burns.is_none() {
        return threshold * cell.pool;
    }
    let mut prices = vec![0.0; plan.asset_count()];
    cell.market.prices(cell.row, cell.lane, &mut prices);
    values.at(plan, &prices);
    values.stake_for(plan, attack)
}

fn search(
    cell: &Cell,
    attack: &Attack,
    sight: &Sight,
    values: &mut Values,
    proof: &mut Vec<u32>,
) -> Searched {
    let certain = proportional(cell.plan, cell.cost) && sight.gap.is_finite();
    if certain || cell.plan.coalition != Coalition::Entities {
        return Searched {
            coc: sight.bound,
            gap: sight.gap,
        };
    }
    let finder = Finder {
        plan: cell.plan,
        cost: cell.cost,
        attack,
        by_size: cell.by_size,
        proofs: cell.proofs,
    };
    let place = (cell.row, cell.lane);
    let (coc, gap) = finder.search(cell.market, place, sight.bound, values, proof);
    Searched { coc, gap }
}

/// The smallest scale from `known` on at which the operators' own loss reaches `needed`.
///
/// The cheapest loss is the least of many lines in the scale, so it is concave: from a point
/// where it is too small, the line of the set found there reaches `needed` no later than the
/// loss does, and Newton's steps arrive from the left (Dinkelbach 1967).
fn enough(cell: &Cell, attack: &Attack, needed: f64, known: f64, values: &mut Values) -> f64 {
    if known.is_infinite() || needed <= 0.0 {
        return known;
    }
    let plan = cell.plan;
    let mut prices = vec![0.0; plan.asset_count()];
    cell.market.prices(cell.row, cell.lane, &mut prices);
    values.at(plan, &prices);
    let target = values.price(plan, cell.cost, attack, known);
    let mut order: Vec<u32> = (0..plan.operators.entities as u32).collect();
    if values.fractional(&mut order, target) >= needed || values.exact(plan, target).0 >= needed {
        return known;
    }
    formulas::first_scale(known, needed, |scale| {
        let target = values.price(plan, cell.cost, attack, scale);
        values.exact(plan, target).0
    })
}
