//! What the service chooses: one point of the design space, ready to be played.
//!
//! A [`Model`] says what is given and, for what may be chosen, the range; [`Parameters`] is one
//! choice out of those ranges. Everything that turns a choice into consequences without chance
//! (which operators are admitted with how many tokens, how much of a stake a slash burns) is
//! here, so that the simulation, the recommendation and the export cannot disagree about it.

use super::model::{Attack, Choice, Detection, Model, Offence, Queued, QueuedBefore, Structure};
use crate::economics::slashing::{Landing, Race};
use crate::units::{Days, Share, Usd, UsdPerYear};
use serde::Serialize;

/// Days that allocated stake stays slashable after its operator asks to leave: the protocol's
/// deallocation delay of 100,800 blocks of 12 s (EigenLayer `AllocationManager`).
pub const EXIT_WINDOW: Days = Days(14.0);

/// Days between a slash and the payout of what it redistributes: the protocol's slash resolution
/// delay of 50,400 blocks of 12 s (ELIP-016).
pub const SLASH_RESOLUTION: Days = Days(7.0);

/// One point of the design space.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parameters {
    /// Slashable stake of the whole set at the prices of the start.
    pub stake: Usd,
    /// Reward budget.
    pub budget: UsdPerYear,
    /// Share of the quorum's weight that an attacker needs. An attack with a threshold of its
    /// own keeps that one.
    pub threshold: Share,
    /// Largest number of operators admitted: the largest ones by stake.
    pub operators: u32,
    /// Smallest stake with which an operator is admitted.
    pub minimum_stake: Usd,
    /// Stake of its own that each operator must put behind the service; 0 asks for none.
    pub own_stake_minimum: Usd,
    /// Largest share of the set's stake that counts for one entity; 1 is no cap.
    pub entity_cap: Share,
    /// Share of the stake by market asset; empty leaves it as operators hold it.
    pub mix: Vec<Share>,
    /// One for each of the model's offences, in their order.
    pub offences: Vec<OffenceRule>,
}

/// The rule for one offence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct OffenceRule {
    /// Share of the operator's allocated stake that is slashed.
    pub slash: Share,
    /// Time to dispute after detection, before the slash.
    pub dispute: Days,
    /// Time that a committee has to veto; zero when there is no committee.
    pub veto: Days,
}

/// An operator that a design admits.
#[derive(Debug, Clone, PartialEq)]
pub struct Admitted {
    /// Index into the model's operators.
    pub operator: usize,
    /// Entity that controls it, as in the model.
    pub entity: usize,
    /// Slashable tokens, by market asset.
    pub tokens: Vec<f64>,
    /// Their value at the prices of the start.
    pub stake: Usd,
}

impl Parameters {
    /// The design to start from: what the model fixes; of every range the end that deters most
    /// (high slash, high threshold, short dispute), the middle of the budget, all operators;
    /// the stake that the model's allocation gives today.
    #[must_use]
    pub fn reference(model: &Model) -> Self {
        let budget = model.rewards.budget;
        Self {
            stake: allocated_stake(model),
            budget: UsdPerYear((budget.low().get() * budget.high().get()).sqrt()),
            threshold: model.operators.threshold.high(),
            operators: model.operators.count.high(),
            minimum_stake: model.operators.minimum_stake.map_or(Usd(0.0), Choice::low),
            own_stake_minimum: model
                .operators
                .own_stake_minimum
                .map_or(Usd(0.0), Choice::high),
            entity_cap: model.operators.entity_cap.high(),
            mix: reference_mix(model),
            offences: model
                .slashing
                .offences
                .iter()
                .map(OffenceRule::strictest)
                .collect(),
        }
    }

    /// The same design with another stake.
    #[must_use]
    pub fn with_stake(&self, stake: Usd) -> Self {
        Self {
            stake,
            ..self.clone()
        }
    }

    /// The share of the quorum that `attack` needs.
    #[must_use]
    pub fn threshold_of(&self, attack: &Attack) -> Share {
        attack.threshold.unwrap_or(self.threshold)
    }

    /// Expected share of a coalition's stake that an attack burns for good:
    /// `slash · P(slash lands) · (1 - recaptured)`, with the exits that the attack had queued; of
    /// the asset of which it burns most.
    #[must_use]
    pub fn burned_share(&self, model: &Model, attack: &Attack) -> Share {
        let offence = &model.slashing.offences[attack.offence];
        let lands = self.lands(model, attack);
        let slash = self.slash_of(model, attack);
        Share(slash.get() * lands.get() * (1.0 - offence.recaptured.get()))
    }

