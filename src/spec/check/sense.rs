//! Models that no design answers, whatever is chosen: nobody gains by an attack, or nobody is paid.
//! Each value is possible; together they leave nothing to search.

use super::context::Check;
use crate::spec::draft;
use crate::spec::errors::ErrorKind;
use crate::spec::leaf::{At, Searchable};
use crate::spec::model::{Attack, Extraction, Model, Takes};
use crate::spec::quantity::{Dimension, show};
use std::ops::Range;

impl Check<'_> {
    /// Notes what leaves nothing to design.
    pub fn makes_sense(&mut self, model: &Model) {
        self.somebody_gains(model);
        self.stakers_are_paid(model);
        self.operators_are_paid(model);
    }

    /// A limit lets a sum or a share of the value out bit by bit; sizes that are drawn anew at
    /// each opportunity have no rate.
    pub fn limits_a_known_size(
        &mut self,
        at: &At<draft::Attack>,
        takes: Option<&Takes>,
        extraction: Option<Extraction>,
        key: &str,
    ) {
        let drawn = matches!(
            takes,
            Some(Takes::LognormalUsd { .. } | Takes::LognormalShare { .. } | Takes::ParetoUsd(_))
        );
        if !drawn || matches!(extraction, None | Some(Extraction::PerEvent)) {
            return;
        }
        let draft = at.get();
        let span = draft.name.get().map_or_else(|| at.span(), At::span);
        self.report(
            ErrorKind::Contradiction,
            span,
            key,
            "what leaves through a limit is all that can be reached, and not a size drawn anew",
        )
        .help = Some(
            "write takes = { share = \"100 %\" } (all of the value at risk), another share, or { sum = \"5 MUSD\" }; or take out `extraction`"
                .into(),
        );
    }

    fn somebody_gains(&mut self, model: &Model) {
        let gains = |attack: &Attack| {
            let shut = matches!(attack.extraction,
                Extraction::DisputeWindow { usd_per_day } | Extraction::RateLimited { usd_per_day, .. }
                    if usd_per_day <= 0.0);
            let takes = match attack.takes {
                Takes::Usd(usd) => usd.get() > 0.0,
                Takes::ShareOfValue(share) => share.get() > 0.0,
                Takes::LognormalUsd { median, .. } => median.get() > 0.0,
                Takes::LognormalShare { median, .. } => median.get() > 0.0,
                Takes::ParetoUsd(law) => law.scale_usd > 0.0,
            };
            let joint = model
                .value
                .elsewhere
                .iter()
                .any(|e| e.backing.is_some() && e.prize.get() > 0.0);
            takes && !shut || joint || model.extra_profit_usd(attack) > 0.0
        };
        if model.value.attacks.iter().any(gains) {
            return;
        }
        let span = self
            .draft
            .document
            .value
            .get()
            .and_then(|value| value.attack.get())
            .and_then(|attacks| attacks.first())
            .map_or(0..0, |attack| {
                attack.get().name.get().map_or(attack.span(), At::span)
            });
        self.report(
            ErrorKind::Contradiction,
            span,
            "value.attack[0].takes",
            "no attack brings anything, so no stake is needed",
        )
        .help = Some(
            "write what a success takes, such as takes = { sum = \"4 MUSD\" }; what is worth nothing to steal needs no security"
                .into(),
        );
    }

    fn stakers_are_paid(&mut self, model: &Model) {
        let rewards = &model.rewards;
        let kept = (1.0 - rewards.operator_split.get()) * (1.0 - rewards.protocol_fee.get());
        if kept > 0.0 {
            return;
        }
        let (span, key) = self.place_of_split();
        self.report(
            ErrorKind::Contradiction,
            span,
            key,
            "operators and the protocol keep all rewards, and stakers get nothing",
        )
        .help = Some(
            "stake comes for a yield: leave some of the rewards to stakers (operators keep 10 % unless they say otherwise)"
                .into(),
        );
    }

    /// Operators with costs and no income never break even.
    fn operators_are_paid(&mut self, model: &Model) {
        let rewards = &model.rewards;
        let share = rewards.operator_split.get() * (1.0 - rewards.protocol_fee.get());
        let costs = model.operators.costs;
        let software = costs.own.get() + costs.shared.get() / costs.services.max(1.0);
        let locked = model.operators.own_stake_minimum.map_or(0.0, |least| {
            least.low().get() * model.operators.franchise.discount.get()
        });
        let spent = software + locked;
        let fee = rewards.protocol_fee.get() >= 1.0;
        if share > 0.0 || spent <= 0.0 || fee {
            return;
        }
        let (span, key) = self.place_of_split();
        self.report(
            ErrorKind::Contradiction,
            span,
            key,
            format!(
                "operators keep nothing of the rewards, and running the service costs each {}",
                show(spent, Dimension::MoneyRate)
            ),
        )
        .help = Some(
            "give operators a split (10 % is what they keep unless they say otherwise), or write operators.costs = { own = \"0 USD/year\", shared = \"0 USD/year\" } where somebody else pays them"
                .into(),
        );
    }

    /// Where the file says who keeps what of the rewards.
    fn place_of_split(&self) -> (Range<usize>, &'static str) {
        let Some(rewards) = self.draft.document.rewards.get() else {
            return (0..0, "rewards");
        };
        match (&rewards.operator_split, &rewards.protocol_fee) {
            (Some(Searchable::Fixed(split)), _) => (split.0.span(), "rewards.operator_split"),
            (_, Some(fee)) => (fee.0.span(), "rewards.protocol_fee"),
            _ => (
                rewards.paid_in.get().map_or(0..0, At::span),
                "rewards.operator_split",
            ),
        }
    }
}
