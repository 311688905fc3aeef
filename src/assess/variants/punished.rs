//! What follows for a coalition that is caught.

use crate::economics::bribery::Evidence;
use crate::spec::Parameters;
use crate::spec::model::{self, Model, QUEUED_ASKED};

/// What follows for a coalition that is caught.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Punished {
    /// Share of the weight that it needs.
    pub threshold: f64,
    /// How a wrong vote is found out.
    pub evidence: Evidence,
    /// What is taken of each of the market's assets; one entry where all are slashed alike.
    each: Vec<Taken>,
}

/// What a slash takes of an asset.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Taken {
    /// Share of the stake that is slashed.
    pub slash: f64,
    /// Probability that the slash lands.
    pub lands: f64,
    /// Share of the slashed value that returns to the attacker.
    pub recaptured: f64,
    /// The same probability when the exit was queued before the attack.
    pub lands_queued: f64,
    /// Whether the model says that exits are queued; if not, it is only asked about.
    pub queues: bool,
    /// Share of the slashed value that goes to those harmed.
    pub redistributed: f64,
}

impl Taken {
    /// Probability that the slash lands on what the model says is done: exits queued or not.
    pub fn lands_expected(&self) -> f64 {
        if self.queues {
            self.lands_queued
        } else {
            self.lands
        }
    }

    /// Expected share of the stake that is gone for good.
    pub fn burned(&self) -> f64 {
        self.slash * self.lands_expected() * (1.0 - self.recaptured)
    }

    /// Expected share of the stake that a slash brings back to the attacker.
    pub fn returned(&self) -> f64 {
        self.slash * self.lands_expected() * self.recaptured
    }

    /// What is expected to be slashed of so much stake, nothing queued, USD.
    pub fn landed(&self, usd: f64) -> f64 {
        self.lands * (self.slash * usd)
    }
}

impl Punished {
    pub fn of(model: &Model, parameters: &Parameters, attack: usize) -> Self {
        let known = &model.value.attacks[attack];
        let offence = &model.slashing.offences[known.offence];
        let rule = parameters.offences[known.offence];
        let queued = known.queued.unwrap_or(QUEUED_ASKED);
        let taken = |slash: f64| Taken {
            slash,
            lands: rule.lands(offence).get(),
            recaptured: offence.recaptured.get(),
            lands_queued: rule.lands_queued(offence, queued).get(),
            queues: known.queued.is_some(),
            redistributed: offence.redistributed.get() - offence.recaptured.get(),
        };
        Self {
            threshold: parameters.threshold_of(known).get(),
            evidence: match offence.evidence {
                model::Evidence::Provable => Evidence::Provable,
                model::Evidence::Majority => Evidence::MajorityAgreement,
            },
            each: match parameters.slashed_for(model, known) {
                model::Slashed::Alike(slash) => vec![taken(slash.get())],
                model::Slashed::ByAsset(each) => each.iter().map(|s| taken(s.get())).collect(),
            },
        }
    }

    /// All offences by one coalition: it needs the largest share, and each slash takes from what
    /// the ones before have left (ELIP-002: a slash is a share of the magnitude that is there).
    pub fn together(model: &Model, parameters: &Parameters) -> Self {
        let one_each: Vec<Self> = (0..model.value.attacks.len())
            .map(|attack| Self::of(model, parameters, attack))
            .collect();
        let assets = one_each.iter().map(|one| one.each.len()).max().unwrap_or(1);
        let offences: Vec<usize> = model.value.attacks.iter().map(|a| a.offence).collect();
        Self {
            threshold: one_each.iter().map(|one| one.threshold).fold(0.0, f64::max),
            each: (0..assets)
                .map(|asset| {
                    let taken: Vec<Taken> =
                        one_each.iter().map(|one| *one.of_asset(asset)).collect();
                    taken_together(&taken, &offences)
                })
                .collect(),
            evidence: if one_each
                .iter()
                .all(|one| one.evidence == Evidence::MajorityAgreement)
            {
                Evidence::MajorityAgreement
            } else {
                Evidence::Provable
            },
        }
    }

    /// What is taken of an asset.
    pub fn of_asset(&self, asset: usize) -> &Taken {
        &self.each[asset.min(self.each.len() - 1)]
    }

    /// What is taken of every asset, where it is the same.
    pub fn alike(&self) -> Option<&Taken> {
        match &self.each[..] {
            [one] => Some(one),
            _ => None,
        }
    }

    /// Whether the model says that exits are queued.
    pub fn queues(&self) -> bool {
        self.each.iter().any(|one| one.queues)
    }

    /// The largest expected share that is gone for good of any asset, and each asset's as a multiple
    /// of it.
    pub fn burned(&self, assets: usize) -> (f64, Vec<f64>) {
        let most = self.each.iter().map(Taken::burned).fold(0.0, f64::max);
        let relative = |asset: usize| match self.alike() {
            None if most > 0.0 => self.of_asset(asset).burned() / most,
            _ => 1.0,
        };
        (most, (0..assets).map(relative).collect())
    }
}

/// What several slashes take of one asset, one after the other; `offences` says for what.
fn taken_together(each: &[Taken], offences: &[usize]) -> Taken {
    let mut seen: Vec<usize> = Vec::new();
    let (mut kept, mut kept_landed, mut kept_queued, mut kept_after) = (1.0, 1.0, 1.0, 1.0);
    let queues = each.iter().any(|one| one.queues);
    let mut redistributed = 0.0;
    for (one, offence) in each.iter().zip(offences) {
        // Two attacks that commit the same offence are slashed for it once.
        if seen.contains(offence) {
            continue;
        }
        seen.push(*offence);
        redistributed += one.redistributed * one.slash * one.lands * kept_landed;
        kept *= 1.0 - one.slash;
        kept_landed *= 1.0 - one.slash * one.lands;
        // One attack with queued exits does not hurry the others.
        let lands_queued = if one.queues || !queues {
            one.lands_queued
        } else {
            one.lands
        };
        kept_queued *= 1.0 - one.slash * lands_queued;
        kept_after *= 1.0 - one.slash * one.lands * (1.0 - one.recaptured);
    }
    let ratio = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
    let (slash, landed) = (1.0 - kept, 1.0 - kept_landed);
    Taken {
        slash,
        lands: ratio(landed, slash),
        recaptured: 1.0 - ratio(1.0 - kept_after, landed),
        lands_queued: ratio(1.0 - kept_queued, slash),
        queues,
        redistributed: ratio(redistributed, landed),
    }
}