    /// Probability that the slash for an attack lands, with the exits that the attack had queued.
    #[must_use]
    pub fn lands(&self, model: &Model, attack: &Attack) -> Share {
        let offence = &model.slashing.offences[attack.offence];
        let rule = self.offences[attack.offence];
        match attack.queued {
            Some(queued) => rule.lands_queued(offence, queued),
            None => rule.lands(offence),
        }
    }

    /// Share of its stake that a coalition loses for an attack, of the asset of which it loses most: a
    /// correlated penalty grows with the share that it needs. See [`Parameters::slashed_for`].
    #[must_use]
    pub fn slash_of(&self, model: &Model, attack: &Attack) -> Share {
        self.slashed_for(model, attack).most()
    }

    /// The operators that the design admits, largest first, with their slashable tokens: the
    /// `operators` largest whose share of the stake reaches the minimum, no entity above the
    /// cap, scaled so that their value is the design's stake. Empty for pooled stake.
    #[must_use]
    pub fn admitted(&self, model: &Model) -> Vec<Admitted> {
        let Structure::Entities(operators) = &model.operators.structure else {
            return Vec::new();
        };
        let value = |tokens: &[f64]| -> f64 {
            tokens
                .iter()
                .zip(&model.market.assets)
                .map(|(n, asset)| n * asset.price.get())
                .sum()
        };
        let mut ranked: Vec<(usize, f64)> = operators
            .iter()
            .enumerate()
            .map(|(index, o)| (index, value(&o.tokens)))
            .collect();
        ranked.retain(|(_, usd)| *usd > 0.0);
        ranked.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        ranked.truncate(self.operators as usize);
        self.drop_below_minimum(&mut ranked);
        // Operators put more of one strategy behind the service and less of another.
        let factors = self.mix_factors(model, &ranked);
        for (index, usd) in &mut ranked {
            *usd = operators[*index]
                .tokens
                .iter()
                .zip(&model.market.assets)
                .zip(&factors)
                .map(|((n, asset), factor)| n * asset.price.get() * factor)
                .sum();
        }
        let mut scale: Vec<f64> = vec![1.0; ranked.len()];
        let entities: Vec<usize> = ranked.iter().map(|(i, _)| operators[*i].entity).collect();
        let usd: Vec<f64> = ranked.iter().map(|(_, usd)| *usd).collect();
        cap_entities(&entities, &usd, self.entity_cap.get(), &mut scale);
        let total: f64 = usd.iter().zip(&scale).map(|(usd, scale)| usd * scale).sum();
        let unit = if total > 0.0 {
            self.stake.get() / total
        } else {
            0.0
        };
        ranked
            .iter()
            .zip(&scale)
            .map(|(&(index, usd), &scale)| Admitted {
                operator: index,
                entity: operators[index].entity,
                tokens: operators[index]
                    .tokens
                    .iter()
                    .zip(&factors)
                    .map(|(n, factor)| n * factor * scale * unit)
                    .collect(),
                stake: Usd(usd * scale * unit),
            })
            .collect()
    }

    /// By how much each asset's tokens are multiplied so that the set holds the design's mix.
    fn mix_factors(&self, model: &Model, ranked: &[(usize, f64)]) -> Vec<f64> {
        let assets = &model.market.assets;
        let Structure::Entities(operators) = &model.operators.structure else {
            return vec![1.0; assets.len()];
        };
        if self.mix.is_empty() {
            return vec![1.0; assets.len()];
        }
        let held: Vec<f64> = (0..assets.len())
            .map(|a| {
                ranked
                    .iter()
                    .map(|(index, _)| operators[*index].tokens[a] * assets[a].price.get())
                    .sum()
            })
            .collect();
        let total: f64 = held.iter().sum();
        held.iter()
            .zip(&self.mix)
            .map(|(held, share)| {
                if *held > 0.0 {
                    share.get() * total / held
                } else {
                    0.0
                }
            })
            .collect()
    }

    /// Removes the smallest operators until the smallest one left reaches the minimum at the
    /// design's stake. The largest operator always stays.
    fn drop_below_minimum(&self, ranked: &mut Vec<(usize, f64)>) {
        let mut total: f64 = ranked.iter().map(|(_, usd)| usd).sum();
        while ranked.len() > 1 {
            let smallest = ranked[ranked.len() - 1].1;
            if smallest / total * self.stake.get() >= self.minimum_stake.get() {
                break;
            }
            ranked.pop();
            total -= smallest;
        }
    }
}

impl OffenceRule {
    /// The end of the ranges that deters most.
    #[must_use]
    pub fn strictest(offence: &Offence) -> Self {
        Self {
            slash: offence.slash.high(),
            dispute: offence.dispute.low(),
            veto: offence.veto.map_or(Days(0.0), |veto| veto.window.low()),
        }
    }

    /// Share of its stake that whoever is at fault loses when `faulty` of the set is:
    /// `min(slash, factor · faulty)` under a correlated penalty, else the slash itself.
    #[must_use]
    pub fn slash_at(&self, offence: &Offence, faulty: Share) -> Share {
        match offence.correlated {
            None => self.slash,
            Some(factor) => Share(self.slash.get().min(factor * faulty.get())),
        }
    }

    /// Probability that a slash lands on a coalition that had queued exits before its attack, its
    /// stake weighed by whether it was queued.
    #[must_use]
    pub fn lands_queued(&self, offence: &Offence, queued: Queued) -> Share {
        let landing = Landing {
            attributable: offence.attributable.get(),
            in_time: self.detected_before_exit(offence, queued.before),
            vetoed: offence.veto.map_or(0.0, |veto| veto.probability.get()),
            executed: offence.executes.get(),
        };
        let share = queued.share.get();
        Share(share * landing.probability() + (1.0 - share) * self.lands(offence).get())
    }

    /// Probability of detection before an exit that was queued earlier ends:
    /// `1 - exp(-(W - u - D)⁺/τ)`, averaged over `u` where it is spread.
    fn detected_before_exit(&self, offence: &Offence, before: QueuedBefore) -> f64 {
        let race = |queued_days: f64| Race {
            window_days: EXIT_WINDOW.get(),
            queued_days,
            process_days: self.delay().get(),
            mean_detection_days: match offence.detection {
                Detection::Exponential { mean } => mean.get(),
                Detection::Probability(_) => 0.0,
            },
            detection_stages: 1,
        };
        let known = match offence.detection {
            Detection::Probability(share) => share.get(),
            Detection::Exponential { .. } => 1.0,
        };
        known
            * match before {
                QueuedBefore::By(days) => race(days.get()).lands_in_time(),
                QueuedBefore::UpTo(days) => race(0.0).lands_in_time_spread(days.get()),
            }
    }

    /// Time between detection and slash.
    #[must_use]
    pub fn delay(&self) -> Days {
        Days(self.dispute.get() + self.veto.get())
    }

    /// Probability that a slash for the offence lands: attributed, detected so early that
    /// dispute and veto end before the stake can leave, not vetoed, executed.
    #[must_use]
    pub fn lands(&self, offence: &Offence) -> Share {
        let vetoed = offence.veto.map_or(0.0, |veto| veto.probability.get());
        Share(
            offence.attributable.get()
                * self.detected_in_time(offence).get()
                * (1.0 - vetoed)
                * offence.executes.get(),
        )
    }

    /// Probability of detection while `EXIT_WINDOW - dispute - veto` is left:
    /// `1 - exp(-(W - D)⁺/τ)` for an exponential time to detection.
    #[must_use]
    pub fn detected_in_time(&self, offence: &Offence) -> Share {
        match offence.detection {
            Detection::Probability(share) => share,
            Detection::Exponential { mean } => {
                let left = (EXIT_WINDOW.get() - self.delay().get()).max(0.0);
                if left <= 0.0 {
                    Share(0.0)
                } else if mean.get() <= 0.0 {
                    Share(1.0)
                } else {
                    Share(-(-left / mean.get()).exp_m1())
                }
            }
        }
    }
}

/// The slashable stake that the model's allocation gives, at the prices of the start.
#[must_use]
pub fn allocated_stake(model: &Model) -> Usd {
    match &model.operators.structure {
        Structure::Pooled { stake, .. } => *stake,
        Structure::Entities(operators) => {
            let mut total = 0.0;
            for operator in operators {
                for (tokens, asset) in operator.tokens.iter().zip(&model.market.assets) {
                    total += tokens * asset.price.get();
                }
            }
            Usd(total)
        }
    }
}

/// Lowers the scale of the entities above `cap` until none holds more than that share of the
/// capped total. With too few entities for the cap, all end equal.
fn cap_entities(entities: &[usize], usd: &[f64], cap: f64, scale: &mut [f64]) {
    if cap >= 1.0 || usd.is_empty() {
        return;
    }
    let mut totals: Vec<(usize, f64)> = Vec::new();
    for (&entity, &usd) in entities.iter().zip(usd) {
        match totals.iter_mut().find(|(e, _)| *e == entity) {
            Some((_, total)) => *total += usd,
            None => totals.push((entity, usd)),
        }
    }
    totals.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut rest: f64 = totals.iter().map(|(_, usd)| usd).sum();
    // With the k largest held at the level L: L = cap (k L + rest), so L = cap rest / (1 - k cap).
    let mut level = f64::INFINITY;
    for (capped, &(_, usd)) in totals.iter().enumerate() {
        let free = 1.0 - capped as f64 * cap;
        level = if free > 0.0 { cap * rest / free } else { 0.0 };
        if usd <= level {
            break;
        }
        rest -= usd;
    }
    let smallest = totals[totals.len() - 1].1;
    let level = level.max(smallest);
    for (position, &entity) in entities.iter().enumerate() {
        let total = totals
            .iter()
            .find(|(e, _)| *e == entity)
            .map_or(0.0, |(_, usd)| *usd);
        if total > level {
            scale[position] = level / total;
        }
    }
}

/// The mix to start from: every range at the same place between its ends, in the middle where
/// the sum allows it. Empty where the file says nothing.
fn reference_mix(model: &Model) -> Vec<Share> {
    let mix = &model.operators.mix;
    let sum = |of: fn(Choice<Share>) -> Share| -> f64 {
        mix.iter().flatten().map(|share| of(*share).get()).sum()
    };
    let (least, most) = (sum(Choice::low), sum(Choice::high));
    let whole = if most > least {
        (1.0 - least) / (most - least)
    } else {
        0.0
    };
    let open = mix.iter().any(Option::is_none);
    let place = if open { whole.min(0.5) } else { whole };
    let named: Vec<Option<f64>> = mix
        .iter()
        .map(|share| {
            share.map(|s| s.low().get() + (s.high().get() - s.low().get()) * place.clamp(0.0, 1.0))
        })
        .collect();
    mix_of(model, &named).unwrap_or_default()
}

/// The whole mix where some assets have a share and the others divide the rest as they are held;
/// none where the shares do not add up.
#[must_use]
pub fn mix_of(model: &Model, named: &[Option<f64>]) -> Option<Vec<Share>> {
    const CLOSE: f64 = 1e-9;
    let Structure::Entities(operators) = &model.operators.structure else {
        return Some(Vec::new());
    };
    if named.iter().all(Option::is_none) {
        return Some(Vec::new());
    }
    let held: Vec<f64> = model
        .market
        .assets
        .iter()
        .enumerate()
        .map(|(a, asset)| {
            let tokens: f64 = operators.iter().map(|o| o.tokens[a]).sum();
            tokens * asset.price.get()
        })
        .collect();
    let said: f64 = named.iter().flatten().sum();
    let open: f64 = named
        .iter()
        .zip(&held)
        .filter(|(share, _)| share.is_none())
        .map(|(_, held)| held)
        .sum();
    let rest = 1.0 - said;
    let adds_up = if open > 0.0 {
        rest >= -CLOSE
    } else {
        rest.abs() <= CLOSE
    };
    let possible = named
        .iter()
        .zip(&held)
        .all(|(share, held)| *held > 0.0 || share.is_none_or(|s| s <= 0.0));
    (adds_up && possible).then(|| {
        named
            .iter()
            .zip(&held)
            .map(|(share, held)| {
                Share(share.unwrap_or_else(|| rest.max(0.0) * held / open.max(f64::MIN_POSITIVE)))
            })
            .collect()
    })
}

/// Whether every choice of the design lies in the range that the model gives.
#[must_use]
pub fn within_ranges(parameters: &Parameters, model: &Model) -> bool {
    fn holds<T: Copy + PartialOrd>(choice: Choice<T>, value: T) -> bool {
        choice.low() <= value && value <= choice.high()
    }
    // The last share of a mix is what the others leave of one.
    let close = |choice: Choice<Share>, share: Share| {
        share.get() >= choice.low().get() - 1e-9 && share.get() <= choice.high().get() + 1e-9
    };
    holds(model.operators.threshold, parameters.threshold)
        && holds(model.rewards.budget, parameters.budget)
        && parameters.operators <= model.operators.count.high()
        && holds(model.operators.entity_cap, parameters.entity_cap)
        && model
            .operators
            .own_stake_minimum
            .is_none_or(|least| holds(least, parameters.own_stake_minimum))
        && model
            .operators
            .mix
            .iter()
            .zip(&parameters.mix)
            .all(|(choice, share)| choice.is_none_or(|choice| close(choice, *share)))
        && model
            .slashing
            .offences
            .iter()
            .zip(&parameters.offences)
            .all(|(offence, rule)| {
                holds(offence.slash, rule.slash)
                    && holds(offence.dispute, rule.dispute)
                    && offence
                        .veto
                        .is_none_or(|veto| holds(veto.window, rule.veto))
            })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::PerYear;

    fn offence(mean_days: f64) -> Offence {
        Offence {
            name: "false result".into(),
            fault: super::super::model::Fault::Safety,
            slash: Choice::Search {
                low: Share(0.1),
                high: Share(0.99),
            },
            slash_by_asset: Vec::new(),
            attributable: Share(1.0),
            detection: Detection::Exponential {
                mean: Days(mean_days),
            },
            dispute: Choice::Search {
                low: Days(7.0),
                high: Days(10.0),
            },
            veto: None,
            executes: Share(1.0),
            redistributed: Share(0.0),
            recaptured: Share(0.0),
            accidental: PerYear(0.0),
            correlated: None,
            evidence: super::super::model::Evidence::Provable,
        }
    }

    #[test]
    fn a_queued_exit_shortens_the_window() {
        let rule = OffenceRule {
            slash: Share(1.0),
            dispute: Days(7.0),
            veto: Days(0.0),
        };
        let offence = offence(3.0);
        let queued = |share: f64, before| {
            rule.lands_queued(
                &offence,
                Queued {
                    share: Share(share),
                    before,
                },
            )
            .get()
        };
        let by = |days: f64| QueuedBefore::By(Days(days));
        let same = rule.lands(&offence).get();
        assert!((queued(1.0, by(0.0)) - same).abs() < 1e-15);
        assert!((queued(1.0, by(4.0)) - (1.0 - (-1.0_f64).exp())).abs() < 1e-15);
        assert!(queued(1.0, by(7.0)).abs() < 1e-300 && queued(1.0, by(14.0)).abs() < 1e-300);
        assert!((queued(0.25, by(7.0)) - 0.75 * same).abs() < 1e-15);
        // Half of the spread exits come too late, the others are averaged.
        let spread = queued(1.0, QueuedBefore::UpTo(Days(14.0)));
        let mean = 1.0 - 3.0 / 7.0 * same;
        assert!((spread - 0.5 * mean).abs() < 1e-12, "{spread}");
    }

    #[test]
    fn a_correlated_penalty_is_small_alone_and_full_together() {
        let rule = OffenceRule {
            slash: Share(0.8),
            dispute: Days(7.0),
            veto: Days(0.0),
        };
        let mut offence = offence(3.0);
        offence.correlated = Some(3.0);
        let at = |share: f64| rule.slash_at(&offence, Share(share)).get();
        assert!((at(0.05) - 0.15).abs() < 1e-15 && (at(1.0 / 3.0) - 0.8).abs() < 1e-15);
    }

    #[test]
    fn c09_exponential_detection_in_time() {
        for (mean, dispute, expected) in [
            (3.0, 7.0, 0.903_028_032_1),
            (5.0, 7.0, 0.753_403_036_1),
            (3.0, 10.0, 0.736_402_861_9),
        ] {
            let rule = OffenceRule {
                slash: Share(1.0),
                dispute: Days(dispute),
                veto: Days(0.0),
            };
            let share = rule.detected_in_time(&offence(mean)).get();
            assert!((share - expected).abs() < 1e-9, "{mean} {dispute}: {share}");
        }
    }

    #[test]
    fn strictest_takes_the_deterring_ends() {
        let rule = OffenceRule::strictest(&offence(3.0));
        assert!(
            (rule.slash.get() - 0.99).abs() < 1e-15 && (rule.dispute.get() - 7.0).abs() < 1e-15
        );
    }

    #[test]
    fn a_cap_holds_and_leaves_the_small_alone() {
        let entities = [0, 1, 2, 3, 0];
        let usd = [40.0, 20.0, 10.0, 10.0, 20.0];
        let mut scale = [1.0; 5];
        cap_entities(&entities, &usd, 0.4, &mut scale);
        let after: Vec<f64> = usd.iter().zip(&scale).map(|(u, s)| u * s).collect();
        let total: f64 = after.iter().sum();
        assert!(
            ((after[0] + after[4]) / total - 0.4).abs() < 1e-12,
            "{after:?}"
        );
        assert_eq!(&after[1..4], &usd[1..4]);
    }

    #[test]
    fn a_cap_that_cannot_hold_levels_everybody() {
        let mut scale = [1.0; 3];
        cap_entities(&[0, 1, 2], &[60.0, 30.0, 10.0], 0.2, &mut scale);
        let after: Vec<f64> = [60.0, 30.0, 10.0]
            .iter()
            .zip(&scale)
            .map(|(u, s)| u * s)
            .collect();
        assert!(after.iter().all(|v| (v - 10.0).abs() < 1e-9), "{after:?}");
    }
}
